"""Writes down what Telegram answered, or that it did not: `core.settling` says what becomes of the message.

Everything here runs inside the outbox's transaction.
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import sqlalchemy as sa

from bot import logs
from bot.clock import SECOND_US, Clock
from bot.core import settling
from bot.core.settling import NEW_MESSAGES, Event, Fate
from bot.delivery.limiter import widened
from bot.errors import StoreError
from bot.model import (
    BotId,
    BotRefused,
    ChatId,
    ChatKind,
    Kind,
    MessageId,
    Method,
    Migrated,
    NotTaken,
    SendResult,
    SendWhy,
    Sent,
    TelegramMessageId,
    TopicGone,
    Unreachable,
    Wait,
)
from bot.store import accounts, attachments, chats, messages, topics
from bot.store.engine import Store, Tx

log = logs.get(__name__)

REASON_LENGTH = 80
"""What is kept of a reason."""
ALERT_WAITS_US = 60 * SECOND_US
"""An alert that Telegram makes wait longer goes to the next people as well."""


class Hooks(Protocol):
    """What the rest of the program does when a send ended badly; runs in the same transaction."""

    async def on_event(self, tx: Tx, event: Event, row: sa.RowMapping) -> None:
        """A send ended in a way that staff may have to hear about."""

    async def on_skipped(self, tx: Tx, row: sa.RowMapping, why: SendWhy) -> None:
        """Our own rules kept a message back for good."""

    async def lost(self, tx: Tx, row: sa.RowMapping) -> None:
        """What somebody of the clinic has to read did not reach those it was for: tell the next people."""


Landed: TypeAlias = tuple[sa.RowMapping, SendResult]
"""A row that was sent, and its answer."""


class Settler:
    """Writes answers into rows."""

    def __init__(self, store: Store, clock: Clock, bot_id: BotId, hooks: Hooks) -> None:
        self._store = store
        self._clock = clock
        self._bot_id = bot_id
        self.hooks = hooks

    async def settle_all(self, tx: Tx, landed: Sequence[Landed], owner: str) -> None:
        """Write what this worker's sends came to. A late "sent" also mends a row that was taken for lost meanwhile.

        Chats, which only some answers lock, before messages, and each in one order: handlers hold several too.
        """
        arrived: list[tuple[sa.RowMapping, Sent]] = []
        for row, result in sorted(landed, key=lambda one: one[0]["chat_id"]):
            if isinstance(result, Sent):
                arrived.append((row, result))
            elif await self._is_ours(tx, row, owner):
                await self.settle(tx, row, result)
        if arrived:
            await self._arrived(tx, arrived, owner)

    async def settle(self, tx: Tx, row: sa.RowMapping, answer: NotTaken) -> None:
        """Move a row that nobody else can move now to where the table says."""
        _log(row, answer)
        await self._meet(tx, row, settling.fate_of(row, answer), answer)

    async def leave_in_doubt(self, tx: Tx, row: sa.RowMapping, reason: str) -> None:
        """Nobody will ever know whether it arrived."""
        await self._meet(tx, row, settling.left_in_doubt(row, reason))

    async def tell(self, tx: Tx, event: Event | SendWhy, row: sa.RowMapping) -> None:
        """Call the hook for `event`, in a savepoint: a notice that cannot be written must not undo what is known."""
        try:
            async with tx.begin_nested():
                if isinstance(event, Event):
                    await self.hooks.on_event(tx, event, row)
                else:
                    await self.hooks.on_skipped(tx, row, event)
        except (StoreError, sa.exc.OperationalError, sa.exc.InterfaceError):
            raise  # the database itself: the whole turn is tried again
        except Exception as error:  # a fault in a notice would otherwise stop every message to everybody
            log.error("notice_failed", exc=error, message_id=row["id"], event_kind=event)

    async def alerts_wait(self, tx: Tx, row: sa.RowMapping, wait_us: int) -> None:
        """This row's chat has to wait: if that is long, the next people get every alert that waits there.

        The row need not be one itself: the group's 429 was perhaps that of a card.
        """
        if wait_us > ALERT_WAITS_US and (row["kind"] == Kind.ALERT or row["chat_kind"] == ChatKind.STAFF):
            for waiting in await messages.waiting_alerts(tx, self._bot_id, ChatId(row["chat_id"])):
                if settling.is_new_alert(waiting):
                    await self.hooks.lost(tx, waiting)

    async def _is_ours(self, tx: Tx, row: sa.RowMapping, owner: str) -> bool:
        # The chat before the message, as handlers lock them: the other way round two of them wait for each other.
        await chats.lock_chat(tx, self._bot_id, ChatId(row["chat_id"]))
        return await messages.is_sent_by(tx, row["id"], owner)

    async def _arrived(self, tx: Tx, arrived: Sequence[tuple[sa.RowMapping, Sent]], owner: str) -> None:
        """What Telegram took, nearly all there is, with one statement."""
        tg_ids = {MessageId(row["id"]): _new_id(row, result) for row, result in arrived}
        written = await messages.sent(tx, owner, self._clock.now_us(), tg_ids)
        for row, result in arrived:
            _log(row, result)
            if row["id"] in written:
                await self._follow(tx, row, result)
            await messages.drop_secret(tx, row)

    async def _follow(self, tx: Tx, row: sa.RowMapping, result: Sent) -> None:
        """What else is known now that this one has arrived."""
        if row["method"] in {Method.CREATE_TOPIC, Method.DELETE_TOPIC}:
            thread_id = result.message_id if row["method"] == Method.CREATE_TOPIC else None
            await topics.keep_thread(tx, row["topic_id"], thread_id)
        if result.file_id and row["attachment_id"] is not None:
            await attachments.uploaded(tx, row["attachment_id"], result.file_id)
        if row["chat_kind"] == ChatKind.STAFF:
            await accounts.staff_found(tx, self._bot_id, ChatId(row["chat_id"]))
        elif row["fallback"]:  # whoever stands in for the group does not bring it back
            await accounts.somebody_found(tx, self._bot_id)

    # --- what was not taken -----------------------------------------------------------------------------------------

    async def _meet(self, tx: Tx, row: sa.RowMapping, fate: Fate, answer: NotTaken | None = None) -> None:
        """The row first, then what the answer says about others, then those who have to hear of it."""
        changes = dict(fate.changes)
        if fate.wait_us is not None:
            changes["due_us"] = due_us = self._clock.now_us() + fate.wait_us
            # A repeat holds up nobody: the order was kept if it arrived, and if not they are not to blame.
            if not (row["resent"] or changes.get("resent")):
                await messages.move(tx, row, due_us)
        # By id: chat, lane or topic may have changed since it was claimed.
        await messages.finish(tx, row["id"], fate.state, fate.reason[:REASON_LENGTH], **changes)
        if answer is not None:
            await self._note(tx, row, answer)
        if fate.is_lost:
            await self.hooks.lost(tx, row)
        if fate.event is not None:
            await self.tell(tx, fate.event, row)
        await messages.drop_secret(tx, row)

    async def _note(self, tx: Tx, row: sa.RowMapping, answer: NotTaken) -> None:
        """What an answer says about more than its message: the chat, the topic, the bot."""
        bot_id, chat_id, now_us = self._bot_id, ChatId(row["chat_id"]), self._clock.now_us()
        match answer:
            case Wait():
                await self._wait(tx, row, int(answer.seconds * SECOND_US))
            case Unreachable() if row["chat_kind"] == ChatKind.STAFF:
                await accounts.set_account(tx, bot_id, staff_lost=answer.reason[:REASON_LENGTH])
            case Unreachable():
                await chats.lose(tx, bot_id, chat_id, answer.reason[:REASON_LENGTH], now_us)
            case TopicGone() if row["topic_id"] is not None:
                if await topics.make_anew(self._store, tx, bot_id, row, now_us):
                    await self.tell(tx, Event.TOPIC_GONE, row)
            case Migrated():
                await chats.follow_migration(self._store, tx, bot_id, chat_id, answer.chat_id, now_us)
            case BotRefused():
                await accounts.set_account(tx, bot_id, paused=answer.reason[:REASON_LENGTH])
            case _:
                pass  # about its message alone

    async def _wait(self, tx: Tx, row: sa.RowMapping, wait_us: int) -> None:
        """A group's limit is that group's; any other answer of 429 holds up everybody."""
        machine_us = await self._store.machine_us(tx)
        await self.alerts_wait(tx, row, wait_us)
        if row["chat_kind"] == ChatKind.STAFF:
            await chats.block(tx, self._bot_id, ChatId(row["chat_id"]), machine_us + wait_us)
            return
        account = await accounts.account(tx, self._bot_id, lock=True)
        await accounts.set_account(
            tx,
            self._bot_id,
            blocked_until_us=max(account["blocked_until_us"], machine_us + wait_us),
            interval_us=widened(account["interval_us"], account["last_wait_us"], machine_us),
            last_wait_us=machine_us,
        )


def _new_id(row: sa.RowMapping, result: Sent) -> TelegramMessageId | None:
    """The id of the message that came into the chat; None where what is there was only changed."""
    if result.message_id is None or row["method"] not in NEW_MESSAGES:
        return None
    return TelegramMessageId(result.message_id)


def _log(row: sa.RowMapping, result: SendResult) -> None:
    what = {"message_id": row["id"], "chat_id": row["chat_id"], "kind": row["kind"]}
    log.info("settled", **what, result=type(result).__name__)
