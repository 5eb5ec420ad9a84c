"""What patients did: read the state, let core decide, write everything in one transaction, for several at once."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.clock import from_us, to_us
from bot.core.care.alerting import labelled
from bot.core.conversation import Conversation
from bot.core.outcome import Asked, Earlier, Occasion, Outcome, State, Thread
from bot.core.talking import Talking
from bot.errors import StaleConversation
from bot.model import BlockedIn, ChatId, ChatKind, Decision, MediaIn, Payload, PressIn, TextIn
from bot.services.effects import FLOOD, Decided, Effects, PatientIn, Snapshot, seen_about
from bot.services.post import Post
from bot.store import buttons, care, chats, feedback, threads
from bot.store import inbox as inbox_rows
from bot.store.engine import Tx
from bot.store.tables import question

_EARLIER = (
    sa.select(question.c.decision, question.c.entry_id, question.c.text)
    .where(
        question.c.bot_id == sa.bindparam("of_bot"),
        question.c.chat_id == sa.bindparam("of_chat"),
        question.c.message_id == sa.bindparam("of_message"),
    )
    .order_by(question.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Visit:
    """An update from a private chat, and its row in the inbox."""

    row: sa.RowMapping
    incoming: PatientIn


@dataclass(frozen=True)
class Patients:
    """Handles updates from private chats."""

    post: Post

    async def handle(self, visits: Sequence[Visit]) -> None:
        """Decide on each, of different chats, and commit all effects together, the inbox rows with them.

        What another worker has done already is left out. A conversation that moved on between reading and writing is
        decided once more on fresh state; raises StaleConversation when it moved again.
        """
        try:
            await self._once(visits)
        except StaleConversation:
            await self._once(visits)

    async def _once(self, visits: Sequence[Visit]) -> None:
        snapshots = await self._read([visit.incoming for visit in visits])
        served = self.post.library.served  # a hot reload meanwhile must not put its name to these decisions
        decided = []
        for visit, snapshot in zip(visits, snapshots, strict=True):
            seen = _named(visit.incoming, snapshot)
            outcome = _decide(served.conversation, visit.incoming, seen)
            talking = Talking(served.content)
            outcome = talking.beside(visit.incoming, outcome, seen.state, seen.occasion)
            decided.append(Decided(visit.row["update_id"], visit.incoming, _answered_about(seen, outcome), outcome))
            await asyncio.sleep(0)  # deciding takes milliseconds, and others have something to do as well
        async with self.post.store.write() as tx:
            ours = await inbox_rows.finish_all(tx, [visit.row for visit in visits])
            effects = Effects(self.post, tx, served.revision_id)
            await effects.apply([one for visit, one in zip(visits, decided, strict=True) if visit.row["id"] in ours])

    async def _read(self, incoming: Sequence[PatientIn]) -> list[Snapshot]:
        """What there is to know of each, of somebody new too."""
        for _ in range(2):
            async with self.post.store.read() as tx:
                seen = await self._look(tx, incoming)
            if strangers := [one.chat_id for one in incoming if one.chat_id not in seen]:
                await self._welcome(strangers)
            else:
                return [seen[one.chat_id] for one in incoming]
        raise AssertionError("whoever was welcomed is known")

    async def _welcome(self, strangers: Iterable[ChatId]) -> None:
        """The first word makes a chat and a patient."""
        store, bot_id, now_us = self.post.store, self.post.bot_id, self.post.clock.now_us()
        async with store.write() as tx:
            for chat_id in sorted(strangers):  # locked in the order in which others lock them
                await chats.touch_chat(store, tx, bot_id, chat_id, ChatKind.PRIVATE, now_us)
                await chats.lock_chat(tx, bot_id, chat_id)
                await chats.welcome_patient(store, tx, bot_id, chat_id, now_us)

    async def _look(self, tx: Tx, incoming: Sequence[PatientIn]) -> dict[ChatId, Snapshot]:
        """What there is to know; without those who have never written."""
        chat_ids = [one.chat_id for one in incoming]
        patients = await chats.patients_of(tx, self.post.bot_id, chat_ids)
        talks = await chats.talks_with(tx, self.post.bot_id, chat_ids)
        plans = await care.plans_in(tx, self.post.bot_id, chat_ids)
        talking = await threads.open_in(tx, self.post.bot_id, chat_ids)
        now = self.post.clock.now()
        seen = {}
        for one in incoming:
            if (patient := patients.get(one.chat_id)) is None:
                continue
            talk = talks[one.chat_id]
            sent_at = one.sent_at if isinstance(one, TextIn | MediaIn) else now
            pressed = await self._pressed(tx, one)
            is_ours = pressed is not None
            occasion = Occasion(
                now=now,
                sent_at=min(sent_at, now),
                flooding=FLOOD.free(talk.flood_tat_us, to_us(sent_at)) == 0,
                stopped=patient.opted_out,
                treated_at=patient.treated_at,
                code=patient.code,
                earlier=await self._earlier(tx, one),
                asked=await self._asked(tx, one) if is_ours else None,
                care=plans.get(one.chat_id, ()),
                thread=_thread(talking, one.chat_id),
            )
            state = State.from_json(talk.state)
            seen[one.chat_id] = Snapshot(
                talk.version, state, patient, occasion, talk.flood_tat_us, is_ours, pressed=pressed or ""
            )
        return seen

    async def _earlier(self, tx: Tx, incoming: PatientIn) -> Earlier | None:
        """What was decided on this message before it was edited."""
        if not (isinstance(incoming, TextIn) and incoming.edited):
            return None
        given = {"of_bot": self.post.bot_id, "of_chat": incoming.chat_id, "of_message": incoming.message_id}
        found = (await tx.execute(_EARLIER, given)).one_or_none()
        return Earlier(found.decision, found.entry_id, found.text) if found else None

    async def _pressed(self, tx: Tx, incoming: PatientIn) -> str | None:
        """The words on a button that is ours; None for all else."""
        if not isinstance(incoming, PressIn) or incoming.row_id is None:
            return None
        return await buttons.label(tx, self.post.bot_id, incoming.chat_id, incoming.row_id, incoming.data or "")

    async def _asked(self, tx: Tx, press: PatientIn) -> Asked | None:
        """The question to which the message with the pressed button was the reply."""
        if not isinstance(press, PressIn) or press.row_id is None:
            return None
        row = await feedback.asked_under(tx, self.post.bot_id, press.chat_id, press.row_id)
        if row is None:
            return None
        is_answer = row["decision"] == Decision.ANSWER
        answers = (row["entry_id"], row["why"].get("second")) if is_answer else ()
        aside = await feedback.put_aside(tx, row["id"])
        candidates = (*answers, *(entry_id for entry_id, *_ in row["why"]["candidates"]))
        return Asked(
            row["text"],
            row["message_id"],
            tuple(entry_id for entry_id in dict.fromkeys(filter(None, candidates)) if entry_id not in aside),
            tuple(filter(None, answers)),
            Payload.from_json(row["payload"]).text,
        )


def _thread(talking: Mapping[ChatId, int | None], chat_id: ChatId) -> Thread | None:
    if chat_id not in talking:
        return None
    staff_us = talking[chat_id]
    return Thread(from_us(staff_us) if staff_us is not None else None)


def _named(incoming: PatientIn, seen: Snapshot) -> Snapshot:
    """In a family's chat, about the patient whom a text names first ("Anna: …")."""
    cares = seen.occasion.care
    named, _ = labelled(incoming.text, cares) if isinstance(incoming, TextIn) else (None, "")
    return seen_about(seen, named) if named is not None else seen


def _answered_about(seen: Snapshot, outcome: Outcome) -> Snapshot:
    """In a family's chat, about the patient whose check-in was answered, and no other's."""
    ids = {change.enrolment_id for change in outcome.care}
    about = [one for one in seen.occasion.care if one.enrolment_id in ids]
    return seen_about(seen, about[0]) if len(about) == 1 else seen


def _decide(conversation: Conversation, incoming: PatientIn, snapshot: Snapshot) -> Outcome:
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
