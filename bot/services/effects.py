"""What was decided about patients, as rows: all that a batch of decisions leads to, inside one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from bot.care import Care, CareChange, PlanState
from bot.clock import SECOND_US, to_us
from bot.core import teaching
from bot.core.outcome import Asks, Occasion, Outcome, State, TellStaff
from bot.core.sent import beside_questions
from bot.delivery.limiter import Rate
from bot.errors import StaleConversation
from bot.model import (
    BlockedIn,
    Button,
    ChatId,
    Kind,
    Level,
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
from bot.services.alerts import Alerts, Raised
from bot.services.asked_again import AskedAgain
from bot.services.broadcast_report import Report
from bot.services.enrolment_patients import PatientSide
from bot.services.planner import Planner
from bot.services.post import Place, Post
from bot.services.thread_place import ThreadPlace
from bot.services.threads import Threads
from bot.services.unanswered import wait_for_answer
from bot.store import alerts, care, chats, dues, erasures, feedback, lessons, messages, threads
from bot.store.engine import Tx
from bot.store.tables import alert, message, question, said

FLOOD = Rate(3 * SECOND_US, 20)
"""Twenty messages at once, then one every three seconds: faster than anybody types, slower than a script."""

PatientIn: TypeAlias = TextIn | MediaIn | PressIn | BlockedIn
"""What can come from a private chat."""
PATIENT_IN = (TextIn, MediaIn, PressIn, BlockedIn)

_ADD_QUESTIONS = question.insert().returning(question.c.chat_id, question.c.id)
"""Not in the order given: SQLite would need a statement for each."""


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
    is_named: bool = False
    """The patient is the one that this is about, not just the first of those who share the chat."""
    pressed: str = ""
    """The words on the button, where one of ours was pressed."""


def seen_about(seen: Snapshot, known: Care) -> Snapshot:
    """The same, about the patient of this plan: a family shares a chat, and staff must ring the right one."""
    patient = replace(
        seen.patient, patient_id=known.patient_id, code=known.code, treated_at=known.treated_at, area=known.area
    )
    occasion = replace(seen.occasion, treated_at=known.treated_at, code=known.code)
    return replace(seen, patient=patient, occasion=occasion, is_named=True)


async def look_for_timer(post: Post, tx: Tx, chat_id: ChatId) -> Snapshot | None:
    """What a timer decides on, under the lock of the chat, which it takes: an answer that comes now waits until this
    is decided. None where nobody ever wrote."""
    await chats.lock_chat(tx, post.bot_id, chat_id)
    patient = await chats.patient_of(tx, post.bot_id, chat_id)
    if patient is None:
        return None
    talk = (await chats.talks_with(tx, post.bot_id, [chat_id]))[chat_id]
    now = post.clock.now()
    occasion = Occasion(
        now=now,
        sent_at=now,
        stopped=patient.opted_out,
        treated_at=patient.treated_at,
        code=patient.code,
        care=(await care.plans_in(tx, post.bot_id, [chat_id])).get(chat_id, ()),
    )
    state = State.from_json(talk.state)
    return Snapshot(talk.version, state, patient, occasion, talk.flood_tat_us, press_is_ours=False)


@dataclass(frozen=True, slots=True)
class Decided:
    """One update, and what it leads to; or a timer, for which nothing came in."""

    update_id: int
    """For a timer, its row in `due`."""
    incoming: PatientIn | None
    seen: Snapshot
    outcome: Outcome

    @property
    def patient(self) -> PatientView:
        """Whose update it is."""
        return self.seen.patient

    def key(self, held: bool, part: str) -> str:
        """Once per update; a held reply is named by its batch, so that it can be found and taken back."""
        batch = f"held:{self.patient.chat_id}:{self.outcome.state.held_batch}:" if held else ""
        return f"{batch}{'u' if self.incoming else 'due'}{self.update_id}:{part}"


@dataclass(frozen=True)
class Effects:
    """Turns decisions, each about another chat, into rows. What all of them need is written in one statement."""

    post: Post
    tx: Tx
    revision_id: int

    async def apply(self, decided: Sequence[Decided]) -> None:
        """Write everything. Raises StaleConversation where a talk moved on since it was read."""
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        heard = [_heard(one) for one in decided if one.incoming]
        await chats.note_heard(self.tx, bot_id, heard, now_us)  # locks the chats
        for one in sorted(decided, key=lambda one: one.patient.chat_id):  # as the outbox: nobody waits in a circle
            await self._what_went_before(one, now_us)
        question_ids = await self._store_questions(decided, now_us)
        await self._store_said(decided, now_us)
        unanswered = [question_ids[one.update_id] for one in decided if teaching.is_unanswered(one.outcome)]
        await lessons.add(self.post.store, self.tx, bot_id, unanswered, lessons.Reason.UNANSWERED, now_us)
        question_ids = await self._note_taps(decided, now_us) | question_ids
        owed = [out for one in decided for out in _owed(one, question_ids.get(one.update_id))]
        await self.post.enqueue_all(self.tx, owed)
        for one in decided:
            await AskedAgain(self.post).look(self.tx, one.patient.chat_id, one.outcome, one.seen.occasion)
            for number, card in enumerate(one.outcome.staff):
                await self._tell_staff(one, card, number, question_ids.get(one.update_id))
            for change in one.outcome.care:
                await self._change_care(one, change, now_us)
            if one.outcome.joins:
                key = one.key(held=False, part="join")
                await PatientSide(self.post).arrives(self.tx, one.patient.chat_id, one.outcome.joins, key)
            for timer in one.outcome.timers:
                chat_id = one.patient.chat_id
                key = f"{timer.kind}:{chat_id}:{to_us(timer.at)}"
                await dues.plan(self.post.store, self.tx, bot_id, dues.Due(timer.kind, timer.at, key, ref=chat_id))
        talks = [(one.patient.chat_id, one.seen.version, one.outcome.state.to_json()) for one in decided]
        if not await chats.save_talks(self.post.store, self.tx, bot_id, talks, now_us):
            raise StaleConversation([one.patient.chat_id for one in decided])

    async def _change_care(self, one: Decided, change: CareChange, now_us: int) -> None:
        await care.apply(self.post.store, self.tx, self.post.bot_id, change, now_us)
        await PatientSide(self.post).note(self.tx, change)
        if change.state is PlanState.OPEN:
            await Planner(self.post).plan(self.tx, change.enrolment_id)
        of_plan = (known for known in one.seen.occasion.care if known.enrolment_id == change.enrolment_id)
        for known in of_plan:
            await wait_for_answer(self.post, self.tx, known, change)

    async def _what_went_before(self, one: Decided, now_us: int) -> None:
        """Opt-outs, a reply that is still held, and a message whose arrival the press on it proves."""
        tx, bot_id, chat_id, outcome = self.tx, self.post.bot_id, one.patient.chat_id, one.outcome
        if outcome.resume:
            await chats.resume(tx, bot_id, chat_id, now_us)
        if outcome.stop is not None:  # after that: "only the check-ins" turns all else on again
            await chats.stop(tx, bot_id, chat_id, outcome.stop, now_us)
        match outcome.asks_for:
            case Asks.FORGET:
                await erasures.ask(tx, bot_id, chat_id, now_us)
            case Asks.SURE:
                await erasures.wait(tx, bot_id, chat_id)
            case Asks.KEEP:
                await erasures.withdraw(tx, bot_id, chat_id)
        if outcome.take_back is not None:
            await self._take_back(one.patient, outcome.take_back)
        press = one.incoming
        if isinstance(press, PressIn) and press.row_id is not None and one.seen.press_is_ours:
            await messages.proved(tx, bot_id, press.row_id, press.message_id, now_us)

    async def _take_back(self, patient: PatientView, batch: int) -> None:
        """Cancel an unsure reply that has not gone out, and the card that would have told staff.

        Where the reply was quicker than the decision, the card goes out too: it was promised.
        """
        of_batch = (
            message.c.bot_id == self.post.bot_id,
            message.c.dedupe_key.startswith(f"held:{patient.chat_id}:{batch}:"),
        )
        is_out = (message.c.chat_id == patient.chat_id, message.c.state != MessageState.PENDING)
        if await self.tx.scalar(sa.select(message.c.id).where(*of_batch, *is_out).limit(1)) is not None:
            return
        held = (*of_batch, message.c.state == MessageState.PENDING)
        cards = sa.select(message.c.id).where(*held)
        await self.tx.execute(alert.update().where(alert.c.message_id.in_(cards)).values(state="withdrawn"))
        await lessons.take_back(self.tx, cards)
        await self.tx.execute(
            message.update().where(*held).values(state=MessageState.CANCELLED, reason="more_was_said")
        )
        await threads.take_back(self.tx, self.post.bot_id, patient.chat_id, batch)

    async def _store_questions(self, decided: Sequence[Decided], now_us: int) -> dict[int, int]:
        """What was understood, and why. Returns the new rows by update."""
        asked = [(one, one.outcome.understanding) for one in decided if one.outcome.understanding is not None]
        if not asked:
            return {}
        rows = [
            {
                "bot_id": self.post.bot_id,
                "patient_id": one.patient.patient_id,
                "chat_id": one.patient.chat_id,
                "message_id": one.outcome.asked_in or getattr(one.incoming, "message_id", None),
                "text": understood.text,
                "decision": understood.decision,
                "entry_id": understood.id,
                "level": understood.level,
                "why": why_of(understood),
                "revision_id": self.revision_id,
                "at_us": now_us,
            }
            for one, understood in asked
        ]
        ids = {row.chat_id: row.id for row in await self.tx.execute(_ADD_QUESTIONS, rows)}
        return {one.update_id: ids[one.patient.chat_id] for one, _ in asked}

    async def _store_said(self, decided: Sequence[Decided], now_us: int) -> None:
        """What came in and stands in no question."""
        found = [
            (one, sent)
            for one in decided
            if one.incoming is not None
            and (sent := beside_questions(one.incoming, one.outcome, one.seen.occasion.care, one.seen.pressed))
        ]
        rows = [
            {
                "bot_id": self.post.bot_id,
                "patient_id": one.patient.patient_id,
                "chat_id": one.patient.chat_id,
                "message_id": getattr(one.incoming, "message_id", None),
                "what": sent.what,
                "text": sent.text,
                "at_us": now_us,
            }
            for one, sent in found
        ]
        if rows:
            await self.tx.execute(said.insert(), rows)

    async def _note_taps(self, decided: Sequence[Decided], now_us: int) -> dict[int, int]:
        """What patients made of earlier answers. Returns the question asked before, by update."""
        store, bot_id, found = self.post.store, self.post.bot_id, {}
        for one in decided:
            about = one.outcome.about
            if about is None:
                continue
            question_id = await feedback.question_in(self.tx, bot_id, one.patient.chat_id, about)
            if question_id is not None:
                found[one.update_id] = question_id
                await feedback.note(store, self.tx, bot_id, question_id, one.outcome.taps, now_us)
                if teaching.is_refused(one.outcome.taps):
                    await lessons.add(store, self.tx, bot_id, [question_id], lessons.Reason.NOT_ASKED, now_us)
        return found

    async def _tell_staff(self, one: Decided, card: TellStaff, number: int, question_id: int | None) -> None:
        due_at = one.outcome.state.held_until if card.held else None
        key = one.key(card.held, f"staff{number}")
        subject = one.patient.chat_id
        if card.is_line:
            copied = card.copy_message_id
            payload = Payload(card.text, copy_chat_id=subject if copied else None, copy_message_id=copied)
            answer = (question_id, card.entry_id) if card.entry_id or card.has_why else None
            await Threads(self.post).line(self.tx, subject, payload, key, due_at, answer)
            return
        if card.level is not None:
            await self._raise(one, card, card.level, question_id)
            return
        place = await self._place(one, card, due_at)
        if card.copy_message_id is not None:
            payload = Payload(copy_chat_id=subject, copy_message_id=card.copy_message_id)
            await self.post.tell(self.tx, card.kind, payload, key, subject, due_at, Method.COPY, place=place)
            return
        if not card.opens_alert:
            payload = Payload(card.text)
            await self.post.tell(
                self.tx, card.kind, payload, key, subject, due_at, question_id=question_id, place=place
            )
            return
        patient, now_us = one.patient, self.post.clock.now_us()
        alert_id = await alerts.open_alert(
            self.tx, self.post.bot_id, patient.patient_id, patient.chat_id, question_id, now_us
        )
        take = Button(self.post.library.served.content.replies.staff_button_take, f"take:{alert_id}")
        reply_to = one.incoming.reply_to if isinstance(one.incoming, TextIn | MediaIn) else None
        after = await Report(self.post).named(self.tx, subject, one.seen.occasion.sent_at, reply_to)
        payload = Payload("\n\n".join(filter(None, (card.text, after))), ((take,),))
        row_id = await self.post.tell(
            self.tx, card.kind, payload, key, subject, due_at, question_id=question_id, place=place
        )
        await self.tx.execute(alert.update().where(alert.c.id == alert_id).values(message_id=row_id))

    async def _place(self, one: Decided, card: TellStaff, due_at: datetime | None) -> Place | None:
        """The thread's topic, which a question handed over opens; None: the group itself."""
        if not card.opens_alert:
            return await ThreadPlace(self.post).of_chat(self.tx, one.patient.chat_id)
        batch = one.outcome.state.held_batch if card.held else None
        return await Threads(self.post).open(self.tx, one.patient.chat_id, batch, due_at)

    async def _raise(self, one: Decided, card: TellStaff, level: Level, question_id: int | None) -> None:
        patient, seen = one.patient, one.seen
        raised = Raised(
            patient.patient_id,
            patient.chat_id,
            question_id,
            level,
            card.flag_ids,
            seen.occasion.sent_at,
            seen.is_named,
            card.note,
        )
        if card.is_denied:
            await Alerts(self.post).deny(self.tx, raised)
        else:
            await Alerts(self.post).raise_(self.tx, raised)


