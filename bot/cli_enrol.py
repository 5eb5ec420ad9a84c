"""`aftercare enrol`: lists of appointments, personal links, the poster and the sheet to print. Belongs to `cli.py`."""

import asyncio
import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import segno
import typer
from rich.console import Console
from rich.progress import Progress

from bot.care import Care, PlanState
from bot.clock import SystemClock, from_us, to_us
from bot.content.load import load_content
from bot.content.schema import Content
from bot.core.care.enrolling import match_option, read_moment
from bot.core.hearing import JOIN
from bot.core.replies import full_time
from bot.errors import Problem
from bot.model import PatientId
from bot.services.enrolment import waiting_plan_of
from bot.services.enrolment_import import Appointments, Done, Planned
from bot.services.enrolment_list import read
from bot.services.poster import Cut, link_to, links, poster
from bot.services.sheet import sheet
from bot.settings import Settings, load_settings
from bot.store import accounts, enrolling, erasures
from bot.store.contacts import Contacts, read_key
from bot.store.engine import open_store
from bot.telegram.client import Client

enrol = typer.Typer(help="Getting patients onto a care plan.", invoke_without_command=True)

BotName = Annotated[str, typer.Option("--bot", help="The bot's user name; none: Telegram is asked.")]


@enrol.callback()
def enrol_command(
    context: typer.Context,
    appointments: Annotated[
        Path | None, typer.Option("--csv", exists=True, dir_okay=False, help="A list of appointments to read.")
    ] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Do it; otherwise only say what would happen.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where the links go: .html to print and cut, or .csv; none: links.html.")
    ] = None,
    to_poster: Annotated[Path | None, typer.Option("--poster", help="Write the poster to print, as HTML.")] = None,
    bot: BotName = "",
) -> None:
    """Read a list of appointments (a dry run without --commit), or make the poster that patients scan."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    content = load_content(settings.content_dir)
    if to_poster is not None:
        to_poster.write_text(poster(content, link_to(_bot_name(settings, bot), JOIN)), encoding="utf-8")
        _tell(f"Written to {to_poster}. Open it in a browser and print it.")
    if appointments is not None:
        _list(settings, content, appointments, out or Path("links.html"), bot, commit=commit)
    if to_poster is None and appointments is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


# --- a list ----------------------------------------------------------------------------------------------------------


def _list(settings: Settings, content: Content, path: Path, out: Path, bot: str, *, commit: bool) -> None:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        _fail(f"{path}: not saved as UTF-8. Save it as CSV UTF-8.")
    clock = SystemClock()
    rows, problems = read(text, path.name, content, clock.now())
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        _fail(f"{len(problems)} problems; nothing was changed.")
    if out.exists() and commit:
        _fail(f"{out} exists already; nothing was changed. Choose another file with --out.")
    settings.require_token()
    name = _bot_name(settings, bot) if commit else ""

    async def work() -> tuple[list[Planned], list[Done]]:
        async with open_store(settings.database_url, clock) as store:
            contacts = Contacts(read_key(settings.secret_key_file))
            async with store.read() as tx:
                if not await accounts.is_known(tx, settings.bot_id):
                    _fail("The bot has not run on this database yet; nothing was changed. Start it once first.")
                if sealed := await contacts.unreadable(tx, settings.bot_id):
                    _fail(f"SECRET_KEY_FILE does not open the details of {sealed} patients; nothing was changed.")
            work = Appointments(store, settings.bot_id, contacts, content, clock.now())
            if not commit:
                async with store.read() as tx:
                    return await work.decide(tx, rows), []
            with Progress(console=Console(stderr=True)) as progress:
                task = progress.add_task("Appointments", total=len(rows))
                async with store.write() as tx:
                    planned = await work.decide(tx, rows)
                    _refuse(path, planned)
                    done = await work.do(tx, planned, lambda: progress.advance(task))
                    _write_links(content, done, out, name, clock.now())  # before the commit: a link is told only once
                    return planned, done

    planned, done = asyncio.run(work())
    _refuse(path, planned)
    for one in planned:
        typer.echo(f"{path.name}:{one.row.line}: {one.in_words}")
    if not commit:
        _tell(f"{len(planned)} rows, nothing was changed. --commit does it.")
    else:
        made = sum(bool(one.token) for one in done)
        _tell(
            f"{len(done)} rows done."
            + (f" {made} links written to {out}: they are for those patients only." if made else "")
        )


def _refuse(path: Path, planned: Sequence[Planned]) -> None:
    """Say which rows cannot be done, and end here if any."""
    wrong = [one for one in planned if one.problem]
    for one in wrong:
        typer.echo(str(Problem(path.name, one.row.line, one.problem)))
    if wrong:
        _fail(f"{len(wrong)} problems; nothing was changed.")


def _write_links(content: Content, done: Sequence[Done], out: Path, bot: str, now: datetime) -> None:
    made = [(one, link_to(bot, one.token)) for one in done if one.token]
    if not made:
        return
    if out.suffix.lower() == ".csv":
        with out.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "code", "reference", "name", "link"))
            for one, link in made:
                row = one.planned.row
                writer.writerow((row.line, one.code, _safe(row.reference), _safe(row.name), link))
        return
    until = full_time(from_us(to_us(now) + enrolling.LINK_LASTS_US), content.clinic.zone)
    cuts = [Cut(f"{one.planned.row.whom} · {one.code}", link) for one, link in made]
    with out.open("x", encoding="utf-8") as file:
        file.write(links(content, cuts, until))


def _safe(value: str) -> str:
    """A value that a spreadsheet does not take for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@"} else value


