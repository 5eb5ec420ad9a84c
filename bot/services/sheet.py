"""The sheet for a patient without Telegram: the plan's advice by day, and when to ring, in large print on A4."""

import re
from collections.abc import Iterator
from datetime import datetime
from html import escape
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.care import Care
from bot.content.plan import Plan, Step, label_of
from bot.content.schema import Content
from bot.core.care.asking import FAR, Asking
from bot.core.care.planning import plan_steps
from bot.core.replies import render, time_in_words
from bot.core.voice import Voice
from bot.markup import plain
from bot.services.poster import page

_NOT_ON_PAPER = re.compile(
    r"\{(?:next|clinic_phone|emergency_number|urgent_line)\}|\bSTOP\b|\b(?:write (?:to me|here|back)|tap|button)\b",
    re.IGNORECASE,
)
"""A line about what only a phone can do is left out, and one about ringing: that stands at the top."""


def sheet(content: Content, care: Care) -> str:
    """The whole page. Times are in the plan's zone; without its plan there are only the numbers."""
    texts, clinic, zone = content.enrolment, content.clinic, ZoneInfo(care.zone)
    plan = content.plans.get(care.plan_id)
    title = plain(render(texts.sheet_title, clinic))
    values = {
        "area": label_of(plan.areas if plan else (), care.area),
        "side": label_of(plan.sides if plan else (), care.side),
    }
    treated = render(texts.sheet_treated, clinic, **values, date=_day(care.treated_at, zone))
    body = [f"<h1>{escape(title)}</h1>", f"<p>{treated}</p>", f"<h2>{render(texts.sheet_ring_title, clinic)}</h2>"]
    body += _paragraphs(Voice(clinic, content.replies).say(texts.sheet_ring))
    body += _days(content, care, plan, zone) if plan is not None else ()
    body.append(f'<p class="small">{escape(care.code)}</p>')
    return page(title, body)


def _days(content: Content, care: Care, plan: Plan, zone: ZoneInfo) -> Iterator[str]:
    """The advice of the day of treatment, then that of each check-in that everybody has, by its date."""
    texts, clinic = content.enrolment, content.clinic
    yield from _section(
        render(texts.sheet_today, clinic, date=_day(care.treated_at, zone)), _on_paper(content, care, plan.today)
    )
    days: list[tuple[str, str]] = []
    for planned in plan_steps(plan, clinic, zone, care.treated_at, care.treated_at, care.visit_at):
        step = plan.by_id[planned.step_id]
        if planned.at is None or step.needs is not None or _day(planned.at, zone) == _day(care.treated_at, zone):
            continue
        heading = render(texts.sheet_day, clinic, date=_day(planned.at, zone))
        days.append((heading, _on_paper(content, care, step.advice)))
    for text, alike in groupby(days, key=lambda one: one[1]):  # the same advice for days on end is printed once
        headings = [heading for heading, _ in alike]
        yield from _section(" – ".join(dict.fromkeys((headings[0], headings[-1]))), text)


def calls(content: Content, care: Care, now: datetime, codes: tuple[str, ...]) -> list[tuple[Step, datetime]]:
    """The check-ins with these codes that are still to come: when somebody rings instead of the bot writing."""
    plan = content.plans.get(care.plan_id)
    if plan is None:
        return []
    steps = plan_steps(plan, content.clinic, ZoneInfo(care.zone), care.treated_at, now, care.visit_at)
    found = ((plan.by_id[planned.step_id], planned.at) for planned in steps if planned.at is not None)
    return [(step, at) for step, at in found if step.code in codes]


def _on_paper(content: Content, care: Care, text: str) -> str:
    """A text of the plan without what does not belong on paper, in HTML; of one that is nothing else, whom to ring."""
    kept = "\n".join(line for line in text.splitlines() if not _NOT_ON_PAPER.search(line)).strip()
    return Asking(content).text(care, kept or content.enrolment.sheet_no_advice, care.treated_at)


def _section(heading: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"<section><h2>{heading}</h2>"
        yield from _paragraphs(text)
        yield "</section>"


def _paragraphs(html: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", html.strip()):
        yield f"<p>{part.strip().replace(chr(10), '<br>')}</p>"


def _day(at: datetime, zone: ZoneInfo) -> str:
    """ "Monday 23 November"."""
    return time_in_words(at, now=at - FAR, zone=zone).rpartition(" ")[0]
