"""The shape of the clinic's content as read from `faq/`: frozen values, validated, no I/O.

`core/` reads these. The format is explained to its editors in the header of each file; `load.py` turns what pydantic
says here into sentences with file and line.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.content.broadcasts import BroadcastTemplate
from bot.content.parts import Day, Id, LanguageCode, Letter, Line, Part, Range, Signable, Text, parse_duration
from bot.content.plan import Plan
from bot.content.sentences import (
    BackupReplies,
    BroadcastReplies,
    CheckInReplies,
    EnrolmentReplies,
    FaqDeskReplies,
    PatientListReplies,
    PeopleReplies,
    RightsReplies,
    StatusReplies,
    TeachReplies,
    TeamReplies,
    ThreadReplies,
)
from bot.content.staff_replies import StaffReply
from bot.model import Level, UserId

PLACEHOLDERS = (
    "clinic_name",
    "clinic_phone",
    "clinic_hours",
    "clinic_address",
    "booking_link",
    "price_list",
    "cancel_notice",
    "emergency_number",
    "urgent_line",
    "crisis_line",
    "youth_line",
    "privacy_url",
)
"""What `{…}` may name in any text; from `clinic.yaml`. A reply may have more: `REPLY_PLACEHOLDERS`."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def parse_day(value: object) -> object:
    """A day's opening hours: `"closed"` as none, one range alone as a list of one."""
    if isinstance(value, str):
        return () if value.strip().lower() == "closed" else (value,)
    return value


def parse_none(value: object) -> object:
    """`"none"` as an empty list: a choice that has to be written down, not a line forgotten."""
    if isinstance(value, str):
        if value.strip().lower() != "none":
            raise ValueError("write none, or a list of people with their telegram_id")
        return ()
    return value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; write for example Europe/London") from error
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
Hours = Annotated[tuple[Range, ...], BeforeValidator(parse_day)]
"""The ranges in which somebody reads on one weekday; empty: closed."""


class Closure(Part):
    """Whole days the clinic is closed, both ends included."""

    first: Day
    last: Day
    reason: Line

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("'last' is before 'first'")
        return self


class OnCall(Part):
    """Somebody to reach when the staff group cannot be written to."""

    telegram_id: UserId
    phone: Line | None = None


class Clinic(Part):
    """`clinic.yaml`: who the clinic is and when somebody reads."""

    name: Line
    phone: Line
    address: Line
    hours: dict[Weekday, Hours]
    closures: tuple[Closure, ...] = ()
    time_zone: ZoneName
    emergency_number: Line
    urgent_line: Line
    crisis_line: Line
    youth_line: Line
    on_call: Annotated[tuple[OnCall, ...], BeforeValidator(parse_none)]
    """Empty when the file says `none`."""
    quiet_hours: Range
    quiet_hours_weekend: Range
    """Saturday and Sunday mornings begin later."""
    podiatrists: tuple[UserId, ...] = ()
    broadcast_needs_second: bool = False
    """An announcement goes out only once a second person has confirmed it."""
    staff_names: bool = False
    """Patients read the first name of whoever of the team writes to them."""
    guardian_age: int = Field(ge=0, le=30)
    record_years: int = Field(ge=0, le=100)
    privacy_url: Line
    booking_link: Line
    price_list: Line
    cancel_notice: Line

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Variant(Part):
    """Another answer for a stretch of time since the treatment, `after` included, `until` excluded."""

    after: Annotated[timedelta, BeforeValidator(parse_duration)] = timedelta(0)
    until: Annotated[timedelta | None, BeforeValidator(parse_duration)] = None
    answer: Text


class Entry(Signable):
    """One question patients ask, in many phrasings, and the clinic's answer."""

    question: Line
    phrasings: tuple[Line, ...] = ()
    answer: Text
    variants: tuple[Variant, ...] = ()
    see_also: tuple[Id, ...] = ()
    sources: tuple[Line, ...] = ()
    review_by: Day


class Group(Part):
    """One `<group>.yaml`: entries that belong together under one title in /faq."""

    id: Id
    """The file's name without `.yaml`."""
    title: Line
    order: int = Field(default=50, ge=0, le=999)
    """Where it stands in /faq: small numbers first, then by name."""
    entries: tuple[Entry, ...]
    retired: tuple[Id, ...] = ()
    """Ids of entries that were taken out: no other question may have them, since what patients asked names them."""


