"""Answers that have to be read again: whose date has gone by, or comes soon."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.content.schema import Entry
from bot.services.post import Post

SOON = timedelta(days=14)
REVIEW_AFTER = timedelta(days=365)
"""An answer is read again so long after it was written, or read again."""
NAMED = 5
"""So many are named, those that have waited longest."""


def is_overdue(entry: Entry, today: date) -> bool:
    """Whether its date has gone by. `today`: a date at the clinic."""
    return entry.review_by < today


def next_review(entry: Entry, today: date) -> date | None:
    """The date that whoever signs it today gives it; None: it keeps its own, which is not near."""
    return today + REVIEW_AFTER if entry.review_by <= today + SOON else None


def review_dates(post: Post) -> str:
    """Some lines for staff; empty where nothing is to be read again within `SOON`."""
    content, texts = post.library.served.whole, post.library.served.content.faq_desk
    today = post.clock.now().astimezone(content.clinic.zone).date()
    entries = sorted(content.entries.values(), key=lambda entry: (entry.review_by, entry.id))
    overdue = [entry for entry in entries if is_overdue(entry, today)]
    soon = [entry for entry in entries if today <= entry.review_by <= today + SOON]
    lines = [
        post.text(template, count=str(len(found)), questions=_named(found))
        for template, found in ((texts.dates_overdue, overdue), (texts.dates_soon, soon))
        if found
    ]
    return "\n".join(lines)


def _named(entries: Sequence[Entry]) -> str:
    names = " · ".join(f"{entry.question} ({entry.review_by})" for entry in entries[:NAMED])
    return names + (" · …" if len(entries) > NAMED else "")
