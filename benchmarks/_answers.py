"""How quickly a patient is answered, and how many can be: replies, emergencies, webhooks, updates a second."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice

from benchmarks._ours import SECRET, Ours
from benchmarks._peers import ROOT, Planned, Program
from benchmarks._telegram import Town, now_us
from bot.content.load import load_content
from bot.simulator.events import Event, EventKind
from bot.simulator.webhook import SECRET_HEADER
from bot.store.tables import message
from bot.web.routes import WEBHOOK_PATH

QUESTION = "Is it normal that my leg jumped?"
EMERGENCY = "I can't breathe"
PATIENCE_S = 20.0
UPDATE_CHATS = 400
"""With five updates each, as somebody does who writes in pieces: every piece is also read joined with those before it.
From a hundred patients with twenty each, within the same seconds, a fifth less gets done, by that reading."""


class Answers:
    """Times, in milliseconds, from a patient's words to the bot's first in the same chat."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._waiting: dict[int, asyncio.Future[int]] = {}
        town.world.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        if event.kind is EventKind.MESSAGE and event.message is not None and event.message.sender.is_bot:
            waiting = self._waiting.get(event.chat_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(now_us())

    async def to(self, chat_id: int, text: str) -> float:
        """Write `text` and wait for the answer. Raises TimeoutError when there is none."""
        return await self.after(chat_id, lambda: self._town.patient(chat_id).says(text))

    async def after(self, chat_id: int, act: Callable[[], object]) -> float:
        """The same for what somebody else does, and this chat hears of."""
        self._waiting[chat_id] = asyncio.get_running_loop().create_future()
        asked_us = now_us()
        act()
        async with asyncio.timeout(PATIENCE_S):
            return (await self._waiting[chat_id] - asked_us) / 1000


async def replies(ours: Ours, count: int) -> list[float]:
    """Milliseconds until the answer to a question, one at a time, on an idle bot; the first, to warm up, left out."""
    answers = Answers(ours.town)
    found = []
    for chat_id in ours.town.patients(count + 1):
        found.append(await answers.to(chat_id, QUESTION))
        await asyncio.sleep(0.05)
    return found[1:]


async def emergencies(ours: Ours, count: int, ahead: int) -> list[float]:
    """Milliseconds until the emergency text, with `ahead` check-ins due before it."""
    await ours.owe([Planned(chat_id, now_us()) for chat_id in ours.town.patients(ahead)])
    answers = Answers(ours.town)
    await asyncio.sleep(1)
    found = []
    for chat_id in ours.town.patients(count):
        found.append(await answers.to(chat_id, EMERGENCY))
        await asyncio.sleep(0.5)
    return found


# --- webhooks ------------------------------------------------------------------------------------------------------


async def webhook_posts(ours: Ours, count: int, parallel: int = 40) -> list[float]:
    """Milliseconds from the post of an update to its 200, with `parallel` connections that post all the time.

    `ours` has to be on a webhook. Each post is another patient's question, and all are worked on meanwhile.
    """
    town = ours.town
    for chat_id in town.patients(count):
        town.patient(chat_id).says(QUESTION)
    updates = [json.dumps(update.json()).encode() for update in town.world.updates.pending]
    town.world.delivery.stop()
    town.world.updates.drop_pending()
    found: list[float] = []
    port = ours.fleet.workers[0].port
    await asyncio.gather(*(_post(port, updates[number::parallel], found) for number in range(parallel)))
    return found


async def _post(port: int, updates: Sequence[bytes], found: list[float]) -> None:
    """One connection. Written by hand: an HTTP library would take longer than what is measured."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in updates:
        head = (
            f"POST {WEBHOOK_PATH} HTTP/1.1\r\nHost: bot\r\nContent-Type: application/json\r\n"
            f"{SECRET_HEADER}: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        found.append((time.perf_counter() - began) * 1000)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the webhook did not say 200, but {answer.splitlines()[0]!r}")
    writer.close()


# --- updates a second ----------------------------------------------------------------------------------------------


def questions(count: int) -> list[str]:
    """What patients ask, in the clinic's own phrasings, each entry in turn."""
    entries = [entry for group in load_content(ROOT / "faq").groups for entry in group.entries]
    return list(islice(cycle(entry.phrasings[0] for entry in entries), count))


def _flood(town: Town, count: int) -> list[int]:
    """`count` updates at once from `UPDATE_CHATS` patients. Their chats."""
    chats = town.patients(UPDATE_CHATS)
    for number, text in enumerate(questions(count)):
        town.patient(chats[number % len(chats)]).says(text)
    return chats


async def our_updates(ours: Ours, count: int) -> float:
    """Updates a second of one process: from the moment they are there until each is done, its reply owed for good."""
    town = ours.town
    (first,) = town.patients(1)
    await Answers(town).to(first, QUESTION)
    before = await ours.count(message)
    began = time.perf_counter()
    _flood(town, count)
    while await ours.handled() < count + 1:
        await asyncio.sleep(0.02)
    took_s = time.perf_counter() - began
    owed = await ours.count(message) - before
    if owed < count:
        raise RuntimeError(f"{count} updates led to {owed} messages only")
    return count / took_s


async def echo_updates(echo: Program, town: Town, count: int) -> float:
    """The same of an echo bot: until its last reply has arrived. It keeps nothing, and nobody limits it."""
    await echo.start()
    (first,) = town.patients(1)
    await Answers(town).to(first, QUESTION)
    began = time.perf_counter()
    chats = _flood(town, count)
    while sum(len(times) for times in town.arrivals(chats).values()) < count:
        await asyncio.sleep(0.02)
    return count / (time.perf_counter() - began)
