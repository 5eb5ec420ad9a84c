"""One thing a patient did: read the state, let core decide, write everything in one transaction."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.clock import SECOND_US, to_us
from bot.core.conversation import Conversation
from bot.core.outcome import Earlier, Occasion, Outcome, State, TellStaff
from bot.delivery.limiter import Rate
from bot.errors import StaleConversation
from bot.model import (
    BlockedIn,
    Button,
    ChatId,
    ChatKind,
    Kind,
    MediaIn,
    MessageState,
    Method,
    Outgoing,
    PatientView,
    Payload,
    PressIn,
    TextIn,
    Understanding,
)
from bot.services.post import Post
from bot.store import chats, messages
from bot.store import inbox as inbox_rows
from bot.store.engine import Tx
from bot.store.tables import alert, message, question

FLOOD = Rate(3 * SECOND_US, 20)
"""Twenty messages at once, then one every three seconds: faster than anybody types, slower than a script."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read before deciding."""

    version: int
    state: State
    patient: PatientView
    occasion: Occasion
    tat_us: int
    press_is_ours: bool
    """False for a button that we did not put into this very chat: presses can be forged."""


@dataclass(frozen=True)
class Patients:
    """Handles updates from private chats."""

    post: Post

    async def handle(
        self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn | BlockedIn, seen: Snapshot | None = None
    ) -> bool:
        """Decide on what was `seen` and commit, the inbox row with it. False when another worker had done it already.

        A conversation that moved on between reading and writing is decided once more on fresh state; raises
        StaleConversation when it moved again.
        """
        try:
            return await self._once(row, incoming, seen or await self._read(incoming))
        except StaleConversation:
            return await self._once(row, incoming, await self._read(incoming))

    async def _read(self, incoming: TextIn | MediaIn | PressIn | BlockedIn) -> Snapshot:
        """What there is to know, of somebody new too."""
        for _ in range(2):
            async with self.post.store.read() as tx:
                if (seen := await self.look(tx, incoming)) is not None:
                    return seen
            await self._welcome(incoming.chat_id)
        raise AssertionError("whoever was welcomed is known")

    async def _once(
        self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn | BlockedIn, snapshot: Snapshot
    ) -> bool:
        served = self.post.library.served  # a hot reload meanwhile must not put its name to this decision
        outcome = _decide(served.conversation, incoming, snapshot)
        async with self.post.store.write() as tx:
            await chats.lock_chat(tx, self.post.bot_id, incoming.chat_id)
            if not await inbox_rows.finish(tx, row):
                return False
            await self._note_arrival(tx, incoming, snapshot)
            await Effect(self.post, tx, incoming, snapshot.patient, row["update_id"], served.revision_id).apply(outcome)
            saved = await chats.save_conversation(
                self.post.store,
                tx,
                self.post.bot_id,
                incoming.chat_id,
                snapshot.version,
                outcome.state.to_json(),
                self.post.clock.now_us(),
            )
            if not saved:
                raise StaleConversation(incoming.chat_id)
        return True

    async def _welcome(self, chat_id: ChatId) -> None:
        """The first word makes a chat and a patient."""
        now_us = self.post.clock.now_us()
        async with self.post.store.write() as tx:
            await chats.touch_chat(self.post.store, tx, self.post.bot_id, chat_id, ChatKind.PRIVATE, now_us)
            await chats.lock_chat(tx, self.post.bot_id, chat_id)
            await chats.welcome_patient(self.post.store, tx, self.post.bot_id, chat_id, now_us)

    async def look(self, tx: Tx, incoming: TextIn | MediaIn | PressIn | BlockedIn) -> Snapshot | None:
        """What there is to know; None when nobody has written from this chat before."""
        now = self.post.clock.now()
        sent_at = incoming.sent_at if isinstance(incoming, TextIn | MediaIn) else now
        patient = await chats.patient_of(tx, self.post.bot_id, incoming.chat_id)
        if patient is None:
            return None
        talk = await chats.conversation_of(tx, self.post.bot_id, incoming.chat_id)
        earlier = await self._earlier(tx, incoming)
        press_is_ours = await self._is_ours(tx, incoming)
        occasion = Occasion(
            now=now,
            sent_at=min(sent_at, now),
            flooding=FLOOD.free(talk.flood_tat_us, to_us(sent_at)) == 0,
            stopped=patient.opted_out,
            treated_at=patient.treated_at,
            code=patient.code,
            earlier=earlier,
        )
        return Snapshot(talk.version, State.from_json(talk.state), patient, occasion, talk.flood_tat_us, press_is_ours)

    async def _earlier(self, tx: Tx, incoming: object) -> Earlier | None:
        """What was decided on this message before it was edited."""
        if not (isinstance(incoming, TextIn) and incoming.edited):
            return None
        statement = (
            sa.select(question.c.decision, question.c.entry_id, question.c.text)
            .where(
                question.c.bot_id == self.post.bot_id,
                question.c.chat_id == incoming.chat_id,
                question.c.message_id == incoming.message_id,
            )
            .order_by(question.c.id.desc())
            .limit(1)
        )
        found = (await tx.execute(statement)).mappings().one_or_none()
        return Earlier(found["decision"], found["entry_id"], found["text"]) if found else None

    async def _is_ours(self, tx: Tx, incoming: object) -> bool:
        if not isinstance(incoming, PressIn) or incoming.row_id is None:
            return False
        return await messages.had_button(tx, self.post.bot_id, incoming.chat_id, incoming.row_id, incoming.data or "")

    async def _note_arrival(self, tx: Tx, incoming: TextIn | MediaIn | PressIn | BlockedIn, snapshot: Snapshot) -> None:
        """Whoever writes can be written to; and whoever presses has got the message."""
        now_us = self.post.clock.now_us()
        reachable = not (isinstance(incoming, BlockedIn) and incoming.blocked)
        flood_tat_us = snapshot.tat_us
        if isinstance(incoming, TextIn | MediaIn):  # a press has no date: handled late it would count as of then
            at_us = to_us(snapshot.occasion.sent_at)
            flood_tat_us = FLOOD.take(min(snapshot.tat_us, at_us + FLOOD.burst * FLOOD.interval_us), at_us)
        await chats.set_reachable(tx, self.post.bot_id, incoming.chat_id, reachable, now_us, flood_tat_us=flood_tat_us)
        if isinstance(incoming, PressIn) and incoming.row_id is not None and snapshot.press_is_ours:
            await messages.proved(tx, self.post.bot_id, incoming.row_id, incoming.message_id, now_us)


