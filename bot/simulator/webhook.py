"""Posting updates to the bot's webhook, one chat's updates in order, until each is taken.

Bot API, setWebhook: an HTTPS POST with the update as JSON and the secret in a header; anything but 2xx is tried again,
with growing delay, as long as updates are kept. Method calls in the answer's body are not carried out here.

To post to an app in this process: `httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False))`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

import httpx

from bot.simulator.updates import KEPT_US, Update, UpdateQueue, Webhook

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
FIRST_DELAY_S = 1.0
MAX_DELAY_S = 60.0
TIMEOUT_S = 30.0


class WebhookDelivery:
    """Drains the queue while a webhook is set: chats side by side (up to `max_connections`), each chat in order."""

    def __init__(
        self, updates: UpdateQueue, http: httpx.AsyncClient | None, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._updates = updates
        self._http = http
        self._sleep = sleep
        self._lines: dict[int, deque[Update]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(1)
        self._own_http = http is None
        updates.on_push = self._enqueue

    def start(self) -> None:
        """A webhook was set: send what is pending, then each update as it comes."""
        webhook = self._updates.webhook
        if webhook is not None:
            self.stop()
            self._slots = asyncio.Semaphore(webhook.max_connections)
            for update in self._updates.pending:
                self._enqueue(update)

    def stop(self) -> None:
        """The webhook is gone; what was not taken stays pending."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._lines.clear()

    async def settled(self) -> None:
        """Wait until every update queued so far has been taken, or dropped after 24 hours."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def aclose(self) -> None:
        """Stop; close the client unless it was given."""
        tasks = list(self._tasks.values())
        self.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None and self._own_http:
            await self._http.aclose()

    def _enqueue(self, update: Update) -> None:
        self._lines.setdefault(update.chat_id, deque()).append(update)
        if update.chat_id not in self._tasks:
            self._serve(update.chat_id)

    def _serve(self, chat_id: int) -> None:
        task = asyncio.get_running_loop().create_task(self._drain(self._lines[chat_id]))
        self._tasks[chat_id] = task
        task.add_done_callback(partial(self._finished, chat_id))

    def _finished(self, chat_id: int, task: asyncio.Task[None]) -> None:
        if self._tasks.get(chat_id) is not task or task.cancelled():
            return
        del self._tasks[chat_id]
        task.result()  # an error here is ours, not the bot's: let the loop report it
        if self._lines.get(chat_id):  # came in after the last look
            self._serve(chat_id)

    async def _drain(self, line: deque[Update]) -> None:
        while line:
            await self._deliver(line[0])
            line.popleft()

    async def _deliver(self, update: Update) -> None:
        delay_s = FIRST_DELAY_S
        while (webhook := self._updates.webhook) is not None:
            if self._updates.clock.now_us() - update.at_us > KEPT_US:
                return
            async with self._slots:
                error = await self._post(webhook, update)
            if error is None:
                self._updates.confirm(update)
                return
            webhook.last_error, webhook.last_error_us = error, self._updates.clock.now_us()
            await self._sleep(delay_s)
            delay_s = min(delay_s * 2, MAX_DELAY_S)

    async def _post(self, webhook: Webhook, update: Update) -> str | None:
        """None when the bot took it, otherwise what getWebhookInfo says of it."""
        if self._http is None:
            self._http = httpx.AsyncClient()
        headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
        try:
            response = await self._http.post(webhook.url, json=update.json(), headers=headers, timeout=TIMEOUT_S)
        except httpx.TimeoutException:
            return "Read timeout expired"
        except httpx.TransportError:
            return "Connection refused"
        if response.is_success:
            return None
        return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
