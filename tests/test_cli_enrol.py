"""`aftercare enrol`: a dry run first, all or nothing, and what is printed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.clock import SystemClock
from bot.model import BotId
from bot.store import schema
from bot.store.accounts import ensure_bot
from bot.store.engine import open_store
from bot.store.tables import contact, enrolment

ROOT = Path(__file__).parent.parent
TODAY = datetime.now(UTC).strftime("%Y-%m-%d 00:01")
LATER = (datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%d 10:00")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a fresh database, in a folder of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path}/test.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_TOKEN", "42:a-token-for-tests-only")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("CONTENT_DIR", str(ROOT / "faq"))

    async def prepare() -> None:
        await schema.upgrade(url)
        async with open_store(url, SystemClock()) as store, store.write() as tx:
            await ensure_bot(store, tx, BotId(42), None, 1)

    asyncio.run(prepare())
    return lambda *words: CliRunner().invoke(app, ["enrol", *words])


def count(table: sa.Table, tmp_path: Path) -> int:
    async def ask() -> int:
        async with open_store(f"sqlite+aiosqlite:///{tmp_path}/test.db", SystemClock()) as store, store.read() as tx:
            return int((await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())

    return asyncio.run(ask())


def a_list(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(("reference,name,phone,area,side,treated,visit,careful", *rows)), "utf-8")
    return str(path)


def row(reference: str, area: str = "heel") -> str:
    return f"{reference},,01632 960555,{area},left,{TODAY},{LATER},"


def test_a_dry_run_changes_nothing(run: Run, tmp_path: Path) -> None:
    result = run("--csv", a_list(tmp_path, row("1"), row("2")))
    assert result.exit_code == 0, result.output
    assert "list.csv:2: new patient, gets a link" in result.stdout
    assert "--commit does it" in result.stderr
    assert count(enrolment, tmp_path) == 0


def test_commit_does_it_and_writes_the_links(run: Run, tmp_path: Path) -> None:
    result = run("--csv", a_list(tmp_path, row("1"), row("2")), "--commit", "--bot", "@some_bot", "--out", "out.csv")
    assert result.exit_code == 0, result.output
    links = (tmp_path / "out.csv").read_text("utf-8").splitlines()
    assert len(links) == 3
    assert "https://t.me/some_bot?start=" in links[1]
    assert (count(enrolment, tmp_path), count(contact, tmp_path)) == (2, 2)


def test_one_bad_row_stops_all(run: Run, tmp_path: Path) -> None:
    result = run("--csv", a_list(tmp_path, row("1"), row("2", "elbow")), "--commit", "--bot", "some_bot")
    assert result.exit_code == 1
    assert "list.csv:3: the area is none of" in result.stdout
    assert "01632" not in result.output
    assert count(enrolment, tmp_path) == 0


def test_links_that_are_there_are_not_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "links.html").write_text("kept", "utf-8")
    result = run("--csv", a_list(tmp_path, row("1")), "--commit", "--bot", "some_bot")
    assert result.exit_code == 1
    assert (tmp_path / "links.html").read_text("utf-8") == "kept"
    assert count(enrolment, tmp_path) == 0


def test_a_link_for_a_patient(run: Run, tmp_path: Path) -> None:
    run("--csv", a_list(tmp_path, row("1")), "--commit", "--bot", "some_bot", "--out", "out.csv")
    code = (tmp_path / "out.csv").read_text("utf-8").splitlines()[1].split(",")[1]
    result = run("link", "--patient", code, "--bot", "some_bot", "--out", "code.svg")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("https://t.me/some_bot?start=")
    assert (tmp_path / "code.svg").read_text("utf-8").startswith("<?xml")
    assert run("link", "--patient", "P-XXXX", "--bot", "some_bot").exit_code == 1


def test_the_poster_and_the_sheet(run: Run, tmp_path: Path) -> None:
    assert run("--poster", "poster.html", "--bot", "some_bot").exit_code == 0
    assert "https://t.me/some_bot?start=join" in (tmp_path / "poster.html").read_text("utf-8")
    assert run("sheet", "heel", "L", "--out", "sheet.html").exit_code == 0
    sheet = (tmp_path / "sheet.html").read_text("utf-8")
    assert "Treated: Heel, Left" in sheet
    assert "999" in sheet
    assert "{" not in sheet.split("</style>")[1]
    assert run("sheet", "elbow", "L").exit_code == 1


def test_nothing_asked_for_is_a_wrong_use(run: Run) -> None:
    assert run().exit_code == 2


def test_a_database_the_bot_has_never_run_on(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "43:another-token-for-tests")
    result = run("--csv", a_list(tmp_path, row("4711")))
    assert result.exit_code == 1
    assert "Start it once first" in result.output


def test_where_it_may_be_somebody_else_the_row_is_named_and_nothing_done(run: Run, tmp_path: Path) -> None:
    first = a_list(tmp_path, f",Anna B,01632 960555,heel,left,{TODAY},,")
    assert run("--csv", first, "--commit", "--bot", "some_bot", "--out", str(tmp_path / "one.html")).exit_code == 0
    again = a_list(tmp_path, f",Anna B,01632 960777,heel,left,{TODAY},,")
    for words in (
        ("--csv", again),
        ("--csv", again, "--commit", "--bot", "some_bot", "--out", str(tmp_path / "b.html")),
    ):
        result = run(*words)
        assert result.exit_code == 1
        assert "list.csv:2: a patient of this name" in result.stdout
        assert "Anna" not in result.stdout
    assert count(enrolment, tmp_path) == 1
