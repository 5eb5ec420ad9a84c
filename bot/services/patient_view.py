"""One patient's care plan as a message to staff, always as it stands in the database, with the buttons that fit.

It names the patient's code only, and what was answered by button; the patient's own words are hidden until touched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.care import BASELINE, Care
from bot.clock import SECOND_US, from_us, to_us
from bot.core.care import summary
from bot.core.care.moving import Choice, When
from bot.core.care.summary import Standing
from bot.core.replies import Html
from bot.model import Button, Buttons, ChatId, Payload, UserId, in_rows
from bot.services.pain_chart import Chart, Point
from bot.services.people import People
from bot.services.plan_actions import PlanActions
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.store import care as plans
from bot.store import patient_list, people
from bot.store.engine import Tx

SIGNS = 5
"""Signs of danger shown, the newest."""
NOTES = 8
"""Notes shown, each with a button."""
IN_A_ROW = 4


@dataclass(frozen=True)
class PatientView:
    """Draws one plan."""

    post: Post

    @property
    def _words(self) -> PlanWords:
        return PlanWords(self.post)

    async def subject(self, tx: Tx, enrolment_id: int) -> ChatId | None:
        """The chat of the patient; None for one without Telegram, or no such plan."""
        row = await plans.plan_row(tx, self.post.bot_id, enrolment_id)
        return ChatId(row["chat_id"]) if row is not None and row["chat_id"] != plans.NO_CHAT else None

    async def payload(self, tx: Tx, enrolment_id: int, said: str = "") -> Payload | None:
        """The plan, with what came of the last button at its end; None when there is no such plan."""
        row = await plans.plan_row(tx, self.post.bot_id, enrolment_id)
        care = await plans.plan(tx, self.post.bot_id, enrolment_id)
        if row is None or care is None:
            return None
        notes = await patient_list.notes_of(tx, enrolment_id, self.post.clock.now_us())
        by = self.post.text(self._words.replies.patient_podiatrist, name=await self._podiatrist(tx, row))
        lines = [by, *await self._known(tx, row, care), *self._notes(notes), *await self._to_come(tx, row, care)]
        plan, words = self._words.plan(care.plan_id), self._words
        text = self.post.text(
            words.replies.patient,
            code=care.code,
            area=summary.area_in_words(plan, care),
            day=str(summary.day_of(care, self.post.clock.now())),
            state=words.state(care, row["reason"]),
            pain=summary.pain_line(plan, care),
            lines=Html("\n".join(lines)),
        )
        buttons = self._buttons(care, notes)
        if row["chat_id"] == plans.NO_CHAT and summary.standing(care) in {Standing.OPEN, Standing.PAUSED}:
            buttons = ((Button(words.replies.button_answers, f"pl:answers:{enrolment_id}"),), *buttons)
        if row["chat_id"] == plans.NO_CHAT:  # who has Telegram asks for it there
            buttons += ((Button(words.replies.button_forget, f"pl:forget:{enrolment_id}"),),)
        return Payload("\n\n".join(filter(None, (text.strip(), said))), buttons)

    async def asked_to_end(self, tx: Tx, enrolment_id: int) -> Payload | None:
        """The question before a plan ends."""
        row = await plans.plan_row(tx, self.post.bot_id, enrolment_id)
        if row is None:
            return None
        replies = self._words.replies
        end = Button(replies.button_end_sure, f"pl:endsure:{enrolment_id}")
        keep = Button(replies.button_keep, f"pl:show:{enrolment_id}")
        return Payload(self.post.text(replies.end_sure, code=row["code"]), ((end, keep),))

    async def treating(self, tx: Tx, enrolment_id: int, asker: UserId) -> Payload | None:
        """The question who treats the patient: one button for each who treats, and for whoever asks."""
        row = await plans.plan_row(tx, self.post.bot_id, enrolment_id)
        if row is None:
            return None
        replies = self._words.replies
        named = {asker: await people.name_of(tx, self.post.bot_id, asker), **await People(self.post).who_treat(tx)}
        text = self.post.text(replies.treats_who, code=row["code"], name=await self._podiatrist(tx, row))
        people_ = [Button(name, f"pl:treated:{enrolment_id}.{user_id}") for user_id, name in named.items()]
        back = (Button(replies.button_back, f"pl:show:{enrolment_id}"),)
        return Payload(text, (*in_rows(people_, 2), back))

    async def moving(self, tx: Tx, enrolment_id: int) -> Payload | None:
        """When the next check-in may come instead, and why not at the other times."""
        found = await PlanActions(self.post).choices(tx, enrolment_id)
        row = await plans.plan_row(tx, self.post.bot_id, enrolment_id)
        if row is None or found is None:
            return await self.payload(tx, enrolment_id, self.post.text(self._words.replies.move_none))
        (due_id, waiting, offered), words = found, self._words
        replies = words.replies
        due = words.time(waiting.due_at, row["zone"])
        lines = [self.post.text(replies.move_when, step=waiting.step.code, time=due)]
        lines += [
            self.post.text(replies.move_not, when=words.when(one.when), why=words.why_not_move(one.why_not))
            for one in offered
            if one.why_not is not None
        ]
        back = (Button(replies.button_back, f"pl:show:{enrolment_id}"),)
        times = self._move_buttons(due_id, offered, row["zone"])
        return Payload(f"{row['code']} · " + "\n".join(lines), (*times, back))

    async def chart(self, tx: Tx, enrolment_id: int) -> tuple[Chart | None, str]:
        """The pains as a picture to draw and the same in words, as HTML; no picture where there is no pain to show."""
        care = await plans.plan(tx, self.post.bot_id, enrolment_id)
        if care is None:
            return None, ""
        replies, plan = self._words.replies, self._words.plan(care.plan_id)
        pains = [one for one in summary.pains(plan, care) if one.step_id != BASELINE]
        in_words = summary.pain_in_words(plan, care, replies.chart_before)
        if not in_words:
            return None, self.post.text(replies.chart_none, code=care.code)
        caption = self.post.text(replies.chart_caption, code=care.code, pain=in_words)
        sent_us = await patient_list.sent_at(tx, enrolment_id)
        found = await self._signs(tx, care)
        baseline = next((one.pain for one in summary.pains(plan, care) if one.step_id == BASELINE), None)
        chart = Chart(
            care.code,
            tuple(Point(self._words.step(care.plan_id, one.step_id), one.pain) for one in pains),
            baseline,
            summary.places_of(
                [from_us(sign["at_us"]) for sign in found],
                [from_us(sent_us[one.step_id]) for one in pains],
            ),
            replies.chart_before,
            replies.chart_alert,
            replies.chart_pain,
        )
        return (chart if pains else None), caption

    # --- its lines --------------------------------------------------------------------------------------------------

    async def _known(self, tx: Tx, row: sa.RowMapping, care: Care) -> list[str]:
        """What was answered, what asks for care, signs of danger, questions nobody took."""
        words, plan = self._words, self._words.plan(care.plan_id)
        lines = [line] if (line := await self.last_answer(tx, care)) else []
        if facts := summary.careful_in_words(plan, care):
            lines.append(self.post.text(words.replies.patient_careful, facts=", ".join(facts)))
        lines += [
            self.post.text(
                words.replies.patient_sign,
                id=", ".join(sign["flags"] or ()),
                time=words.time(from_us(sign["at_us"]), care.zone),
                state=self._sign_state(sign),
            )
            for sign in reversed(await self._signs(tx, care))
        ]
        if count := await patient_list.unread(tx, self.post.bot_id, care.patient_id):
            lines.append(self.post.text(words.replies.patient_unread, count=str(count)))
        return lines

    async def _podiatrist(self, tx: Tx, row: sa.RowMapping) -> str:
        """What colleagues call who treats the patient, or that nobody is named."""
        if row["podiatrist_id"] is None:
            return self._words.replies.patient_no_podiatrist
        return await people.name_of(tx, self.post.bot_id, UserId(row["podiatrist_id"]))

    async def _to_come(self, tx: Tx, row: sa.RowMapping, care: Care) -> list[str]:
        """The next visit, the next check-in."""
        words, lines = self._words, []
        if care.visit_at is not None and care.visit_at > self.post.clock.now():
            lines.append(self.post.text(words.replies.patient_visit, time=words.time(care.visit_at, care.zone)))
        if row["chat_id"] == plans.NO_CHAT:
            lines.append(self.post.text(words.replies.patient_no_telegram))
        elif summary.standing(care) is Standing.OPEN and (
            steps := await patient_list.steps_of(tx, self.post.bot_id, care.enrolment_id)
        ):
            step, time = words.step(care.plan_id, steps[0]["part"]), words.time(from_us(steps[0]["due_us"]), care.zone)
            lines.append(self.post.text(words.replies.patient_next, step=step, time=time))
        return lines

    async def last_answer(self, tx: Tx, care: Care) -> str:
        """The newest check-in with an answer, in words; empty without one."""
        last = await patient_list.last_answered(tx, care.enrolment_id)
        plan = self._words.plan(care.plan_id)
        step = plan.by_id.get(last["step_id"]) if plan is not None and last is not None else None
        if last is None or step is None:
            return ""
        answers = summary.answers_in_words(step, summary.answers_to(care, step.id))
        said = self.post.text(
            self._words.replies.patient_answer,
            step=step.code,
            time=self._words.time(from_us(last["answered_us"]), care.zone),
            answers=Html(" · ".join(map(self._words.answer, answers)) or summary.UNKNOWN),
        ).strip()
        if last["entered_by"] is None:
            return said
        name = await people.name_of(tx, self.post.bot_id, UserId(last["entered_by"]))
        return "\n".join((said, self.post.text(self._words.replies.patient_noted, name=name)))

    async def _signs(self, tx: Tx, care: Care) -> Sequence[sa.RowMapping]:
        since_us = to_us(care.treated_at)
        return await patient_list.signs(tx, self.post.bot_id, care.patient_id, since_us, SIGNS)

    def _sign_state(self, sign: sa.RowMapping) -> str:
        replies = self._words.replies
        if sign["state"] == "closed":
            return replies.sign_false_alarm if sign["outcome"] == "false_alarm" else replies.sign_done
        return replies.sign_taken if sign["state"] == "taken" else replies.sign_open

    def _notes(self, notes: Sequence[sa.RowMapping]) -> list[str]:
        template = self._words.replies.patient_note
        return [self._words.note(template, note, number) for number, note in enumerate(notes[:NOTES], 1)]

    # --- its buttons ------------------------------------------------------------------------------------------------

    def _buttons(self, care: Care, notes: Sequence[sa.RowMapping]) -> Buttons:
        replies, id_ = self._words.replies, care.enrolment_id
        pause = Button(replies.button_pause, f"pl:pause:{id_}")
        resume = Button(replies.button_resume, f"pl:resume:{id_}")
        end = Button(replies.button_end, f"pl:end:{id_}")
        move = Button(replies.button_move, f"pl:move:{id_}")
        first: tuple[Button, ...]
        match summary.standing(care):
            case Standing.OPEN:
                first = (pause, end, move)
            case Standing.PAUSED | Standing.NO_REPLY:
                first = (resume, end)
            case Standing.JOINING:
                first = (end,)
            case Standing.ENDED:
                first = ()
        talk = [
            Button(replies.button_message, f"pl:message:{id_}"),
            Button(replies.button_chart, f"pl:chart:{id_}"),
        ]
        if first:
            talk.append(Button(replies.button_treats, f"pl:treats:{id_}"))
        done = [
            Button(replies.button_done.replace("{number}", str(number)), f"pl:did:{note['id']}")
            for number, note in enumerate(notes[:NOTES], 1)
        ]
        return tuple(row for row in (first, tuple(talk), *in_rows(done, IN_A_ROW)) if row)

    def _move_buttons(self, due_id: int, offered: Sequence[Choice], zone: str) -> Iterator[tuple[Button, ...]]:
        """One for each time that is possible. It carries the time: pressed twice it means the same."""
        replies, there, shown = self._words.replies, ZoneInfo(zone), set()
        labels = {
            When.TODAY: replies.button_today,
            When.TOMORROW: replies.button_tomorrow,
            When.DAY: replies.button_day,
        }
        for one in offered:
            if one.at is None or one.at in shown:
                continue
            shown.add(one.at)
            is_named = one.when is not When.DAY  # today or tomorrow: the clock is enough
            time = f"{one.at.astimezone(there):%H:%M}" if is_named else self._words.time(one.at, zone)
            yield (Button(labels[one.when].replace("{time}", time), f"pl:to:{due_id}.{to_us(one.at) // SECOND_US}"),)
