"""Answers of patients without Telegram: staff ring, read out the questions of a check-in, and press what they hear, or
reply with the patient's words.

The live conversation decides, so the rules are those of a patient's own phone: triage reads the words, and a question
that decides an alert is not left open for longer than there. What it would say there is shown to be read out, its
alerts open, and nothing is sent: such a patient has no chat. Rights are checked by whoever calls.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot import logs
from bot.care import Care, CareChange, Later, Note, NoteKind, OpenCheckIn, PlanState
from bot.clock import to_us
from bot.content.plan import Plan, Step
from bot.core.care import rules, summary
from bot.core.care.asking import ACTION, Asking
from bot.core.care.calling import step_to_ask
from bot.core.care.following import Following
from bot.core.outcome import Occasion, Outcome, Say, State, TellStaff
from bot.core.replies import Html
from bot.markup import plain
from bot.model import Button, Buttons, MediaIn, Payload, PressIn, TextIn, UserId
from bot.services.alerts import Alerts, Raised
from bot.services.effects import why_of
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.services.unanswered import wait_for_answer
from bot.store import accounts, enrolling, people
from bot.store import care as plans
from bot.store.engine import Tx

log = logs.get(__name__)

ANSWER = "pl:answer:"
"""What the data of these buttons begins with: `pl:answer:<check-in>.<question>:<option>`."""
WORDS = "pl:words:"
"""The same of the way back from a question that a reply answers: `pl:words:<check-in>.<question>`."""
_ASKED = re.compile(rf"{WORDS}(\d{{1,18}})\.(\w{{1,41}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The question that a message to staff wants the patient's words for."""

    check_in_id: int
    question_id: str


@dataclass(frozen=True, slots=True)
class Call:
    """A plan without Telegram whose patient is on the phone."""

    care: Care
    plan: Plan

    @property
    def step(self) -> Step | None:
        """The check-in that is open."""
        return self.plan.by_id.get(self.care.open.step_id) if self.care.open is not None else None


