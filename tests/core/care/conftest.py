"""A patient who goes through check-ins without a database: what decisions change is kept as the services would."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
import yaml

from bot.care import Care, CareChange, Note, PlanState
from bot.content.plan import Plan
from bot.content.schema import Content
from bot.content.sentences import CheckInReplies
from bot.core.conversation import Conversation
from bot.core.matching import Matcher
from bot.core.outcome import Earlier, Occasion, Outcome, State
from bot.core.understand import Brain, build_brain
from bot.model import (
    Candidate,
    ChatId,
    Decision,
    Level,
    Match,
    MessageId,
    PatientId,
    PressIn,
    Sender,
    TelegramMessageId,
    TextIn,
    UserId,
)

TREATED_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
CHAT, SENDER = ChatId(11), Sender(UserId(11))
ROW = MessageId(3)

FAQ = Path("faq/en")


class OneAnswer(Matcher):
    """A matcher that is sure of one question, and knows no other."""

    def match(self, text: str) -> Match:
        sure: Literal[Decision.ANSWER] = Decision.ANSWER
        if "drive" in text:
            return Match(sure, (Candidate("driving", 0.95, ""),), text)
        return Match(Decision.HAND_OVER, (), text)


PLAN = {
    "id": "needling",
    "title": "Dry needling",
    "areas": [{"id": "heel", "label": "Heel"}, {"id": "calf", "label": "Calf"}],
    "sides": [{"id": "left", "label": "Left"}],
    "careful": [{"id": "thinner", "label": "Blood thinner", "staff": "thinner"}],
    "careful_pain": {6: 7},
    "today": "Walk gently.",
    "footer": "Footer.",
    "no_reply": {"after": "4h", "remind": "Just checking in.", "call_if": "pain >= 7"},
    "done_if": "one_week.left is no and not visit",
    "steps": [
        {
            "id": "first_hours",
            "code": "C1",
            "title": "First hours",
            "at": "+3h",
            "latest": "+5h",
            "all_fine": True,
            "hello": "Hello, how is it going?",
            "child_hello": "Hello, how is your child?",
            "advice": "Walk gently. Ring {clinic_phone}.",
            "questions": [
                {
                    "id": "feeling",
                    "ask": "How are you feeling?",
                    "child": "How is your child feeling?",
                    "kind": "choice",
                    "options": [
                        {"id": "fine", "label": "Fine"},
                        {"id": "sore", "label": "A bit sore"},
                        {"id": "bad", "label": "Not great"},
                    ],
                },
                {
                    "id": "signs",
                    "ask": "Do you have any of these? Tap all that fit.",
                    "kind": "several",
                    "options": [
                        {"id": "none", "label": "None"},
                        {"id": "dizzy", "label": "Light-headed", "words": ["dizzy"]},
                        {"id": "bleeding", "label": "Bleeding that hasn't stopped", "words": ["bleeding"]},
                        {"id": "weak", "label": "Foot feels weak", "words": ["weak foot"]},
                        {"id": "breath", "label": "Short of breath or chest pain"},
                        {"id": "itch", "label": "Itchy skin"},
                    ],
                },
                {
                    "id": "soaking",
                    "ask": "Press hard for 10 minutes. Is it soaking through?",
                    "kind": "choice",
                    "when": "signs has bleeding",
                    "options": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}],
                },
                {"id": "pain", "ask": "How strong is the pain now, 0-10?", "kind": "scale"},
                {
                    "id": "hard",
                    "ask": "Is the calf very hard?",
                    "kind": "choice",
                    "when": "pain >= 8",
                    "options": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}],
                },
                {
                    "id": "dizzy_later",
                    "ask": "Is it better now?",
                    "kind": "choice",
                    "when": "signs has dizzy",
                    "later": "60m",
                    "options": [
                        {"id": "better", "label": "Better"},
                        {"id": "same", "label": "Same"},
                        {"id": "worse", "label": "Worse"},
                    ],
                },
            ],
            "rules": [
                {"when": "signs has breath", "alert": "chest_pain_breathless"},
                {"when": "soaking is yes", "alert": "chest_pain_breathless"},
                {"when": "signs has weak", "alert": "nerve_injury"},
                {"when": "hard is yes", "alert": "suspected_dvt", "level": "emergency"},
                {"when": "hard is no", "alert": "suspected_dvt", "note": "Pain 8 or more"},
                {"when": "dizzy_later is same or dizzy_later is worse", "alert": "nerve_injury"},
                {"when": "signs has itch", "alert": "mild_skin_reaction"},
                {"when": "signs has dizzy", "say": "Sit or lie down."},
                {"when": "dizzy_later is better", "say": "Glad it is better."},
                {"when": "pain = 7", "say": "Tips for pain.", "note": "Pain 7", "earlier": "09:00"},
                {"when": "signs has weak", "note": "Weak foot"},
            ],
        },
        {
            "id": "next_morning",
            "code": "C2",
            "title": "Next morning",
            "at": "next morning 09:30",
            "latest": "day 1 12:00",
            "all_fine": True,
            "hello": "Good morning.",
            "advice": "See you on {next_is} then.".replace("{next_is}", "Sunday"),
            "questions": [
                {"id": "pain", "ask": "Pain in the {area} now, 0-10?", "kind": "scale"},
                {
                    "id": "night",
                    "ask": "Compared with last night it is…",
                    "kind": "choice",
                    "options": [
                        {"id": "better", "label": "Better"},
                        {"id": "same", "label": "Same"},
                        {"id": "worse", "label": "Worse"},
                    ],
                },
                {
                    "id": "signs",
                    "ask": "Tap all you see.",
                    "kind": "several",
                    "options": [
                        {"id": "none", "label": "None"},
                        {"id": "bruise", "label": "Bruise"},
                        {"id": "bump", "label": "Small bump", "words": ["bump", "lump"]},
                        {"id": "swollen", "label": "One calf swollen or warm"},
                    ],
                },
                {
                    "id": "breath",
                    "ask": "Any chest pain?",
                    "kind": "choice",
                    "when": "signs has swollen",
                    "options": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}],
                },
                {
                    "id": "growing",
                    "ask": "Is it growing?",
                    "kind": "choice",
                    "when": "signs has bruise and thinner",
                    "options": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}],
                },
            ],
            "rules": [
                {"when": "signs has swollen", "alert": "suspected_dvt"},
                {"when": "breath is yes", "alert": "chest_pain_breathless"},
                {"when": "growing is yes", "alert": "nerve_injury"},
                {"when": "pain >= 4 and pain <= 6", "say": "Heat helps."},
                {"when": "pain = 7", "say": "Rest today.", "instead": True, "note": "Pain 7"},
                {"when": "pain - first_hours.pain >= 2", "note": "Pain went up"},
                {"when": "night is worse", "task": "call"},
            ],
        },
        {
            "id": "one_week",
            "code": "C4",
            "title": "One week",
            "at": "day 7 10:00",
            "latest": "day 8 20:00",
            "hello": "Hello again.",
            "advice": "Keep up the exercises.",
            "questions": [
                {
                    "id": "left",
                    "ask": "Anything left?",
                    "kind": "choice",
                    "options": [{"id": "no", "label": "No"}, {"id": "bruise", "label": "Bruise"}],
                },
                {"id": "other", "ask": "Anything else to tell us?", "kind": "text", "when": "left is bruise"},
            ],
            "rules": [],
        },
        {
            "id": "before_visit",
            "code": "C5",
            "title": "Before the visit",
            "at": "before visit 36h",
            "latest": "before visit 12h",
            "needs": "visit",
            "hello": "Hello.",
            "advice": "See you then.",
            "questions": [
                {
                    "id": "coming",
                    "ask": "Your visit is on {day} at {time}. Coming?",
                    "kind": "choice",
                    "options": [
                        {"id": "yes", "label": "Yes"},
                        {"id": "change", "label": "Change it"},
                        {"id": "cancel", "label": "Cancel"},
                    ],
                },
            ],
            "rules": [{"when": "coming is change or coming is cancel", "task": "booking"}],
        },
    ],
}


@dataclass
class Patient:
    """One chat with its plans; the clock stands still unless moved."""

    conversation: Conversation
    cares: list[Care]
    state: State = field(default_factory=State)
    now: datetime = TREATED_AT + timedelta(hours=3)
    notes: list[Note] = field(default_factory=list)
    changes: list[CareChange] = field(default_factory=list)
    asks_at: dict[str, datetime] = field(default_factory=dict)
    """Questions that were put off, with their times."""
    last: Outcome = field(default_factory=lambda: Outcome(State()))
    _messages: int = 100
    _check_ins: int = 0

    @property
    def care(self) -> Care:
        return self.cares[0]

    def occasion(self, **fields: object) -> Occasion:
        plans = tuple(one for one in self.cares if one.state is not PlanState.ENDED)
        base = Occasion(now=self.now, sent_at=self.now, code="P-7F3K", care=plans)
        return replace(base, **fields)  # type: ignore[arg-type]

    def begins(self, step_id: str, care: Care | None = None, carried: str = "") -> Outcome:
        """A check-in's time has come."""
        care = care or self.care
        step = self.conversation.content.plans[care.plan_id].by_id[step_id]
        self._check_ins += 1
        return self._kept(
            self.conversation.on_check_in(care, step, self._check_ins, self.state, self.occasion(), carried)
        )

    def says(self, text: str, **fields: object) -> Outcome:
        self._messages += 1
        said = TextIn(CHAT, SENDER, text, TelegramMessageId(self._messages), self.now)
        return self._kept(self.conversation.on_text(said, self.state, self.occasion(**fields)))

    def edits(self, old: str, new: str) -> Outcome:
        """Corrects the last message; `old` is what it was."""
        said = TextIn(CHAT, SENDER, new, TelegramMessageId(self._messages), self.now, edited=True)
        read = self.last.understanding
        assert read is not None
        earlier = Earlier(read.decision, read.id, old)
        return self._kept(self.conversation.on_text(said, self.state, self.occasion(earlier=earlier)))

    def told(self, words: str, question_id: str, check_in_id: int = 1) -> Outcome:
        """Staff take down on the phone what the patient says."""
        of_it = (self.care, check_in_id, question_id, self.state, self.occasion())
        return self._kept(self.conversation.on_told(words, *of_it))

    def taps(self, label: str) -> Outcome:
        """The button of the newest message that has it."""
        buttons = [button for say in self.last.says for row in say.buttons for button in row]
        buttons = buttons or [button for one in self.last.redraws for row in one.buttons for button in row]
        (data,) = [button.data for button in buttons if button.label.removeprefix("✓ ") == label]
        return self.presses(data)

    def presses(self, data: str) -> Outcome:
        press = PressIn(CHAT, SENDER, "p", ROW, data, TelegramMessageId(8))
        return self._kept(self.conversation.on_press(press, self.state, self.occasion()))

    def hears_again(self, question_id: str) -> Outcome:
        """The time of a question that was put off."""
        self.now = self.asks_at.pop(question_id)
        return self._kept(self.conversation.on_later(self.care, question_id, self.state, self.occasion()))

    def answers(self, *given: str) -> Outcome:
        """Taps, one after the other; a comma between options to tick, then Done."""
        for one in given:
            if "," in one or one.endswith("✓"):
                for label in one.removesuffix("✓").split(","):
                    self.taps(label.strip())
                self.taps("Done")
            else:
                self.taps(one)
        return self.last

    def _kept(self, outcome: Outcome) -> Outcome:
        self.last, self.state = outcome, outcome.state
        for change in outcome.care:
            self.keep(change)
        return outcome

    def keep(self, change: CareChange) -> None:
        """What the services store."""
        self.changes.append(change)
        self.notes += change.notes
        place = next(at for at, one in enumerate(self.cares) if one.enrolment_id == change.enrolment_id)
        care = self.cares[place]
        if change.open is not None:
            care = replace(care, open=change.open)
            self.asks_at |= {one.question_id: one.at for one in change.later}
            if change.closed is not None:
                answers = {**care.answers, change.open.step_id: change.open.answers}
                care = replace(care, open=None, answers=answers)
        if change.state is not None:
            care = replace(care, state=change.state)
        self.cares[place] = care

    # --- what was seen ----------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """All that the patient was just told."""
        return "\n---\n".join(say.text for say in self.last.says)

    @property
    def labels(self) -> list[str]:
        """Of the buttons under the last message."""
        return [button.label for row in self.last.says[-1].buttons for button in row]

    @property
    def alerts(self) -> tuple[Level | None, tuple[str, ...]] | None:
        """What staff were just told to take; None without an alert."""
        (card,) = self.last.staff or (None,)
        return (card.level, card.flag_ids) if card is not None else None

    @property
    def closed(self) -> str | None:
        """Why the last change closed its check-in."""
        return self.changes[-1].closed


