"""What becomes of a row once Telegram answered, or did not: the error table of the design, in one place.

Everything here runs inside the outbox's transaction. Each answer has one method, named in `Settler.settle`.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Protocol, TypeAlias, assert_never

import sqlalchemy as sa

from bot import logs
from bot.clock import SECOND_US, Clock
from bot.delivery.limiter import widened
from bot.errors import StoreError
from bot.model import (
    KINDS,
    BadMarkup,
    BotId,
    BotRefused,
    ChatId,
    ChatKind,
    Doubtful,
    InDoubt,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    Migrated,
    NotSent,
    NotTaken,
    Outgoing,
    Payload,
    Refused,
    SendResult,
    SendWhy,
    Sent,
    TelegramMessageId,
    TopicGone,
    Unreachable,
    Wait,
)
from bot.store import accounts, chats, messages
from bot.store.engine import Store, Tx
from bot.store.tables import attachment, topic

log = logs.get(__name__)

RESEND_AFTER_US = 10 * SECOND_US
"""Time for a press to prove that a message in doubt arrived after all."""
BACK_OFF_MAX_S = 60
ALERT_WAITS_US = 60 * SECOND_US
"""An alert that Telegram makes wait longer goes to the next people as well."""
NEW_MESSAGES = frozenset({Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT, Method.COPY})
"""Methods that put a new message into the chat; the others change what is there."""


class Event(StrEnum):
    """What staff may have to hear about."""

    IN_DOUBT = "in_doubt"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    BAD_MARKUP = "bad_markup"
    STAFF_LOST = "staff_lost"
    TOPIC_GONE = "topic_gone"
    TOPIC_STAYS = "topic_stays"
    MEMBER_STAYS = "member_stays"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - an event, not a secret


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

    async def settle(self, tx: Tx, row: sa.RowMapping, result: NotTaken) -> None:
        """Move a row that nobody else can move now to where the table says."""
        _log(row, result)
        match result:
            case Wait():
                await self._wait(tx, row, result)
            case NotSent():
                await self._back_off(tx, row, result.reason)
            case Doubtful():
                await self._doubtful(tx, row, result)
            case Unreachable():
                await self._unreachable(tx, row, result)
            case TopicGone():
                await self._topic_gone(tx, row, result)
            case BadMarkup():
                await self._bad_markup(tx, row, result)
            case Migrated():
                await self._migrated(tx, row, result)
            case BotRefused():
                await self._bot_refused(tx, row, result)
            case Refused():
                await self._refused(tx, row, result)
            case _:
                assert_never(result)
        await messages.drop_secret(tx, row)

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
                await self._lost_alert(tx, waiting)

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
            await tx.execute(topic.update().where(topic.c.id == row["topic_id"]).values(thread_id=thread_id))
        if result.file_id and row["attachment_id"] is not None:
            await tx.execute(
                attachment.update()
                .where(attachment.c.id == row["attachment_id"], attachment.c.file_id.is_(None))
                .values(file_id=result.file_id)
            )
        if row["chat_kind"] == ChatKind.STAFF:
            await accounts.staff_found(tx, self._bot_id, ChatId(row["chat_id"]))
        elif row["fallback"]:  # whoever stands in for the group does not bring it back
            await accounts.somebody_found(tx, self._bot_id)

    async def _wait(self, tx: Tx, row: sa.RowMapping, result: Wait) -> None:
        wait_us = int(result.seconds * SECOND_US)
        machine_us = await self._store.machine_us(tx)
        await self._again(tx, row, wait_us, "429")
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

    async def _back_off(self, tx: Tx, row: sa.RowMapping, reason: str) -> None:
        # attempt counts the one that just failed once it has been claimed: 1, 2, 4, … 60 s.
        seconds = min(BACK_OFF_MAX_S, 2 ** min(row["attempt"], 6))
        await self._again(tx, row, seconds * SECOND_US, reason)

    async def _again(self, tx: Tx, row: sa.RowMapping, wait_us: int, reason: str, **values: object) -> None:
        """Back to pending, with those behind it, after `wait_us`."""
        due_us = self._clock.now_us() + wait_us
        # Its own time by id: chat, lane or topic may have changed since it was claimed.
        await messages.finish(tx, row["id"], MessageState.PENDING, reason, due_us=due_us, **values)
        if not row["resent"]:  # a repeat holds up nobody, so it must not put anybody off either
            await messages.move(tx, row, due_us)

    async def _doubtful(self, tx: Tx, row: sa.RowMapping, result: Doubtful) -> None:
        if Method(row["method"]).repeatable:
            await self._back_off(tx, row, result.reason)
        elif KINDS[Kind(row["kind"])].in_doubt is InDoubt.RESEND and not row["resent"]:
            # Those behind it go on: the order was kept if it arrived, and if not they are not to blame.
            await messages.finish(
                tx,
                row["id"],
                MessageState.PENDING,
                f"in_doubt:{result.reason}"[:120],
                resent=True,
                due_us=self._clock.now_us() + RESEND_AFTER_US,
            )
        else:
            await self.leave_in_doubt(tx, row, result.reason)

    async def leave_in_doubt(self, tx: Tx, row: sa.RowMapping, reason: str) -> None:
        """Nobody will ever know whether it arrived: listed for staff, and an alert goes to the next people."""
        await messages.finish(tx, row["id"], MessageState.UNKNOWN, reason[:120])
        await self.tell(tx, Event.IN_DOUBT, row)
        await self._lost_alert(tx, row)

    async def _unreachable(self, tx: Tx, row: sa.RowMapping, result: Unreachable) -> None:
        reason = result.reason[:80]
        if row["chat_kind"] == ChatKind.STAFF:
            await self._staff_lost(tx, row, reason)
            return
        await messages.finish(tx, row["id"], MessageState.REFUSED, reason)
        await chats.lose(tx, self._bot_id, ChatId(row["chat_id"]), reason, self._clock.now_us())
        if row["fallback"]:
            await self.hooks.lost(tx, row)
            await self.tell(tx, Event.STAFF_LOST, row)
        else:
            await self.tell(tx, Event.UNREACHABLE, row)

    async def _staff_lost(self, tx: Tx, row: sa.RowMapping, reason: str) -> None:
        """The group cannot be written to: what is pressing goes to people; cards and digests wait until it is back."""
        await accounts.set_account(tx, self._bot_id, staff_lost=reason)
        if row["method"] in NEW_MESSAGES and row["lane"] not in {Lane.EMERGENCY, Lane.REPLY}:
            await self._back_off(tx, row, reason)
            await self.tell(tx, Event.STAFF_LOST, row)
            return
        await messages.finish(tx, row["id"], MessageState.REFUSED, reason)
        if row["method"] in NEW_MESSAGES:
            await self.hooks.lost(tx, row)
            await self.tell(tx, Event.STAFF_LOST, row)

    async def _lost_alert(self, tx: Tx, row: sa.RowMapping) -> None:
        """An alert that did not arrive, or may not have, or not soon: somebody else gets it too."""
        if row["kind"] == Kind.ALERT and row["method"] in NEW_MESSAGES:
            await self.hooks.lost(tx, row)

    async def _topic_gone(self, tx: Tx, row: sa.RowMapping, result: TopicGone) -> None:
        """This message to the group's General at once; the topic made anew for those that follow."""
        if row["topic_id"] is None:
            await self._refused(tx, row, Refused(result.reason))
            return
        gone = (await tx.execute(sa.select(topic).where(topic.c.id == row["topic_id"]))).mappings().one()
        if gone["thread_id"] is not None and gone["thread_id"] == row["thread_id"]:  # else it was made anew already
            await tx.execute(topic.update().where(topic.c.id == gone["id"]).values(thread_id=None))
            anew = Outgoing(
                chat_id=ChatId(gone["chat_id"]),
                kind=Kind(row["kind"]),
                method=Method.CREATE_TOPIC,
                payload=Payload(gone["name"]),
                topic_id=gone["id"],
                dedupe_key=f"topic:{gone['id']}:after:{gone['thread_id']}",
            )
            await messages.enqueue(self._store, tx, self._bot_id, anew, self._clock.now_us())
            await self.tell(tx, Event.TOPIC_GONE, row)
        if row["target_id"] is not None or row["method"] in {Method.CREATE_TOPIC, Method.EDIT_TOPIC}:
            await messages.finish(tx, row["id"], MessageState.REFUSED, result.reason)
            return
        await self._again(tx, row, 0, result.reason, topic_id=None, lane=Lane.EMERGENCY)

    async def _bad_markup(self, tx: Tx, row: sa.RowMapping, result: BadMarkup) -> None:
        payload = Payload.from_json(row["payload"])
        if row["lane"] in {Lane.EMERGENCY, Lane.REPLY} and not payload.plain:
            await self._again(tx, row, 0, "sent_plain", payload=replace(payload, plain=True).to_json())
        else:
            await messages.finish(tx, row["id"], MessageState.REFUSED, result.reason[:120])
            await self._lost_alert(tx, row)
        await self.tell(tx, Event.BAD_MARKUP, row)

    async def _migrated(self, tx: Tx, row: sa.RowMapping, result: Migrated) -> None:
        await messages.finish(tx, row["id"], MessageState.PENDING, "migrated")
        old, now_us = ChatId(row["chat_id"]), self._clock.now_us()
        await chats.follow_migration(self._store, tx, self._bot_id, old, result.chat_id, now_us)

    async def _bot_refused(self, tx: Tx, row: sa.RowMapping, result: BotRefused) -> None:
        await messages.finish(tx, row["id"], MessageState.PENDING, result.reason[:120])
        await accounts.set_account(tx, self._bot_id, paused=result.reason[:80])
        await self.tell(tx, Event.TOKEN_REFUSED, row)

    async def _refused(self, tx: Tx, row: sa.RowMapping, result: Refused) -> None:
        if row["method"] == Method.DELETE_TOPIC:  # that needs another right than making one
            await self._again(tx, row, 0, result.reason[:120], method=Method.EDIT_TOPIC)
            await self.tell(tx, Event.TOPIC_STAYS, row)
            return
        await messages.finish(tx, row["id"], MessageState.REFUSED, result.reason[:120])
        if row["method"] == Method.PUT_OUT:
            await self.tell(tx, Event.MEMBER_STAYS, row)
            return
        if row["target_id"] is None:
            await self.tell(tx, Event.REFUSED, row)
            await self._lost_alert(tx, row)


def _new_id(row: sa.RowMapping, result: Sent) -> TelegramMessageId | None:
    """The id of the message that came into the chat; None where what is there was only changed."""
    if result.message_id is None or row["method"] not in NEW_MESSAGES:
        return None
    return TelegramMessageId(result.message_id)


def _log(row: sa.RowMapping, result: SendResult) -> None:
    what = {"message_id": row["id"], "chat_id": row["chat_id"], "kind": row["kind"]}
    log.info("settled", **what, result=type(result).__name__)