@dataclass(frozen=True)
class PhoneAnswers:
    """Puts the questions to staff, and takes what they press."""

    post: Post

    async def begin(self, tx: Tx, press: PressIn, enrolment_id: int) -> Payload | None:
        """The next question of the open check-in, or the first of the one whose day has come; None: there is none."""
        call = await self._call(tx, enrolment_id)
        if call is None:
            return None
        content, now_us = self.post.library.served.content, self.post.clock.now_us()
        step = call.step or step_to_ask(call.plan, content.clinic, call.care, self.post.clock.now())
        if step is None:
            return None
        await enrolling.drop_calls(tx, enrolment_id, now_us, step.id)  # somebody is ringing
        outcome = self._goes_on(call) if call.step is not None else await self._first(tx, call.care, step)
        await self._do(tx, press.sender.user_id, call, outcome)
        await accounts.write_audit(tx, self.post.bot_id, press.sender.user_id, "plan_answers", enrolment_id, now_us)
        return await self._drawn(tx, enrolment_id, outcome.says)

    async def answer(self, tx: Tx, press: PressIn, check_in_id: int, chosen: str) -> Payload | None:
        """What follows an answer; None where it is none of an open check-in any more. `chosen`: question and option."""
        enrolment_id = await plans.plan_of_check_in(tx, check_in_id)
        call = await self._call(tx, enrolment_id) if enrolment_id is not None else None
        if call is None or call.care.open is None or call.care.open.id != check_in_id:
            return None
        as_theirs = replace(press, data=f"{ACTION}:{check_in_id}:{chosen}", row_id=None)
        outcome = self.post.library.served.conversation.on_press(as_theirs, State(), self._occasion(call))
        await self._do(tx, press.sender.user_id, call, outcome)
        return await self._drawn(tx, call.care.enrolment_id, outcome.says)

    async def told(self, tx: Tx, said: TextIn | MediaIn, wanted: Wanted) -> Payload | None:
        """What follows the patient's words, which staff replied with; None where they are not asked for any more."""
        enrolment_id = await plans.plan_of_check_in(tx, wanted.check_in_id)
        call = await self._call(tx, enrolment_id, ended=True) if enrolment_id is not None else None
        if call is None:
            return None
        if not isinstance(said, TextIn) or not said.text.strip():
            return Payload(self.post.text(PlanWords(self.post).replies.answers_words))
        conversation, nothing = self.post.library.served.conversation, State()
        about = (call.care, wanted.check_in_id, wanted.question_id)
        outcome = conversation.on_told(said.text, *about, nothing, self._occasion(call))
        if outcome == Outcome(nothing):
            return None
        await self._do(tx, said.sender.user_id, call, outcome)
        return await self._drawn(tx, call.care.enrolment_id, outcome.says)

    # --- what is left open ------------------------------------------------------------------------------------------

    async def unanswered(self, tx: Tx, check_in_id: int, question_id: str) -> None:
        """The time is over for an answer that decides whether somebody has to act: whoever noted the others was called
        away. Nothing where it came, or is not needed any more, or where it was the patient who was asked."""
        enrolment_id = await plans.plan_of_check_in(tx, check_in_id)
        call = await self._call(tx, enrolment_id) if enrolment_id is not None else None
        if call is None or call.care.state is not PlanState.OPEN:
            return
        if call.care.open is None or call.care.open.id != check_in_id:
            return
        conversation = self.post.library.served.conversation
        outcome = conversation.on_unanswered(call.care, question_id, State(), self._occasion(call))
        await self._do(tx, await plans.entered_by(tx, check_in_id), call, outcome)

    # --- what is asked ----------------------------------------------------------------------------------------------

    async def _first(self, tx: Tx, care: Care, step: Step) -> Outcome:
        content, now = self.post.library.served.content, self.post.clock.now()
        check_in_id = await plans.begin_check_in(
            self.post.store, tx, self.post.bot_id, care.enrolment_id, step.id, to_us(now)
        )
        assert check_in_id is not None, "one that began before is open, or answered"
        open_ = OpenCheckIn(check_in_id, step.id, now, asked=None)
        turn = Following(content).first(replace(care, open=open_), step, open_, now)
        return Outcome(State(), turn.says, care=(replace(turn.change, answered=False),))

    def _goes_on(self, call: Call) -> Outcome:
        """Where it was left: the open question is shown as it stands, one that was put off is asked now."""
        care, step, nothing = call.care, call.step, Outcome(State())
        assert care.open is not None
        assert step is not None
        if care.open.asked is not None:
            return nothing
        answers = care.open.answers
        late = rules.put_off(step, answers, rules.names(call.plan, care, step, answers))
        if not late:
            return nothing
        conversation = self.post.library.served.conversation
        return conversation.on_later(care, late[0].id, State(), self._occasion(call))

    def _occasion(self, call: Call) -> Occasion:
        now, care = self.post.clock.now(), call.care
        return Occasion(now=now, sent_at=now, treated_at=care.treated_at, code=care.code, care=(care,))

    # --- what follows -----------------------------------------------------------------------------------------------

    async def _do(self, tx: Tx, who: UserId | None, call: Call, outcome: Outcome) -> None:
        """As rows: answers, notes, the end of the plan, alerts. `who`: noted it."""
        now_us = self.post.clock.now_us()
        for change in outcome.care:
            if change.state is PlanState.ENDED:
                await enrolling.drop_calls(tx, call.care.enrolment_id, now_us)
            await plans.apply(self.post.store, tx, self.post.bot_id, change, now_us)
            if change.open is not None and who is not None:
                await plans.note_entered(tx, change.open.id, who)
            await self._ring_again(tx, call, change)
            await wait_for_answer(self.post, tx, call.care, change)
        for card in outcome.staff:
            await self._raise(tx, who, call.care, card, outcome)

    async def _ring_again(self, tx: Tx, call: Call, change: CareChange) -> None:
        """A question that the bot would ask by itself later: somebody rings then."""
        step = call.plan.by_id.get(change.open.step_id) if change.open is not None else None
        for later in change.later if step is not None else ():
            assert step is not None
            note = Note(NoteKind.CALL, self._about(call.care, step, later))
            of_plan = (call.care.enrolment_id, step.id, [note], to_us(later.at))
            await plans.add_notes(self.post.store, tx, self.post.bot_id, *of_plan)

    def _about(self, care: Care, step: Step, later: Later) -> str:
        content, words = self.post.library.served.content, PlanWords(self.post)
        question = plain(Asking(content).question(care, step.by_id[later.question_id], later.at))
        text = self.post.text(words.replies.answers_again, step=step.code, question=question)
        return plain(text)

    async def _raise(self, tx: Tx, who: UserId | None, care: Care, card: TellStaff, outcome: Outcome) -> None:
        understood = outcome.understanding
        if card.level is None or understood is None:
            return
        question_id = await plans.add_told(
            tx,
            bot_id=self.post.bot_id,
            patient_id=care.patient_id,
            text=understood.text,
            decision=understood.decision,
            entry_id=understood.id,
            level=understood.level,
            why=why_of(understood),
            revision_id=self.post.library.served.revision_id,
            at_us=self.post.clock.now_us(),
        )
        now, notes = self.post.clock.now(), [card.note]
        if who is not None:
            name = await people.name_of(tx, self.post.bot_id, who)
            notes.append(self.post.text(PlanWords(self.post).replies.patient_noted, name=name))
        told = (care.patient_id, plans.NO_CHAT, question_id, card.level, card.flag_ids)
        note = "\n".join(filter(None, notes))
        await Alerts(self.post).raise_(tx, Raised(*told, said_at=now, is_named=True, note=note))

    # --- how it looks -----------------------------------------------------------------------------------------------

    async def _drawn(self, tx: Tx, enrolment_id: int, says: Iterable[Say]) -> Payload | None:
        """The call as it stands: what was noted, what to read out, and the buttons for the answer."""
        care = await plans.plan(tx, self.post.bot_id, enrolment_id)
        words, content = PlanWords(self.post), self.post.library.served.content
        plan, says = words.plan(care.plan_id) if care is not None else None, tuple(says)
        if care is None or plan is None:
            return None
        step_id = care.open.step_id if care.open is not None else await plans.last_step(tx, enrolment_id)
        step = plan.by_id.get(step_id or "")
        if step is None:
            return None
        question = step.by_id.get(care.open.asked or "") if care.open is not None else None
        read_out, buttons = "\n\n".join(say.text for say in says), says[-1].buttons if says else ()
        if question is not None and care.open is not None and not buttons:
            asked = Asking(content).put(care, question, care.open, self.post.clock.now())
            read_out, buttons = read_out or asked.text, asked.buttons
        noted = summary.answers_in_words(step, summary.answers_to(care, step.id))
        text = self.post.text(
            words.replies.answers,
            code=care.code,
            step=step.code,
            noted=Html(" · ".join(map(words.answer, noted)) or summary.UNKNOWN),
            text=Html(read_out or self.post.text(words.replies.answers_wait)),
        ).strip()
        back = f"pl:show:{enrolment_id}"
        if question is not None and question.kind == "text" and care.open is not None:
            text = f"{text}\n\n{self.post.text(words.replies.answers_words)}"
            back = f"{WORDS}{care.open.id}.{question.id}"
        return Payload(text, (*_for_staff(buttons), (Button(words.replies.button_back, back),)))

    # --- helpers ----------------------------------------------------------------------------------------------------

    async def _call(self, tx: Tx, enrolment_id: int, *, ended: bool = False) -> Call | None:
        """The plan, locked; None where its patient answers on Telegram, or it has ended and should not have."""
        row: sa.RowMapping | None = await plans.lock_plan(tx, self.post.bot_id, enrolment_id)
        care = await plans.plan(tx, self.post.bot_id, enrolment_id) if row is not None else None
        if row is None or care is None or row["chat_id"] != plans.NO_CHAT:
            return None
        if care.state is PlanState.ENDED and not ended:
            return None
        plan = self.post.library.served.content.plans.get(care.plan_id)
        return Call(care, plan) if plan is not None else None


def wants_words(payload: Payload) -> Wanted | None:
    """The question that a message of ours wants the patient's words for; None for other messages."""
    for button in (button for row in payload.buttons for button in row):
        if (found := _ASKED.fullmatch(button.data)) is not None:
            return Wanted(int(found[1]), found[2])
    return None


def _for_staff(buttons: Buttons) -> Buttons:
    """The patient's buttons, to be pressed by staff."""
    return tuple(tuple(replace(one, data=_staff_data(one.data)) for one in row) for row in buttons)


def _staff_data(data: str) -> str:
    check_in_id, _, chosen = data.removeprefix(f"{ACTION}:").partition(":")
    return f"{ANSWER}{check_in_id}.{chosen}"
