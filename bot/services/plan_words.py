"""Words for staff about care plans, from the content: states, reasons, check-ins, times on the patient's clock."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.care import Care, NoteKind
from bot.clock import from_us
from bot.content.plan import Plan
from bot.content.sentences import PatientListReplies
from bot.core.care.moving import When, WhyNot
from bot.core.care.summary import Answer, Standing, standing
from bot.core.replies import time_in_words
from bot.services.plan_actions import STAFF
from bot.services.post import Post
from bot.store.care import ALERT

OWN_WORDS = 200
"""Characters of an answer in the patient's own words."""


@dataclass(frozen=True)
class PlanWords:
    """Puts what is known of plans into words; those that go into a message are escaped by `Post.text`."""

    post: Post

    @property
    def replies(self) -> PatientListReplies:
        """The sentences now served."""
        return self.post.library.served.content.patient_list

    def plan(self, plan_id: str) -> Plan | None:
        """The plan as it is now; None where it was taken out of the content."""
        return self.post.library.served.content.plans.get(plan_id)

    def step(self, plan_id: str, step_id: str) -> str:
        """What staff call a check-in."""
        plan = self.plan(plan_id)
        step = plan.by_id.get(step_id) if plan is not None else None
        return step.code if step is not None else step_id

    def time(self, at: datetime, zone: str | None = None) -> str:
        """A moment on the clock of an IANA zone; without one, of the clinic's."""
        there = ZoneInfo(zone) if zone is not None else self.post.library.served.content.clinic.zone
        return time_in_words(at, now=self.post.clock.now(), zone=there)

    def state(self, care: Care, reason: str | None) -> str:
        """How a plan stands, with the reason where it is paused or has ended."""
        match standing(care):
            case Standing.JOINING:
                return self.replies.plan_state_joining
            case Standing.OPEN:
                return self.replies.plan_state_open
            case Standing.NO_REPLY:
                return self.replies.plan_state_no_reply
            case Standing.PAUSED:
                return self.replies.plan_state_paused.replace("{why}", self.why(reason))
            case Standing.ENDED:
                return self.replies.plan_state_ended.replace("{why}", self.why(reason))

    def why(self, reason: str | None) -> str:
        """Why a plan is paused, or has ended."""
        known = {ALERT: self.replies.plan_why_alert, STAFF: self.replies.plan_why_staff}
        return known.get(reason or "", (reason or "–").replace("_", " "))

    def answer(self, answer: Answer) -> str:
        """One answer, ready to send; the patient's own words are hidden until touched, and cut where they are long."""
        said = answer.words if len(answer.words) <= OWN_WORDS else f"{answer.words[:OWN_WORDS]} […]"
        template = self.replies.patient_own_words if answer.is_free else "{text}"
        return f"{self.post.text('{name}', name=answer.question)}: {self.post.text(template, text=said)}"

    def note_kind(self, kind: str) -> str:
        """What a note asks for."""
        return {
            NoteKind.NOTE: self.replies.note_kind_note,
            NoteKind.CALL: self.replies.note_kind_call,
            NoteKind.BOOKING: self.replies.note_kind_booking,
            NoteKind.VISIT: self.replies.note_kind_visit,
            NoteKind.LATE: self.replies.note_kind_late,
        }[NoteKind(kind)]

    def note(self, template: str, note: sa.RowMapping, number: int, **extra: str) -> str:
        """One note as a line, ready to send."""
        return self.post.text(
            template,
            number=str(number),
            kind=self.note_kind(note["kind"]),
            text=note["text"],
            time=self.time(from_us(note["at_us"])),
            **extra,
        )

    def when(self, when: When) -> str:
        """What staff may choose to put a check-in off."""
        return {
            When.TODAY: self.replies.move_today,
            When.TOMORROW: self.replies.move_tomorrow,
            When.DAY: self.replies.move_day,
        }[when]

    def why_not_move(self, why: WhyNot) -> str:
        """Why a check-in may not be put off like that."""
        return {
            WhyNot.NOT_TODAY: self.replies.move_why_not_today,
            WhyNot.NOT_LATER: self.replies.move_why_not_later,
            WhyNot.WINDOW: self.replies.move_why_window,
            WhyNot.QUIET: self.replies.move_why_quiet,
            WhyNot.CLOSED: self.replies.move_why_closed,
            WhyNot.TOO_LATE: self.replies.move_why_too_late,
            WhyNot.NEXT: self.replies.move_why_next,
        }[why]