CONCEPT = re.compile(r"<([a-z][a-z0-9_]*)>")
"""How a sign of danger names a concept."""


class LevelChange(Part):
    """Signs beside those of a red flag that make it more, or less, pressing."""

    to: Level
    signs: tuple[Line, ...] = Field(min_length=1)


class Late(Part):
    """A question of the FAQ that may be a sign of danger so long after the treatment: numbness on the next day."""

    entry: Id
    after: Annotated[timedelta, BeforeValidator(parse_duration)]


class RedFlag(Signable):
    """A sign of danger: how patients say it, what sounds like it and is not, and what the patient is told.

    Every line is a pattern (`bot/core/phrases.py`): words in order, `<concept>`s, and " + " between what may stand
    anywhere in one sentence.
    """

    level: Level
    signs: tuple[Line, ...] = Field(min_length=1)
    """Each is enough."""
    any_two: tuple[Line, ...] = ()
    """Two are enough, or one beside one of `risks`."""
    risks: tuple[Line, ...] = ()
    ask_if: tuple[Line, ...] = ()
    """As likely harmless: the patient is asked `question`."""
    look_alikes: tuple[Line, ...] = ()
    changes: tuple[LevelChange, ...] = ()
    late: tuple[Late, ...] = ()
    """Where the FAQ would answer one of these, the patient is asked `question` first."""
    question: Line
    """One question that tells the sign from its look-alike; "yes" means danger."""
    text: Text

    later_fields: ClassVar[frozenset[str]] = frozenset({"late"})


class Words(Part):
    """`words.yaml`: what patients type to do something rather than to ask something."""

    stop: tuple[Line, ...]
    resume: tuple[Line, ...]
    mydata: tuple[Line, ...] = ()
    """To see what we keep about them…"""
    forget: tuple[Line, ...] = ()
    """…and to have it deleted: whole messages, word by word, since much follows from it."""
    human: tuple[Line, ...]
    greeting: tuple[Line, ...]
    thanks: tuple[Line, ...]
    about_bot: tuple[Line, ...]
    language: tuple[Line, ...]
    yes: tuple[Line, ...]
    no: tuple[Line, ...]
    none_of_these: tuple[Line, ...]
    not_sure: tuple[Line, ...] = ()
    """Doubt, as an answer to a safety question: it counts as yes."""
    helped: tuple[Line, ...] = ()
    not_asked: tuple[Line, ...] = ()
    distressed: tuple[Line, ...] = ()
    """Patterns anywhere in a message, unless denied or imagined: the patient is very upset, and staff get a note."""
    spellings: Mapping[Line, Line] = Field(default_factory=dict)
    """How people type a word → the one to four words meant; both normalised, no negation lost, no number changed."""
    keep: tuple[Line, ...] = ()
    """Words that are right as typed and never taken for a slip of another: names of medicines, of conditions."""


class Messages(Part):
    """Whole messages that mean a danger, and others that only sound like it."""

    signs: tuple[Letter, ...] = ()
    look_alikes: tuple[Letter, ...] = ()


class OtherLanguage(Part):
    """What a patient who writes in another language is told first, and how they say that they are in danger."""

    emergency: Text
    """"In an emergency call {emergency_number}", in that language."""
    call_now: Text
    """"Call {emergency_number} now", in that language."""
    signs: Mapping[Id, tuple[Line, ...]] = Field(default_factory=dict)
    """By red flag, words that are enough wherever they stand; capitals and accents do not count."""