def make_care(number: int = 1, **fields: object) -> Care:
    base = Care(
        enrolment_id=number,
        patient_id=PatientId(number),
        code=f"P-{number}",
        label=None,
        plan_id="needling",
        state=PlanState.OPEN,
        treated_at=TREATED_AT,
        zone="Europe/London",
        area="heel",
        side="left",
        careful=False,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def care_content(content: Content) -> Content:
    """The small content with a small plan, and the clinic's own sentences about check-ins and its short words."""
    replies = CheckInReplies.model_validate(yaml.safe_load((FAQ / "replies_check_ins.yaml").read_text()))
    more = {"not_sure": ("not sure", "maybe", "i don't know"), "none_of_these": ("none of these", "none")}
    words = content.words.model_copy(update=more)
    plans = {"needling": Plan.model_validate(PLAN)}
    return content.model_copy(update={"plans": plans, "check_ins": replies, "words": words})


@pytest.fixture(scope="session")
def care_brain(care_content: Content) -> Brain:
    return replace(build_brain(care_content), matcher=OneAnswer())


@pytest.fixture
def patients(care_content: Content, care_brain: Brain) -> Callable[..., Patient]:
    """Makes a chat with these plans."""

    def build(*cares: Care) -> Patient:
        return Patient(Conversation(care_content, care_brain), list(cares or (make_care(),)))

    return build


@pytest.fixture
def patient(patients: Callable[..., Patient]) -> Patient:
    return patients()
