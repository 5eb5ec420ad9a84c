"""A care plan of seven check-ins, each with one question, put into a copy of the clinic's content.

The clinic's own plan would do, but its clinicians may change it, and then one run could not be held beside another.
"""

import shutil
from datetime import timedelta
from pathlib import Path

from benchmarks._peers import ROOT

PLAN_ID = "seven_steps"
STEPS = 7
FIRST, TWO_DAYS = "first_hours", "two_days"
FIRST_AFTER = timedelta(hours=3)
_TIMES = {
    FIRST: "{at: +3h, latest: +4h, if_quiet: skip}",
    "next_morning": "{at: next morning 09:30, window: 09:00-12:00, latest: day 1 12:00}",
    TWO_DAYS: "{at: +48h, window: 09:00-20:00, latest: day 3 20:00}",
    "four_days": "{at: day 4 10:00, window: 09:00-20:00, latest: day 6 20:00}",
    "one_week": "{at: day 7 10:00, window: 09:00-20:00, latest: day 9 20:00}",
    "ten_days": "{at: day 10 10:00, window: 09:00-20:00, latest: day 12 20:00}",
    "two_weeks": "{at: day 14 10:00, window: 09:00-18:00, latest: day 17 18:00}",
}
_HEAD = """\
title: Seven check-ins
areas:
  - {id: heel, label: Heel}
sides:
  - {id: left, label: Left, words: [l]}
careful:
  - {id: thinner, label: A blood thinner, staff: blood thinner}
today: Rest today. Worried? Ring {clinic_phone}.
footer: Send STOP to end.
no_reply: {after: 4h, remind: Just checking in., call_if: careful}
steps:
"""
_STEP = """\
  - id: {id}
    code: S{number}
    title: Check-in {number}
    {times}
    hello: Hello, this is the helper from the clinic.
    questions:
      - {{id: pain, ask: "How much does it hurt, 0 to 10?", kind: scale}}
    advice: Walk gently.
"""


def plan_text() -> str:
    """The plan as a file."""
    steps = (
        _STEP.format(id=id_, number=number, times=times.strip("{}").replace(", ", "\n    "))
        for number, (id_, times) in enumerate(_TIMES.items(), 1)
    )
    return _HEAD + "".join(steps)


def content_with_plan(folder: Path) -> Path:
    """A copy of the clinic's content in `folder`, with the plan in it."""
    content_dir = Path(shutil.copytree(ROOT / "faq", folder / "faq"))
    plans = content_dir / "en" / "check_ins"
    plans.mkdir(exist_ok=True)
    (plans / f"{PLAN_ID}.yaml").write_text(plan_text(), "utf-8")
    return content_dir