def _heard(one: Decided) -> chats.Heard:
    """Whoever writes can be written to."""
    reachable = not (isinstance(one.incoming, BlockedIn) and one.incoming.blocked)
    tat_us = one.seen.tat_us
    if isinstance(one.incoming, TextIn | MediaIn):  # a press has no date: handled late it would count as of then
        at_us = to_us(one.seen.occasion.sent_at)
        tat_us = FLOOD.take(min(tat_us, at_us + FLOOD.burst * FLOOD.interval_us), at_us)
    return chats.Heard(one.patient.chat_id, tat_us, reachable)


def _owed(one: Decided, question_id: int | None) -> Iterator[Outgoing]:
    """What the patient is told, and which messages change."""
    chat_id, outcome = one.patient.chat_id, one.outcome
    for number, say in enumerate(outcome.says):
        key = f"{say.once}:{chat_id}" if say.once else one.key(say.held, f"say{number}")
        due_at = outcome.state.held_until if say.held else None
        payload = Payload(say.text, say.buttons, keys=say.keys)
        yield Outgoing(
            chat_id, say.kind, payload, key, due_at=due_at, enrolment_id=say.enrolment_id, question_id=question_id
        )
    for redraw in outcome.redraws:
        payload, key = Payload(redraw.text, redraw.buttons), f"u{one.update_id}:redraw"
        target_id, method = redraw.row_id, Method.EDIT_TEXT
        yield Outgoing(chat_id, Kind.REPLY, payload, key, method=method, target_id=target_id, question_id=question_id)


def why_of(understood: Understanding) -> dict[str, Any]:
    """Why it was understood so, as it is stored with the question."""
    return {
        "confidence": understood.confidence,
        "candidates": [[c.entry_id, c.confidence, c.phrasing] for c in understood.candidates],
        "flags": [[flag.id, flag.level, list(flag.words)] for flag in understood.flags],
        "suspected": [[flag.id, flag.level, list(flag.words)] for flag in understood.suspected],
        "ruled_out": list(understood.ruled_out),
        "repaired": understood.repaired,
        "second": understood.second,
        "about": understood.about,
        "language": understood.language,
    }
