"""A small content folder that is right in every way, for tests that break one thing in it."""

from pathlib import Path
from typing import get_origin

import pytest

from bot.content.lint import RED_FLAGS
from bot.content.schema import Replies, Words
from bot.content.sentences import SENTENCES

CLINIC = """\
name: Test Clinic
phone: 01632 960000
address: 2 Test Road
hours:
  mon: 09:00-17:00
  tue: [09:00-12:00, 13:00-17:00]
  wed: closed
  thu: 09:00-17:00
  fri: 09:00-17:00
  sat: closed
  sun: closed
time_zone: Europe/London
emergency_number: 999
urgent_line: NHS 111
crisis_line: Samaritans 116 123
youth_line: Childline 0800 1111
on_call: none
quiet_hours: 20:30-08:30
quiet_hours_weekend: 20:30-09:30
guardian_age: 16
record_years: 8
privacy_url: https://example.org/privacy
booking_link: https://example.org/book
price_list: https://example.org/prices
cancel_notice: 24 hours
"""

SORENESS = """\
title: Soreness
entries:
  - id: soreness_duration
    question: How long will I be sore?
    phrasings:
      - how long will I be sore
      - when does the ache stop
      - still aching
      - is sore normal
      - legs hurt since needling
    answer: "Two days, at most three.\\nRing {clinic_phone} if it lasts."
    variants:
      - until: 72h
        answer: Two days or three.
      - after: 72h
        answer: Please ring {clinic_phone}.
    see_also: [heat_or_ice]
    review_by: 2027-11-30
  - id: heat_or_ice
    question: Heat or ice?
    phrasings:
      - heat or ice
      - warm or cold
      - ice pack
      - hot water bottle
      - frozen peas
    answer: Warmth for an ache.
    review_by: 2027-11-30
"""

SPELLING = """\
spellings:
  "dont": "do not"
  "tmrw": "tomorrow"
keep:
  - apixaban
"""
MESSAGES = [key for key in Words.model_fields if key not in {"spellings", "keep"}]
"""The keys of `words.yaml` that hold whole messages."""
SPELT = 2 * len(MESSAGES) + 2
"""The line of the first spelling."""

FOR_PEOPLE = """\
for_people:
  other_body:
    - my back hurts
    - toothache again
  chit_chat:
    - tell me a joke
"""

OTHER_LANGUAGES = """\
other_languages:
  es:
    emergency: En una emergencia llame al {emergency_number}.
    call_now: Llame ahora al {emergency_number}.
    signs:
      seizure:
        - convulsiones
      heavy_bleeding:
        - sangra mucho
"""


@pytest.fixture(scope="session")
def good_files() -> dict[str, str]:
    """The files of a clinic without a single mistake, by path; shared, not to be changed."""
    flags = (
        f"  - id: {id_}\n    level: {level}\n    signs: [{id_.replace('_', ' ')}]\n    question: Is it so now?\n"
        "    text: Call {emergency_number} now.\n"
        for id_, level in RED_FLAGS.items()
    )
    return {
        "clinic.yaml": CLINIC,
        "en/soreness.yaml": SORENESS,
        "en/red_flags.yaml": "red_flags:\n" + "".join(flags),
        "en/replies.yaml": "".join(f"{key}: Hello\n" for key in Replies.model_fields if key != "language_foreign"),
        **{
            f"en/replies_{name}.yaml": "".join(
                f"{key}:\n  one: Hello\n" if get_origin(field.annotation) else f"{key}: Hello\n"
                for key, field in model.model_fields.items()
            )
            for name, model in SENTENCES.items()
        },
        "en/words.yaml": "".join(f"{key}:\n  - {key} word\n" for key in MESSAGES) + SPELLING,
        "en/for_people.yaml": FOR_PEOPLE,
        "en/other_languages.yaml": OTHER_LANGUAGES,
    }


@pytest.fixture
def good(good_files: dict[str, str]) -> dict[str, str]:
    """The same, to break."""
    return dict(good_files)


@pytest.fixture
def folder(tmp_path: Path, good: dict[str, str]) -> Path:
    """The same on disk."""
    root = tmp_path / "faq"
    for name, text in good.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
