"""Everything that waits for a clinician, printed for paper: each text as patients see it, and a line to sign on."""

from collections.abc import Iterator
from datetime import date, datetime, time

from bot.content.parts import Signable, say_length
from bot.content.plan import Plan
from bot.content.schema import Content, Entry, RedFlag
from bot.core.hours import wall_clock
from bot.core.replies import render
from bot.markup import escape
from bot.services.poster import page
from bot.services.preview import as_text, preview

TITLE = "Texts to read and sign"
_INTRO = (
    "Read each text as a patient would. If it is right, sign under it; if not, write what to change. "
    "What is signed here counts once it is signed in the bot, too. The short code beside the line is of that text only."
)
_SIGN = "Right as it stands. Name, registration, date, signature:"
_TREATED_AT = time(10, 0)
"""A plan is shown for somebody treated today at this time."""


def waiting(content: Content, today: date) -> tuple[Signable, ...]:
    """What nobody has signed as it stands, and entries whose review is overdue: these first, by their dates, since
    patients get them; then red flags, plans, entries."""
    overdue = [entry for entry in content.entries.values() if entry.review_by < today]
    parts: tuple[Signable, ...] = (*content.red_flags, *content.plans.values(), *content.entries.values())
    rest = [part for part in parts if _why(part, today) and part not in overdue]
    return (*sorted(overdue, key=lambda entry: (entry.review_by, entry.id)), *rest)


def review_pack(content: Content, today: date) -> str:
    """The whole page as HTML. `today`: a date at the clinic."""
    parts = waiting(content, today)
    body = [f"<h1>{TITLE}</h1>", f"<p>{escape(content.clinic.name)}, {today}. {len(parts)} texts. {_INTRO}</p>"]
    for part in parts:
        body += ['<section class="cut" style="text-align: left">', *_item(content, part, today)]
        body += [f"<p>{_SIGN}</p>", '<p style="border-bottom: 1px solid #000; height: 14mm"></p>']
        body.append(_small(f"Code of this text: {part.text_hash}"))
        body.append("</section>")
    return page(TITLE, body)


def _item(content: Content, part: Signable, today: date) -> Iterator[str]:
    why = "; ".join(_why(part, today))
    if isinstance(part, Entry):
        yield f"<h2>{escape(part.question)}</h2>"
        yield _small(f"{part.id}: {why}")
        yield _text(content, part.answer)
        for variant in part.variants:
            until = f"before {say_length(variant.until)}" if variant.until is not None else "later"
            yield _small(f"From {say_length(variant.after)} after the treatment, {until}:")
            yield _text(content, variant.answer)
        yield _small("Sources: " + ("; ".join(part.sources) or "none given"))
        yield _small(f"Patients ask: {' · '.join(part.phrasings)}")
    elif isinstance(part, RedFlag):
        yield f"<h2>{escape(part.id.replace('_', ' '))} ({part.level})</h2>"
        yield _small(f"{part.id}: {why}")
        yield _text(content, part.text)
        yield _small("When in doubt the patient is asked:")
        yield _text(content, part.question)
        yield _small(f"{len(part.signs)} ways of saying it are in red_flags.yaml, and part of what is signed.")
    elif isinstance(part, Plan):
        yield f"<h2>{escape(part.title)}</h2>"
        yield _small(f"{part.id}: {why}. As somebody treated today at {_TREATED_AT:%H:%M} would get it:")
        yield _text(content, plan_in_words(content, part, today))


def plan_in_words(content: Content, plan: Plan, today: date) -> str:
    """A plan as somebody treated on this day would get it; rules show their texts as they are written."""
    return as_text(preview(content, plan.id, content.clinic.zone, _treated(content, today)), branches=True)


def _why(part: Signable, today: date) -> list[str]:
    """Why it waits; nothing where it does not."""
    found = []
    if part.signed is None:
        found.append("not signed")
    elif not part.is_signed:
        found.append(f"changed since {part.signed.name} signed it on {part.signed.on}")
    if isinstance(part, Entry) and part.review_by < today:
        found.append(f"to be read again by {part.review_by}")
    return found


def _treated(content: Content, today: date) -> datetime:
    return wall_clock(today, _TREATED_AT, content.clinic.zone)


def _text(content: Content, text: str) -> str:
    return f"<p>{render(text, content.clinic).strip().replace(chr(10), '<br>')}</p>"


def _small(text: str) -> str:
    return f'<p class="small">{escape(text)}</p>'
