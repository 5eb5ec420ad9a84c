"""A small clinic and small content, built in code so that these tests do not depend on what the clinic writes."""

from collections.abc import Callable
from datetime import date
from typing import get_origin

import pytest
from hypothesis import settings

from bot.content.schema import Clinic, Content, Entry, Group, RedFlag, Replies, Words
from bot.content.sentences import SENTENCES
from bot.model import Level

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

MakeClinic = Callable[..., Clinic]
MakeEntry = Callable[..., Entry]


@pytest.fixture(scope="session")
def make_clinic() -> MakeClinic:
    """A clinic in London, open on weekdays with a lunch break; any field can be given."""

    def build(**fields: object) -> Clinic:
        weekday = ("09:00-12:30", "13:30-17:30")
        defaults = {
            "name": "Harbour Foot & Ankle",
            "phone": "020 7946 0000",
            "address": "1 Quay Street",
            "hours": dict.fromkeys(("mon", "tue", "wed", "thu"), weekday) | {"fri": ("09:00-13:00",)},
            "time_zone": "Europe/London",
            "emergency_number": "999",
            "urgent_line": "NHS 111",
            "crisis_line": "116 123",
            "youth_line": "0800 1111",
            "on_call": "none",
            "quiet_hours": "21:00-08:00",
            "quiet_hours_weekend": "21:00-10:00",
            "guardian_age": 16,
            "record_years": 8,
            "privacy_url": "https://clinic.example/privacy",
            "booking_link": "https://clinic.example/book?a=1&b=2",
            "price_list": "https://clinic.example/prices",
            "cancel_notice": "24 hours",
        }
        return Clinic.model_validate(defaults | fields)

    return build


@pytest.fixture(scope="session")
def clinic(make_clinic: MakeClinic) -> Clinic:
    return make_clinic()


@pytest.fixture(scope="session")
def make_entry() -> MakeEntry:
    """An FAQ entry from its id, question and phrasings."""

    def build(entry_id: str, question: str, *phrasings: str, **fields: object) -> Entry:
        defaults = {"id": entry_id, "question": question, "phrasings": phrasings, "answer": f"Answer to {entry_id}."}
        return Entry.model_validate(defaults | {"review_by": date(2030, 1, 1)} | fields)

    return build


@pytest.fixture(scope="session")
def entries(make_entry: MakeEntry) -> tuple[Entry, ...]:
    return (
        make_entry(
            "soreness_duration",
            "How long will I be sore?",
            "how long does the soreness last",
            "when does the ache go away",
            "still aching the day after needling",
            "how many days will my calf be sore",
            "is it usual to be sore afterwards",
        ),
        make_entry(
            "bruising",
            "Is a bruise normal?",
            "I have a bruise where the needle went in",
            "purple mark on my calf",
            "how long does a bruise take to fade",
            "my leg is bruised after the treatment",
            "is bruising normal after dry needling",
        ),
        make_entry(
            "driving",
            "Can I drive home?",
            "am I ok to drive after the session",
            "can I drive straight after needling",
            "is it safe to drive home",
            "should somebody else drive me home",
            "when may I drive again",
        ),
        make_entry("parking", "Where can I park?", "is there a car park", "parking near the clinic"),
    )


@pytest.fixture(scope="session")
def red_flags() -> tuple[RedFlag, ...]:
    return (
        RedFlag(
            id="suspected_dvt",
            level=Level.URGENT,
            signs=("calf is swollen", "swollen calf", "calf is hot", "blood clot", "fever", "pus"),
            look_alikes=("hot after my run", "swollen calf muscle from the gym"),
            question="Is it so now?",
            text="Ring {clinic_phone} now.",
        ),
        RedFlag(
            id="mild_skin_reaction",
            level=Level.ADVISE,
            signs=("itchy rash",),
            question="Is it so now?",
            text="Keep it clean.",
        ),
        RedFlag(
            id="chest_pain_breathless",
            level=Level.EMERGENCY,
            signs=(
                "chest pain",
                "pain in my chest",
                "can't breathe",
                "short of breath",
                "breathless",
                "collapsed lung",
            ),
            look_alikes=("get it off my chest", "took my breath away", "short of breath when I think"),
            question="Is it so now?",
            text="Call {emergency_number}.",
        ),
        RedFlag(
            id="self_harm",
            level=Level.EMERGENCY,
            signs=("want to die", "kill myself", "don't want to wake up"),
            look_alikes=("dying to run",),
            question="Is it so now?",
            text="Call {crisis_line}.",
        ),
        RedFlag(
            id="nerve_injury",
            level=Level.URGENT,
            signs=("no feeling in my foot", "can't lift my foot", "foot not moving"),
            question="Is it so now?",
            text="Ring {clinic_phone} today.",
        ),
    )


@pytest.fixture(scope="session")
def wish_words() -> Words:
    return Words(
        stop=("stop", "stop messaging me", "no more messages", "unsubscribe", "take me off the list", "opt out"),
        resume=("resume", "start again", "start the messages again", "sign me up again"),
        human=("human", "speak to someone", "talk to a real person", "call me", "not a robot"),
        greeting=("hello", "hi", "hey", "good morning"),
        thanks=("thanks", "thank you", "cheers", "thanks a million"),
        about_bot=("are you a robot", "who is this", "what can you do"),
        language=("do you speak polish", "polish", "po polsku", "other language"),
        yes=("yes",),
        no=("no",),
        none_of_these=("none of these",),
        helped=("that helped", "thanks that's it"),
        not_asked=("not what i asked", "that's not it"),
    )


@pytest.fixture(scope="session")
def content(clinic: Clinic, entries: tuple[Entry, ...], red_flags: tuple[RedFlag, ...], wish_words: Words) -> Content:
    texts = {name: f"{name}." for name in Replies.model_fields if name != "language_foreign"}
    replies = Replies.model_validate(texts | {"language_foreign": {"es": "language_foreign.es."}})
    group = Group(id="after", title="After the treatment", entries=entries)
    more = {
        name: model.model_validate(
            {key: {} if get_origin(field.annotation) else f"{key}." for key, field in model.model_fields.items()}
        )
        for name, model in SENTENCES.items()
    }
    return Content(clinic=clinic, groups=(group,), red_flags=red_flags, words=wish_words, replies=replies, **more)
