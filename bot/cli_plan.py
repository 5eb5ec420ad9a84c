"""`aftercare plan preview`: care plans as patients would get them. Belongs to `cli.py`."""

import json
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.care import BASELINE
from bot.content.load import load_content
from bot.core.hours import wall_clock
from bot.markup import plain
from bot.services.preview import NoPreview, Patient, as_json, as_text, preview, read_answers
from bot.settings import load_settings

plan = typer.Typer(help="The clinic's care plans.", no_args_is_help=True)

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""Beyond them it is a slip of the pen, and calendars end."""
_TIME = "as 2026-03-28 15:10"


@plan.callback()
def _group() -> None:
    """Keep `preview` a command of its own while there is no other."""


@plan.command("preview")
def preview_command(
    treated: Annotated[str | None, typer.Option(help=f"When the patient is treated, {_TIME}; none: now.")] = None,
    zone: Annotated[str | None, typer.Option(help="The patient's time zone; none: the clinic's.")] = None,
    visit: Annotated[str | None, typer.Option(help=f"The next visit, {_TIME}; none: none is booked.")] = None,
    joined: Annotated[str | None, typer.Option(help=f"When the patient agrees, {_TIME}; none: at once.")] = None,
    plan_id: Annotated[str | None, typer.Option("--plan", help="Which care plan; none: the first.")] = None,
    area: Annotated[str, typer.Option(help="What is treated, such as heel.")] = "",
    side: Annotated[str, typer.Option(help="left, right or both.")] = "",
    careful: Annotated[bool, typer.Option("--careful", help="A patient who needs more care.")] = False,
    risk: Annotated[list[str] | None, typer.Option(help="Why, such as thinner. Can be repeated.")] = None,
    child: Annotated[bool, typer.Option("--child", help="A guardian reads and answers.")] = False,
    baseline: Annotated[int | None, typer.Option(min=0, max=10, help="Pain before the treatment.")] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help="Try an answer, as first_hours.pain=8. Can be repeated.")
    ] = None,
    branches: Annotated[bool, typer.Option("--branches", help="Show every rule as well.")] = False,
    as_program: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Show a whole care plan for any treatment time and zone: each message, when it comes, what is left out and why."""
    content = load_content(load_settings().content_dir)
    there = _zone(zone) if zone is not None else content.clinic.zone
    facts = dict.fromkeys(risk or (), True) | ({BASELINE: baseline} if baseline is not None else {})
    treated_at = _moment(treated, there, "--treated") or datetime.now(UTC).replace(second=0, microsecond=0)
    if not content.plans:
        preview(content, None, there, treated_at)  # says what is missing: a problem of the content, not of the command
    try:
        shown = preview(
            content,
            plan_id,
            there,
            treated_at,
            _moment(visit, there, "--visit"),
            Patient(area, side, careful, child, facts),
            read_answers(content, plan_id, answer or []),
            _moment(joined, there, "--joined"),
        )
    except NoPreview as error:
        raise typer.BadParameter(str(error)) from error
    if as_program:
        typer.echo(json.dumps(as_json(shown), indent=1))
    else:
        typer.echo(plain(as_text(shown, branches=branches)))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise typer.BadParameter(f"{name} is no time zone. Write one such as Europe/London.") from error


def _moment(text: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    """A wall-clock time in `zone` as UTC."""
    if text is None:
        return None
    try:
        local = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M")  # noqa: DTZ007 - it has no zone of its own
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            raise ValueError(local.year)
        return wall_clock(local.date(), local.time(), zone)
    except ValueError as error:
        raise typer.BadParameter(f"{option} “{text}” is no time. Write it {_TIME}.") from error