# --- one patient -----------------------------------------------------------------------------------------------------


@enrol.command("link")
def link_command(
    patient: Annotated[str, typer.Option(help="The patient's code, such as P-7F3K.")],
    out: Annotated[Path | None, typer.Option(help="Write its QR code too: .svg or .png.")] = None,
    bot: BotName = "",
) -> None:
    """Make a personal link: the same patient on a new phone, or somebody on a list whose link is lost."""
    if out is not None and out.suffix.lower() not in {".svg", ".png"}:
        _fail("--out ends with .svg or .png.")
    settings = load_settings()
    settings.require_token()
    name, clock = _bot_name(settings, bot), SystemClock()

    async def work() -> str | None:
        async with open_store(settings.database_url, clock) as store, store.write() as tx:
            bot_id, now_us = settings.bot_id, clock.now_us()
            patient_id = await enrolling.patient_by_code(tx, bot_id, patient.strip().upper())
            if patient_id is None:
                return None
            if await erasures.is_forgotten(tx, bot_id, patient_id):
                _fail(
                    f"{patient} asked for their data to be deleted, and it was. Nobody can be linked to what is left."
                )
            waits = await waiting_plan_of(tx, bot_id, PatientId(patient_id))
            await accounts.write_audit(tx, bot_id, None, "enrol_link", patient_id, now_us)
            return await enrolling.new_link(tx, bot_id, patient_id, waits, None, now_us)

    token = asyncio.run(work())
    if token is None:
        _fail(f"There is no patient {patient}. /patients lists the codes of open care plans.")
    link = link_to(name, token)
    typer.echo(link)
    if out is not None:
        segno.make(link, error="m", micro=False).save(str(out), scale=8, border=4)
    _tell("For one phone, once, within 7 days. Whoever opens it gets this patient's messages.")


@enrol.command("sheet")
def sheet_command(
    area: Annotated[str, typer.Argument(help="What was treated, such as heel.")],
    side: Annotated[str, typer.Argument(help="left, right or both.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("sheet.html"),
    treated: Annotated[str | None, typer.Option(help="When, as 2026-12-12 10:00; none: now.")] = None,
) -> None:
    """Write the sheet for a patient without Telegram: advice by day and when to ring, in large print on A4."""
    content, now = load_content(load_settings().content_dir), SystemClock().now()
    plan = next(iter(content.plans.values()), None)
    if plan is None:
        _fail("There is no care plan in the content folder.")
    area_id, side_id = match_option(area, plan.areas), match_option(side, plan.sides)
    treated_at = read_moment(treated, content.clinic.zone, now) if treated else now
    if not area_id or not side_id or treated_at is None:
        _fail(
            f"Area: {', '.join(one.id for one in plan.areas)}. Side: {', '.join(one.id for one in plan.sides)}. "
            "Time: as 2026-12-12 10:00."
        )
    care = Care(
        enrolment_id=0,
        patient_id=PatientId(0),
        code="",
        label=None,
        plan_id=plan.id,
        state=PlanState.OPEN,
        treated_at=treated_at,
        zone=content.clinic.time_zone,
        area=area_id,
        side=side_id,
        careful=True,
    )
    out.write_text(sheet(content, care), encoding="utf-8")
    _tell(f"Written to {out}. Open it in a browser and print it.")


# --- helpers ---------------------------------------------------------------------------------------------------------


def _bot_name(settings: Settings, given: str) -> str:
    """The bot's user name. Raises TelegramError when it was not given and Telegram cannot be asked."""
    if given:
        return given.removeprefix("@")
    settings.require_token()

    async def ask() -> str:
        async with Client(settings.bot_token.get_secret_value(), settings.telegram_api_url) as client:
            return (await client.get_me()).username

    return asyncio.run(ask())


def _tell(text: str) -> None:
    typer.echo(text, err=True)


def _fail(text: str) -> NoReturn:
    _tell(text)
    raise typer.Exit(1)
