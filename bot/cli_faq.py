"""`aftercare faq review-pack`, `impact` and `history`: what waits for a signature, what an edit would change, what was
changed. Belongs to `cli.py`."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import SystemClock, from_us, to_us
from bot.content.load import load_content, parse_content
from bot.services import recall
from bot.services.impact import DAYS, MOST_QUESTIONS, Dangers, Impact, Outcome, impact
from bot.services.indexes import mind_for
from bot.services.models import model_for
from bot.services.review_pack import review_pack, waiting
from bot.settings import Settings, load_settings
from bot.store import revisions
from bot.store.engine import open_store
from bot.store.revisions import Revision

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def review_pack_command(
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("review-pack.html"),
) -> None:
    """Print every text that is unsigned or overdue for paper: open the file in a browser and print it."""
    settings = load_settings()
    content = load_content(settings.content_dir)
    today = datetime.now(UTC).astimezone(content.clinic.zone).date()
    out.write_text(review_pack(content, today), encoding="utf-8")
    typer.echo(f"{len(waiting(content, today))} texts written to {out}.", err=True)


def impact_command(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A content folder, such as a copy.")],
    show_texts: Annotated[bool, typer.Option("--texts", help="Show what patients wrote; mind who sees it.")] = False,
    as_json: Json = False,
) -> None:
    """Say what patients would be told otherwise with the texts of FOLDER, by the questions of the last 90 days."""
    found = asyncio.run(_impact(load_settings(), folder))
    if as_json:
        typer.echo(json.dumps(_impact_as_json(found, show_texts=show_texts), indent=1))
    else:
        typer.echo("\n".join(_impact_lines(found, show_texts=show_texts)))
    if found.refusals:
        raise typer.Exit(1)


def history_command(
    item: Annotated[str | None, typer.Argument(help="An entry, red flag or plan; none: every change.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List who changed the texts when, newest first."""
    found = asyncio.run(_history(load_settings(), item, limit))
    if as_json:
        typer.echo(json.dumps([_revision_as_json(one) for one in found], indent=1))
    else:
        for one in found:
            typer.echo(_revision_line(one))


async def _impact(settings: Settings, folder: Path) -> Impact:
    clock = SystemClock()
    async with open_store(settings.database_url, clock) as store, store.read() as tx:
        since_us = to_us(clock.now() - timedelta(days=DAYS))
        asked = await revisions.asked_since(tx, settings.bot_id, since_us, MOST_QUESTIONS)
        active_id = await revisions.active_id(tx, settings.bot_id)
        files = await revisions.files_of(tx, active_id) if active_id is not None else None
    model, kept = model_for(settings.semantic_model, settings.index_dir), settings.index_dir
    now = parse_content(files) if files is not None else load_content(settings.content_dir)
    before = mind_for(now, model, kept)
    after = mind_for(load_content(folder), model, kept, before, keep=False)
    return impact(before, after, asked, Dangers(settings.content_dir.parent / recall.CASES))


async def _history(settings: Settings, item: str | None, limit: int) -> list[Revision]:
    async with open_store(settings.database_url, SystemClock()) as store, store.read() as tx:
        return await revisions.history(tx, settings.bot_id, item, limit)


def _impact_lines(found: Impact, *, show_texts: bool) -> list[str]:
    lines = [f"{len(found.shifts)} of {found.asked} past questions would be answered otherwise."]
    for (before, after), count in found.moves.items():
        lines.append(f"  {count:4}  {_said(before)} → {_said(after)}")
        if show_texts:
            lines += [
                f"        {' '.join(one.text.split())}"
                for one in found.shifts
                if (one.before, one.after) == (before, after)
            ]
    lines.append(f"{len(found.held_out_shifts)} of {found.held_out} phrasings, hidden and asked again, as well.")
    for name, (was, now) in (("answered", found.answered), ("wrong at most", found.wrong)):
        lines.append(f"{name}: {100 * was:.1f} % → {100 * now:.1f} % of the phrasings")
    return [*lines, *(f"NOT TO BE USED: {reason}" for reason in found.refusals)]


def _impact_as_json(found: Impact, *, show_texts: bool) -> dict[str, object]:
    moves = [{"before": before, "after": after, "count": count} for (before, after), count in found.moves.items()]
    texts = [{"text": one.text, "before": one.before, "after": one.after} for one in found.shifts]
    return {
        "asked": found.asked,
        "changed": len(found.shifts),
        "moves": moves,
        "phrasings": found.held_out,
        "phrasings_changed": len(found.held_out_shifts),
        "answered_pct": [round(100 * share, 1) for share in found.answered],
        "wrong_at_most_pct": [round(100 * share, 1) for share in found.wrong],
        "refusals": found.refusals,
        **({"texts": texts} if show_texts else {}),
    }


def _said(outcome: Outcome) -> str:
    return f"{outcome.decision} {outcome.id}" if outcome.id else str(outcome.decision)


def _revision_line(one: Revision) -> str:
    who = f"user {one.author_id}" if one.author_id is not None else "the folder"
    what = ", ".join(one.touched) if one.touched else "everything" if one.parent_id is None else "something"
    undone = f"  (takes back {one.undoes_id})" if one.undoes_id is not None else ""
    note = f"  {one.note}" if one.note else ""
    return f"{one.id:6}  {from_us(one.at_us):%Y-%m-%d %H:%M} UTC  {who}  {what}{undone}{note}"


def _revision_as_json(one: Revision) -> dict[str, object]:
    return {
        "id": one.id,
        "hash": one.hash,
        "at": from_us(one.at_us).isoformat(),
        "author_id": one.author_id,
        "parent_id": one.parent_id,
        "touched": one.touched,
        "note": one.note,
        "undoes_id": one.undoes_id,
    }