class Content(Part):
    """Everything the clinic wrote, in one language."""

    clinic: Clinic
    groups: tuple[Group, ...]
    red_flags: tuple[RedFlag, ...]
    concepts: Mapping[Id, tuple[Line, ...]] = Field(default_factory=dict)
    """The clinic's words for one thing, which signs of danger call `<id>`."""
    messages: Mapping[Id, Messages] = Field(default_factory=dict)
    """By red flag, what the second opinion is learned from."""
    figures_of_speech: tuple[Line, ...] = ()
    """Patterns that are no sign of any danger: "dying to run"."""
    words: Words
    replies: "Replies"
    for_people: Mapping[Id, tuple[Line, ...]] = Field(default_factory=dict)
    """Kind → messages the bot must not answer by itself, however near to a question they sound."""
    other_languages: Mapping[LanguageCode, OtherLanguage] = Field(default_factory=dict)
    """By code: the lines about emergencies, and signs of danger."""
    plans: Mapping[Id, Plan] = Field(default_factory=dict)
    """Care plans by id; empty where the clinic sends no check-ins."""
    templates: Mapping[Id, BroadcastTemplate] = Field(default_factory=dict)
    """Announcements kept for use again, by id."""
    staff_replies: Mapping[Id, StaffReply] = Field(default_factory=dict)
    """What staff send again and again, by id."""
    private_words: tuple[Line, ...] = ()
    """What an announcement should not say on a locked screen."""
    enrolment: EnrolmentReplies
    check_ins: CheckInReplies
    rights: RightsReplies
    patient_list: PatientListReplies
    broadcasts: BroadcastReplies
    backups: BackupReplies
    status: StatusReplies
    teach: TeachReplies
    team: TeamReplies
    people: PeopleReplies
    faq_desk: FaqDeskReplies
    threads: ThreadReplies
    """More of the bot's own sentences, a file for each."""
    revision: str = ""
    """Hash of the files it was read from."""

    @property
    def entries(self) -> dict[str, Entry]:
        """Every entry by id, in file order."""
        return {entry.id: entry for group in self.groups for entry in group.entries}


class Replies(Part):
    """`replies.yaml`: every sentence the bot says that is no FAQ answer and no red-flag text."""

    start: Text
    help: Text
    privacy: Text
    faq_intro: Text
    faq_group: Text
    answer_intro: Line
    answer_footer: Text
    ask: Text
    hand_over_open: Text
    hand_over_closed: Text
    human_open: Text
    human_closed: Text
    greeting: Text
    thanks: Text
    about_bot: Text
    language: Text
    stopped: Text
    already_stopped: Text
    resumed: Text
    not_stopped: Text
    edited: Text
    media: Text
    media_caption: Text
    sticker: Text
    contact: Text
    location: Text
    unknown_command: Text
    staff_only: Text
    stale_button: Text
    too_many: Text
    something_failed: Text
    acknowledged: Text
    still_emergency: Text
    still_urgent: Text
    was_off: Text
    resent: Text
    relay_from_staff: Text
    relay_from_person: Text
    urgent_open: Text
    urgent_closed: Text
    advise_footer: Text
    unseen_emergency: Text
    unseen_self_harm: Text
    unseen_urgent_open: Text
    unseen_urgent_closed: Text
    seen_emergency: Text
    seen_self_harm: Text
    seen_urgent: Text
    check: Text
    self_harm_child: Text
    check_self_harm: Text
    check_usual: Text
    check_no: Text
    check_no_self_harm: Text
    check_nudge: Text
    check_no_reply: Text
    none_of_these: Text
    not_asked: Text
    which_one: Text
    helped: Text
    foreign_open: Text
    foreign_closed: Text
    welcome_back: Text
    button_ask_team: Line
    button_none_of_these: Line
    button_helped: Line
    button_not_asked: Line
    button_browse: Line
    button_back: Line
    button_yes: Line
    button_no: Line
    button_not_sure: Line
    staff_hand_over: Text
    staff_red_flag: Text
    staff_red_flag_on_paper: Text
    """The same of a patient without Telegram."""
    staff_shared_phone: Line
    """Under it, where a family shares the chat."""
    staff_status_take: Line
    staff_status_again: Line
    staff_status_taken: Line
    staff_status_closed: Line
    staff_phone: Line
    staff_no_phone_ref: Line
    staff_no_phone: Line
    staff_more: Text
    staff_check_answer: Text
    staff_check_no_answer: Line
    staff_taken: Text
    staff_call_done: Text
    staff_false_alarm: Text
    staff_replaced: Text
    staff_media: Text
    staff_parked: Text
    staff_in_doubt: Text
    staff_unreachable: Text
    staff_bad_markup: Text
    staff_morning: Text
    staff_was_off: Text
    staff_was_off_day: Text
    staff_content_broken: Text
    staff_content_new: Text
    staff_unsigned: Text
    staff_trial: Text
    staff_human: Text
    staff_foreign: Text
    staff_group_lost: Text
    staff_deaf: Text
    staff_relayed: Text
    staff_not_relayed: Text
    staff_card_unknown: Text
    staff_edited: Text
    staff_status: Text
    staff_button_take: Line
    staff_button_done: Line
    staff_button_false: Line
    staff_button_card: Line
    staff_button_on_call: Line
    staff_topic_alerts: Line
    staff_alerts: Text
    staff_alerts_none: Text
    staff_digest: Text
    staff_alert_line: Line
    staff_alert_advise: Line
    staff_nobody: Line
    staff_taken_short: Line
    staff_figures: Text
    staff_figures_line: Text
    staff_review_due: Text
    staff_week: Text
    staff_on_call_test: Text
    staff_on_call_thanks: Text
    staff_on_call_sent: Text
    staff_on_call_confirmed: Text
    staff_on_call_open: Text
    staff_on_call_none: Text
    staff_on_call_unreachable: Text
    staff_missed: Text
    staff_missed_what: Text
    bot_description: Text
    bot_short_description: Line
    language_foreign: Mapping[LanguageCode, Text] = Field(default_factory=dict)
    """The first lines of `foreign_open` and `foreign_closed` in the patient's own language, by its code."""


