"""The commands. Data goes to stdout, everything else to stderr; exit 0 good, 1 a problem, 2 used wrongly.

The only module that prints or exits.
"""

import asyncio
import errno
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from bot import logs
from bot.app import build
from bot.cli_db import db
from bot.cli_enrol import enrol
from bot.cli_faq import history_command, impact_command, review_pack_command
from bot.cli_plan import plan
from bot.clock import SystemClock
from bot.content.lint import check_files, unsigned
from bot.content.load import load_content, parse_located, read_files
from bot.content.parts import Signable
from bot.content.schema import Content
from bot.core.understand import Brain, build_triager, understanding_to_json
from bot.errors import AftercareError, ContentError, Problem, SettingsError
from bot.services import recall
from bot.services.doctor import Finding, examine
from bot.services.ids import hold_the_bot_off, meet
from bot.services.indexes import brain_for, index_for, is_kept, lessons_for
from bot.services.models import model_for
from bot.services.phrasing_review import Hint, hints, worst
from bot.settings import Settings, load_settings
from bot.store.engine import open_store
from bot.telegram.client import Client

log = logs.get(__name__)

# Without pretty exceptions: they would print an exception's text and local variables, so what patients wrote.
app = typer.Typer(
    help="Aftercare: a Telegram bot for clinics that do dry needling.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
faq = typer.Typer(help="The clinic's questions and answers.", no_args_is_help=True)
app.add_typer(faq, name="faq")
faq.command("review-pack")(review_pack_command)
faq.command("impact")(impact_command)
faq.command("history")(history_command)
app.add_typer(db, name="db")
app.add_typer(plan, name="plan")
app.add_typer(enrol, name="enrol")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
LISTEN_S = 60.0
MOST_HINTS = 20
"""Of each kind; an editor who has dealt with them can ask for more."""
_PORT_TROUBLE = frozenset({errno.EADDRINUSE, errno.EACCES})


def main() -> None:
    """Run the command line. Leaves by SystemExit: 0 all is well, 1 a problem, 2 used wrongly."""
    logs.setup("WARNING")  # from the first moment: nothing else may write log lines
    try:
        app()
    except Exception as error:
        for leaf in _leaves(error):
            _complain(leaf)
        sys.exit(1)


def _complain(error: Exception) -> None:
    """Our own errors are sentences with a remedy. Of anything else only type and place are told (`logs`): its text may
    hold a patient's words."""
    if isinstance(error, AftercareError):
        print(error, file=sys.stderr)
    elif isinstance(error, OSError) and isinstance(error.filename, str):
        print(f"{error.filename}: {error.strerror}.", file=sys.stderr)
    else:
        log.error("crashed", exc=error)
        print("Something went wrong that never should. The line above says where; please report it.", file=sys.stderr)


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


@app.command()
def run() -> None:
    """Run the bot: polling, or a webhook when WEBHOOK_URL is set."""
    settings = load_settings()
    logs.setup(settings.log_level, settings.log_format)

    async def work() -> None:
        stopping = asyncio.Event()
        _on_signals(stopping.set)  # before anything else: as a container's first process it would not be heard later
        signed_only = not settings.allow_unsigned
        async with build(settings, SystemClock(), signed_only=signed_only, stopping=stopping) as bot:
            await bot.run()

    asyncio.run(work())


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 8080,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    data: Annotated[Path | None, typer.Option(help="Keep the demo's data here; otherwise it is thrown away.")] = None,
) -> None:
    """Try everything in a browser, with a local stand-in for Telegram: no token, no internet."""
    from bot.simulator.demo import run_demo  # only here: the simulator is no part of a running bot

    settings = load_settings(_env_file=None)
    logs.setup("WARNING", settings.log_format)

    def say(address: str) -> None:
        print(f"The demo is at {address}  (Ctrl-C ends it)", flush=True)
        if not no_browser:
            typer.launch(address)

    try:
        asyncio.run(run_demo(port, data, settings.content_dir, say, _on_signals))
    except OSError as error:
        if error.filename is not None or error.errno not in _PORT_TROUBLE:
            raise
        raise SettingsError(f"Port {port} cannot be used here. Choose another; --port 0 takes a free one.") from error