def _decide(
    conversation: Conversation, incoming: TextIn | MediaIn | PressIn | BlockedIn, snapshot: Snapshot
) -> Outcome:
    state, occasion = snapshot.state, snapshot.occasion
    match incoming:
        case TextIn():
            return conversation.on_text(incoming, state, occasion)
        case MediaIn():
            return conversation.on_media(incoming, state, occasion)
        case PressIn():
            return (
                conversation.on_press(incoming, state, occasion)
                if snapshot.press_is_ours
                else conversation.stale(state)
            )
        case BlockedIn(blocked=True):
            return Outcome(state)
        case BlockedIn():
            return conversation.on_return(state)


@dataclass(frozen=True)
class Effect:
    """Turns an outcome into rows, inside one transaction."""

    post: Post
    tx: Tx
    incoming: TextIn | MediaIn | PressIn | BlockedIn
    patient: PatientView
    update_id: int
    revision_id: int

    async def apply(self, outcome: Outcome) -> None:
        """Write everything but the conversation's state."""
        chat_id, now_us = self.patient.chat_id, self.post.clock.now_us()
        if outcome.stop is not None:
            await chats.stop(self.tx, self.post.bot_id, chat_id, outcome.stop, now_us)
        if outcome.resume:
            await chats.resume(self.tx, self.post.bot_id, chat_id, now_us)
        if outcome.take_back is not None:
            await self._take_back(outcome.take_back)
        question_id = await self._store_question(outcome.understanding) if outcome.understanding else None
        for number, say in enumerate(outcome.says):
            key = f"{say.once}:{chat_id}" if say.once else self._key(outcome, say.held, f"say{number}")
            due_at = outcome.state.held_until if say.held else None
            out = Outgoing(
                chat_id, say.kind, Payload(say.text, say.buttons), key, due_at=due_at, question_id=question_id
            )
            await self.post.enqueue(self.tx, out, known=True)
        for redraw in outcome.redraws:
            out = Outgoing(
                chat_id,
                Kind.REPLY,
                Payload(redraw.text, redraw.buttons),
                f"u{self.update_id}:redraw",
                method=Method.EDIT_TEXT,
                target_id=redraw.row_id,
            )
            await self.post.enqueue(self.tx, out, known=True)
        for number, card in enumerate(outcome.staff):
            await self._tell_staff(outcome, card, number, question_id)

    def _key(self, outcome: Outcome, held: bool, part: str) -> str:
        """Once per update; a held reply is named by its batch, so that it can be found and taken back."""
        batch = f"held:{self.patient.chat_id}:{outcome.state.held_batch}:" if held else ""
        return f"{batch}u{self.update_id}:{part}"

    async def _take_back(self, batch: int) -> None:
        """Cancel an unsure reply that has not gone out, and the card that would have told staff.

        Where the reply was quicker than the decision, the card goes out too: it was promised.
        """
        of_batch = (
            message.c.bot_id == self.post.bot_id,
            message.c.dedupe_key.startswith(f"held:{self.patient.chat_id}:{batch}:"),
        )
        is_out = (message.c.chat_id == self.patient.chat_id, message.c.state != MessageState.PENDING)
        if await self.tx.scalar(sa.select(message.c.id).where(*of_batch, *is_out).limit(1)) is not None:
            return
        held = (*of_batch, message.c.state == MessageState.PENDING)
        cards = sa.select(message.c.id).where(*held)
        await self.tx.execute(alert.update().where(alert.c.message_id.in_(cards)).values(state="withdrawn"))
        await self.tx.execute(
            message.update().where(*held).values(state=MessageState.CANCELLED, reason="more_was_said")
        )

    async def _store_question(self, understood: Understanding) -> int:
        why: dict[str, Any] = {
            "confidence": understood.confidence,
            "candidates": [[c.entry_id, c.confidence, c.phrasing] for c in understood.candidates],
            "flags": [[flag.id, flag.level, list(flag.words)] for flag in understood.flags],
            "ruled_out": list(understood.ruled_out),
            "repaired": understood.repaired,
        }
        row = {
            "bot_id": self.post.bot_id,
            "patient_id": self.patient.patient_id,
            "chat_id": self.patient.chat_id,
            "message_id": getattr(self.incoming, "message_id", None),
            "text": understood.text,
            "decision": understood.decision,
            "entry_id": understood.id,
            "level": understood.level,
            "why": why,
            "revision_id": self.revision_id,
            "at_us": self.post.clock.now_us(),
        }
        result = await self.tx.execute(question.insert(), row)
        assert result.inserted_primary_key is not None
        question_id: int = result.inserted_primary_key[0]
        return question_id

    async def _tell_staff(self, outcome: Outcome, card: TellStaff, number: int, question_id: int | None) -> None:
        due_at = outcome.state.held_until if card.held else None
        key = self._key(outcome, card.held, f"staff{number}")
        subject = self.patient.chat_id
        if card.copy_message_id is not None:
            payload = Payload(copy_chat_id=subject, copy_message_id=card.copy_message_id)
            await self.post.tell(self.tx, card.kind, payload, key, subject, due_at, Method.COPY)
            return
        if not card.opens_alert:
            await self.post.tell(self.tx, card.kind, Payload(card.text), key, subject, due_at)
            return
        alert_id = await self._open_alert(outcome, question_id)
        take = Button(self.post.library.served.content.replies.staff_button_take, f"take:{alert_id}")
        row_id = await self.post.tell(self.tx, card.kind, Payload(card.text, ((take,),)), key, subject, due_at)
        await self.tx.execute(alert.update().where(alert.c.id == alert_id).values(message_id=row_id))

    async def _open_alert(self, outcome: Outcome, question_id: int | None) -> int:
        result = await self.tx.execute(
            alert.insert().values(
                bot_id=self.post.bot_id,
                patient_id=self.patient.patient_id,
                chat_id=self.patient.chat_id,
                question_id=question_id,
                level=outcome.understanding.level if outcome.understanding else None,
                state="open",
                at_us=self.post.clock.now_us(),
            )
        )
        assert result.inserted_primary_key is not None
        alert_id: int = result.inserted_primary_key[0]
        return alert_id