Content.model_rebuild()

_CARD = frozenset({"code", "text", "since"})
_ALERT = frozenset({"level", "code", "id", "age", "who"})
REPLY_PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "faq_group": frozenset({"title"}),
    "hand_over_open": frozenset({"reads_until"}),
    "hand_over_closed": frozenset({"next_opening"}),
    "foreign_open": frozenset({"reads_until"}),
    "foreign_closed": frozenset({"next_opening"}),
    "human_open": frozenset({"reads_until"}),
    "human_closed": frozenset({"next_opening"}),
    "media": frozenset({"what"}),
    "media_caption": frozenset({"what"}),
    "relay_from_staff": frozenset({"text"}),
    "relay_from_person": frozenset({"name", "text"}),
    "urgent_closed": frozenset({"next_opening"}),
    "staff_hand_over": _CARD,
    "staff_human": _CARD,
    "staff_foreign": _CARD | {"language"},
    "staff_red_flag": _CARD | {"id", "level", "status", "said", "phone"},
    "staff_red_flag_on_paper": _CARD | {"id", "level", "status", "said", "phone"},
    "staff_shared_phone": frozenset({"codes"}),
    "staff_phone": frozenset({"phone"}),
    "staff_no_phone_ref": frozenset({"reference"}),
    "staff_more": frozenset({"code", "id", "text"}),
    "check": frozenset({"question"}),
    "check_self_harm": frozenset({"question"}),
    "check_nudge": frozenset({"question"}),
    "staff_check_answer": frozenset({"question", "answer"}),
    "staff_taken": frozenset({"who"}),
    "staff_call_done": frozenset({"who"}),
    "staff_false_alarm": frozenset({"who"}),
    "staff_alerts": frozenset({"lines", "questions"}),
    "staff_alerts_none": frozenset({"questions"}),
    "staff_digest": frozenset({"lines"}),
    "staff_alert_line": _ALERT,
    "staff_alert_advise": _ALERT | {"text"},
    "staff_taken_short": frozenset({"who"}),
    "staff_figures": frozenset({"count", "rate"}),
    "staff_figures_line": frozenset({"id", "count", "false", "minutes"}),
    "staff_review_due": frozenset({"id", "count", "false"}),
    "staff_week": frozenset({"figures"}),
    "staff_on_call_confirmed": frozenset({"who"}),
    "staff_on_call_open": frozenset({"who"}),
    "staff_on_call_unreachable": frozenset({"who"}),
    "staff_missed": frozenset({"code"}),
    "staff_media": frozenset({"code", "what", "since"}),
    "staff_parked": frozenset({"code", "update"}),
    "staff_in_doubt": frozenset({"code", "kind", "message"}),
    "staff_unreachable": frozenset({"code"}),
    "staff_bad_markup": frozenset({"what"}),
    "staff_morning": frozenset({"version", "revision", "open_questions", "unsure"}),
    "staff_was_off": frozenset({"since", "until"}),
    "staff_was_off_day": frozenset({"since", "until", "plans"}),
    "staff_content_broken": frozenset({"problems"}),
    "staff_content_new": frozenset({"revision"}),
    "staff_unsigned": frozenset({"count", "ids"}),
    "staff_trial": frozenset({"count", "ids"}),
    "staff_group_lost": frozenset({"reason"}),
    "staff_deaf": frozenset({"reason"}),
    "staff_not_relayed": frozenset({"reason"}),
    "staff_status": frozenset({"pending", "unknown", "parked", "open_alerts", "revision", "unsigned", "uptime"}),
}
"""What a reply may name besides `PLACEHOLDERS`; the code that sends it fills these in, HTML-escaped."""