@app.command()
def doctor(
    ids: Annotated[bool, typer.Option("--ids", help="Instead: show the ids of groups and people who write.")] = False,
    as_json: Json = False,
) -> None:
    """Check token, staff group, database, content and signatures, and set the bot's public description."""
    settings = load_settings()
    settings.require_token()
    if ids:
        asyncio.run(_show_ids(settings, as_json))
        return
    findings = asyncio.run(_findings(settings))
    if as_json:
        _print_json([{"name": f.name, "good": f.good, "text": f.text, "remedy": f.remedy} for f in findings])
    else:
        for finding in findings:
            mark = "ok     " if finding.good else "PROBLEM"
            remedy = f"\n         → {finding.remedy}" if finding.remedy else ""
            print(f"{mark}  {finding.name}: {finding.text}{remedy}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


async def _findings(settings: Settings) -> list[Finding]:
    async with Client(settings.bot_token.get_secret_value(), settings.telegram_api_url) as client:
        return [finding async for finding in examine(settings, client, datetime.now(UTC))]


async def _show_ids(settings: Settings, as_json: bool) -> None:
    """Print each as it is seen; as JSON, one object a line."""
    clock = SystemClock()
    async with (
        open_store(settings.database_url, clock) as store,
        Client(settings.bot_token.get_secret_value(), settings.telegram_api_url) as client,
    ):
        hold_the_bot_off(store)
        print(
            f"For {LISTEN_S:.0f} seconds: write to the bot privately, and add it to the group or write /start there.",
            file=sys.stderr,
        )
        async for met in meet(client, clock, LISTEN_S):
            if as_json:
                print(json.dumps({"id": met.id, "kind": met.kind, "name": met.name}), flush=True)
            else:
                print(f"{met.id}  {met.kind}  {met.name}", flush=True)


@faq.command()
def check(
    show_all: Annotated[bool, typer.Option("--all", help="All hints about phrasings, not the worst only.")] = False,
    as_json: Json = False,
) -> None:
    """List every problem of the content folder, and hints about phrasings, with file and line."""
    errors, warnings, about_phrasings = _problems(load_settings())
    shown = about_phrasings if show_all else worst(about_phrasings, MOST_HINTS)
    if as_json:
        found = [("error", "content", problem) for problem in errors]
        found += [("warning", "content", problem) for problem in warnings]
        found += [("warning", hint.kind.value, hint.problem) for hint in shown]
        _print_json([{"severity": s, "kind": k, "file": p.file, "line": p.line, "text": p.text} for s, k, p in found])
    else:
        for problem in errors:
            print(problem)
        for problem in (*warnings, *(hint.problem for hint in shown)):
            print(f"{problem}  (warning)")
        hidden = len(about_phrasings) - len(shown)
        hints_too = f", {len(shown)} hints about phrasings" if about_phrasings else ""
        more = f" (--all shows {hidden} more)" if hidden else ""
        print(f"{len(errors)} problems, {len(warnings)} warnings{hints_too}{more}", file=sys.stderr)
    if errors:
        raise typer.Exit(1)


def _problems(settings: Settings) -> tuple[Sequence[Problem], Sequence[Problem], Sequence[Hint]]:
    """Errors and warnings of the content folder, unreadable files among the errors; without errors hints as well."""
    try:
        files = read_files(settings.content_dir)
    except ContentError as error:
        return error.problems, (), ()
    found = check_files(files, datetime.now(UTC).date()).findings
    if found.errors:
        return found.errors, found.warnings, ()
    content, sources = parse_located(files)
    model = model_for(settings.semantic_model, settings.index_dir)
    if not is_kept(content, model, settings.index_dir):
        print("Learning from the phrasings first, which may take a minute.", file=sys.stderr)
    about_phrasings = hints(content, sources, index_for(content, model, settings.index_dir))
    return _breaches(content, settings), found.warnings, about_phrasings


def _breaches(content: Content, settings: Settings) -> Sequence[Problem]:
    """What the recall contract wants of the signs of danger and does not get; nothing where there is no contract."""
    cases = settings.content_dir.parent / recall.CASES
    if not (cases / recall.CONTRACT).is_file():
        print(f"No labelled messages in {cases}: not checked whether danger is still found.", file=sys.stderr)
        return ()
    triager = build_triager(content, lessons_for(content, settings.index_dir))
    try:
        return recall.broken(content, triager, cases)
    except ContentError as error:
        return error.problems


@faq.command()
def ask(text: Annotated[str, typer.Argument(help="What a patient might write.")], as_json: Json = False) -> None:
    """Show what the bot would decide about a text: the whole path of a first message, a day after treatment."""
    brain = _brain(load_settings())
    understanding = brain.understand(text)
    if as_json:
        _print_json(understanding_to_json(understanding))
        return
    print(f"{understanding.decision}: {understanding.id or 'the team'}  (confidence {understanding.confidence:.2f})")
    for flag in understanding.flags:
        print(f"  red flag {flag.id} ({flag.level}): {', '.join(flag.words) or 'by the second opinion'}")
    for flag in understanding.suspected:
        print(f"  perhaps {flag.id} ({flag.level}): {', '.join(flag.words) or 'by the second opinion'}")
    for why in understanding.ruled_out:
        print(f"  ruled out {why}")
    for candidate in understanding.candidates:
        print(f"  {candidate.confidence:.2f}  {candidate.entry_id}: {candidate.phrasing}")


@faq.command()
def stats(as_json: Json = False) -> None:
    """Say how many questions the bot answers by itself and how often it may be wrong, by the FAQ's own phrasings."""
    settings = load_settings()
    content = load_content(settings.content_dir)
    index = index_for(content, model_for(settings.semantic_model, settings.index_dir), settings.index_dir)
    gates, entries = index.gates, content.entries.values()
    found = {
        "entries": len(entries),
        "phrasings": sum(len(entry.phrasings) for entry in entries),
        "for_people": sum(map(len, content.for_people.values())),
        "sentence_model": index.is_semantic,
        "answered_pct": round(100 * gates.answered, 1),
        "wrong_at_most_pct": round(100 * gates.wrong, 1),
        "strangers_answered_at_most_pct": round(100 * gates.strangers, 1),
    }
    if as_json:
        _print_json(found)
        return
    model = "with" if index.is_semantic else "without"
    print(f"{found['entries']} questions, {found['phrasings']} phrasings, {model} the sentence model.")
    print("Each phrasing was hidden and asked again, as written and misspelt. That is harder than what patients ask:")
    answered, wrong = found["answered_pct"], found["wrong_at_most_pct"]
    print(f"answers {answered} % of them; at most {wrong} % of those wrong (95 % bound).")
    print(f"Of {found['for_people']} lines for people at most {found['strangers_answered_at_most_pct']} % answered.")


@faq.command("eval")
def evaluate(
    labels: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines with a `text` in each.")],
    out: Annotated[Path, typer.Option("--json", help="Where the decisions go, one JSON object a line.")],
) -> None:
    """Decide on every text of a file, in order."""
    brain = _brain(load_settings())
    texts = list(_texts(labels))
    lines = [json.dumps(understanding_to_json(brain.understand(text))) for text in texts]
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} decisions written to {out}", file=sys.stderr)


@faq.command()
def signature(
    name: Annotated[str, typer.Option(help="The clinician who has read the texts.")],
    registration: Annotated[str, typer.Option(help="Their registration number.")],
    ids: Annotated[list[str] | None, typer.Argument(help="Entries, warnings, plans; none: all unsigned.")] = None,
) -> None:
    """Print each text, and the `signed:` block to put under it once that clinician has approved it."""
    content = load_content(load_settings().content_dir)
    texts: dict[str, Signable] = {**{flag.id: flag for flag in content.red_flags}, **content.plans, **content.entries}
    wanted = ids or unsigned(content)
    if missing := [id_ for id_ in wanted if id_ not in texts]:
        print(f"There is no entry, warning or plan called {', '.join(missing)}.", file=sys.stderr)
        raise typer.Exit(1)
    for id_ in wanted:
        _print_signature(texts[id_], name, registration)


def _print_signature(item: Signable, name: str, registration: str) -> None:
    """The item as YAML comments, all that the hash covers, then the block."""
    body = item.model_dump(mode="json", exclude={"signed"}, exclude_defaults=True)
    read = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=110)
    print("".join(f"# {line}\n" for line in read.splitlines()), end="")
    block = {"name": name, "registration": registration, "on": datetime.now(UTC).date(), "hash": item.text_hash}
    print(yaml.safe_dump({"signed": block}, sort_keys=False, allow_unicode=True))


def _brain(settings: Settings) -> Brain:
    model = model_for(settings.semantic_model, settings.index_dir)
    return brain_for(load_content(settings.content_dir), model, settings.index_dir)


def _texts(path: Path) -> Iterator[str]:
    """Each line's text. Raises Exit(1), naming the line, for one that has none; what it says is not repeated."""
    with path.open("rb") as lines:  # str.splitlines would split inside a text, where it holds a line separator
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                text = json.loads(line)["text"]
            except (ValueError, KeyError, TypeError, RecursionError):  # a ValueError too when it is no UTF-8
                text = None
            if not isinstance(text, str):
                print(f'{path}:{number}: not a JSON object with a "text"', file=sys.stderr)
                raise typer.Exit(1)
            yield text


def _print_json(value: Mapping[str, Any] | list[dict[str, Any]]) -> None:
    print(json.dumps(value, indent=1))


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
