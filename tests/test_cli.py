"""The commands as an operator meets them: data on stdout, the rest on stderr; exit 0 good, 1 a problem, 2 wrong use."""

import asyncio
import json
import logging
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from bot import cli, logs
from bot.content.lint import unsigned
from bot.content.load import load_content
from bot.content.parts import Signature
from bot.settings import Settings, load_settings
from bot.simulator import World
from bot.simulator.transport import serving
from bot.store import schema

ROOT = Path(__file__).parent.parent
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
EVAL_KEYS = ["text", "decision", "id", "level", "confidence", "candidates", "red_flags", "repaired"]
STARTS_S = 60
"""Starting a process takes a second or two; machines that run many tests at once are slower."""


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


Aftercare = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's folder, to work in, with no settings but the content's place."""
    for name in Settings.model_fields:
        if name not in {"index_dir", "semantic_model"}:  # those of the whole run (conftest.py)
            monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("CONTENT_DIR", str(ROOT / "faq"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def aftercare(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Aftercare]:
    """Runs a command in this process, the way the installed script does."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["aftercare", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        told = capsys.readouterr()
        assert left.value.code is None or isinstance(left.value.code, int)
        return Result(left.value.code or 0, told.out, told.err)

    level = logging.getLogger().level
    yield run
    root = logging.getLogger()
    root.setLevel(level)
    for handler in [h for h in root.handlers if isinstance(h, logs.SafeHandler)]:
        root.removeHandler(handler)


# --- used wrongly --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="nothing"),
        pytest.param(("faq",), id="half-a-command"),
        pytest.param(("cure",), id="unknown-command"),
        pytest.param(("run", "--fast"), id="unknown-option"),
        pytest.param(("faq", "ask"), id="missing-argument"),
        pytest.param(("faq", "eval", "nowhere.jsonl", "--json", "out.jsonl"), id="no-such-file"),
        pytest.param(("demo", "--port", "70000"), id="no-such-port"),
        pytest.param(("demo", "--port", "http"), id="no-number"),
    ],
)
def test_used_wrongly_exits_2(aftercare: Aftercare, arguments: tuple[str, ...]) -> None:
    result = aftercare(*arguments)
    assert result.code == 2
    assert "Usage: aftercare" in result.out + result.err
    if arguments not in {(), ("faq",)}:  # these ask for help, and get it
        assert result.out == ""


def test_help_is_no_problem(aftercare: Aftercare) -> None:
    result = aftercare("--help")
    assert (result.code, result.err) == (0, "")
    assert "doctor" in result.out


# --- faq -----------------------------------------------------------------------------------------------------------


def test_ask_shows_decision_and_candidates(aftercare: Aftercare) -> None:
    result = aftercare("faq", "ask", "My leg jumped. Is that normal?")
    assert (result.code, result.err) == (0, "")
    first, best, *_ = result.out.splitlines()
    assert re.fullmatch(r"answer: leg_jump_quiver  \(confidence [01]\.\d\d\)", first)
    assert re.match(r"  [01]\.\d\d  leg_jump_quiver: \w", best)


def test_ask_names_red_flags_and_the_words_that_fired(aftercare: Aftercare) -> None:
    first, flag, *_ = aftercare("faq", "ask", "I have chest pain").out.splitlines()
    assert first == "red_flag: chest_pain_breathless  (confidence 1.00)"
    assert flag.startswith("  red flag chest_pain_breathless (emergency): ")
    assert "chest" in flag


def test_signature_prints_what_is_signed_and_the_block_that_signs_it(aftercare: Aftercare, folder: Path) -> None:
    done = aftercare("faq", "signature", "leg_jump_quiver", "--name", "C-1", "--registration", "R-1")
    assert (done.code, done.err) == (0, "")
    assert "# question: My leg jumped" in done.out
    block = yaml.safe_load(done.out)["signed"]
    entry = load_content(ROOT / "faq").entries["leg_jump_quiver"]
    assert entry.model_copy(update={"signed": Signature(**block)}).is_signed


def test_signature_without_ids_goes_through_all_that_is_unsigned(aftercare: Aftercare) -> None:
    done = aftercare("faq", "signature", "--name", "C-1", "--registration", "R-1")
    assert done.out.count("signed:\n") == len(unsigned(load_content(ROOT / "faq")))


def test_signature_for_an_unknown_id_is_a_sentence(aftercare: Aftercare) -> None:
    done = aftercare("faq", "signature", "nonsense", "--name", "C-1", "--registration", "R-1")
    assert (done.code, done.out, done.err) == (1, "", "There is no entry, warning or plan called nonsense.\n")


def test_ask_as_json_has_the_promised_keys(aftercare: Aftercare) -> None:
    result = aftercare("faq", "ask", "I have chest pain, is that normal? Ça va", "--json")
    decided = json.loads(result.out)
    assert list(decided) == EVAL_KEYS
    assert decided["text"] == "I have chest pain, is that normal? Ça va"
    assert (decided["decision"], decided["level"]) == ("red_flag", "emergency")
    assert decided["red_flags"][0] == {"id": "chest_pain_breathless", "level": "emergency"}
    assert len(decided["candidates"]) <= 3
    assert all(set(candidate) == {"id", "confidence"} for candidate in decided["candidates"])


def test_check_finds_nothing_wrong_in_what_ships(aftercare: Aftercare) -> None:
    result = aftercare("faq", "check")
    assert result.code == 0
    assert re.search(r"(?m)^0 problems, 0 warnings, \d+ hints about phrasings", result.err)


def test_check_gives_the_worst_hints_about_phrasings_or_all(
    aftercare: Aftercare, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = cli._problems(load_settings())
    monkeypatch.setattr(cli, "_problems", lambda _settings: found)  # the same texts three times take seconds
    worst = json.loads(aftercare("faq", "check", "--json").out)
    everything = json.loads(aftercare("faq", "check", "--json", "--all").out)
    kinds = {"phrasing", "pair", "thin"}
    assert all(set(hint) == {"severity", "kind", "file", "line", "text"} for hint in everything)
    assert {(hint["severity"], hint["kind"]) for hint in everything} <= {("warning", kind) for kind in kinds}
    for kind in kinds:
        of_kind = [hint for hint in everything if hint["kind"] == kind]
        assert [hint for hint in worst if hint["kind"] == kind] == of_kind[: cli.MOST_HINTS]
    shown = aftercare("faq", "check").out.splitlines()
    assert len(shown) == len(worst)
    assert all(re.match(r"en/\w+\.yaml:\d+: .+ {2}\(warning\)$", line) for line in shown)


@pytest.fixture
def broken(content_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two mistakes in two files."""
    clinic = content_dir / "clinic.yaml"
    clinic.write_text(clinic.read_text("utf-8").replace("time_zone: Europe/London", "time_zone: Europe/Londn"), "utf-8")
    words = content_dir / "en" / "words.yaml"
    words.write_text(words.read_text("utf-8") + "\nstp:\n  - stop\n", "utf-8")
    monkeypatch.setenv("CONTENT_DIR", str(content_dir))
    return content_dir


def test_check_lists_every_mistake_with_file_and_line(aftercare: Aftercare, broken: Path) -> None:
    result = aftercare("faq", "check")
    assert result.code == 1
    lines = result.out.splitlines()
    assert [line.partition(": ")[0].partition(":")[0] for line in lines] == ["clinic.yaml", "en/words.yaml"]
    assert all(re.match(r"[\w/]+\.yaml:\d+: \S", line) for line in lines)
    assert result.err == "2 problems, 0 warnings\n"

    found = json.loads(aftercare("faq", "check", "--json").out)
    assert [set(problem) for problem in found] == [{"severity", "kind", "file", "line", "text"}] * 2
    zone = (broken / "clinic.yaml").read_text("utf-8").splitlines().index("time_zone: Europe/Londn") + 1
    assert (found[0]["severity"], found[0]["line"]) == ("error", zone)


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        pytest.param("found: {seizure: 100}", "en/red_flags.yaml: 'seizure' is found in 0.0 % of its cases", id="deaf"),
        pytest.param("wanted: {seizure: 100}", "tests/faq/red_flags/contract.yaml: cannot be read: ", id="unreadable"),
    ],
)
def test_check_refuses_what_breaks_the_recall_contract(
    aftercare: Aftercare, content_dir: Path, monkeypatch: pytest.MonkeyPatch, contract: str, said: str
) -> None:
    monkeypatch.setenv("CONTENT_DIR", str(content_dir))
    cases = content_dir.parent / "tests" / "faq" / "red_flags"
    cases.mkdir(parents=True)
    (cases / "contract.yaml").write_text(f"{contract}\nalarmed: 100\nasked: 100\n", "utf-8")
    (cases / "seizure.yaml").write_text("signs: [good morning]\nlook_alikes: [good evening]\n", "utf-8")
    result = aftercare("faq", "check")
    assert result.code == 1
    assert result.out.startswith(said)
    assert result.err.splitlines()[-1].startswith("1 problems, 0 warnings")


def test_check_says_that_there_is_no_folder(aftercare: Aftercare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENT_DIR", "nowhere")
    result = aftercare("faq", "check")
    assert result.code == 1
    assert result.out.startswith("nowhere: there is no such folder")


def test_a_warning_is_shown_and_is_no_failure(
    aftercare: Aftercare, content_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = content_dir / "en" / "words.yaml"
    words.write_text(re.sub(r"(?m)^thanks:\n(  - .+\n)", r"thanks:\n\1\1", words.read_text("utf-8")), "utf-8")
    monkeypatch.setenv("CONTENT_DIR", str(content_dir))
    result = aftercare("faq", "check")
    assert result.code == 0
    assert result.err.splitlines()[-1].startswith("0 problems, 1 warnings")
    assert re.match(r"en/words\.yaml:\d+: .+\(warning\)\n", result.out)


def test_asking_broken_content_is_a_sentence(aftercare: Aftercare, broken: Path) -> None:
    result = aftercare("faq", "ask", "does it hurt")
    assert (result.code, result.out) == (1, "")
    assert "clinic.yaml:" in result.err
    assert "Traceback" not in result.err


def test_stats_say_how_sure_the_bot_can_be(aftercare: Aftercare) -> None:
    found = json.loads(aftercare("faq", "stats", "--json").out)
    assert found["entries"] == 57
    assert 0 < found["wrong_at_most_pct"] < 20
    assert 0 < found["strangers_answered_at_most_pct"] < found["answered_pct"]
    assert f"answers {found['answered_pct']} % of them" in aftercare("faq", "stats").out


def test_eval_decides_on_every_line_in_order(aftercare: Aftercare, folder: Path) -> None:
    texts = ["does it hurt", "chest pain", "thank you", "sore\u2028and stiff", "half a \ud83d smile", "does it hurt"]
    lines = [json.dumps({"text": text, "kind": "topic"}, ensure_ascii="\ud83d" in text) for text in texts]
    (folder / "labels.jsonl").write_text("\n".join([*lines[:2], "", *lines[2:]]) + "\n", "utf-8")
    result = aftercare("faq", "eval", "labels.jsonl", "--json", "decisions.jsonl")
    assert result == Result(0, "", "6 decisions written to decisions.jsonl\n")
    decisions = [json.loads(line) for line in (folder / "decisions.jsonl").read_text("utf-8").splitlines()]
    assert [decision["text"] for decision in decisions] == texts
    assert all(list(decision) == EVAL_KEYS for decision in decisions)
    assert [decision["decision"] for decision in decisions[1:3]] == ["red_flag", "meta"]
    assert decisions[0] == decisions[-1]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"secret words", id="no-json"),
        pytest.param(b'{"words": "secret words"}', id="no-text"),
        pytest.param(b'["secret words"]', id="no-object"),
        pytest.param(b'{"text": 7, "note": "secret words"}', id="a-number"),
        pytest.param(b'{"text": "secret words \xff"}', id="no-utf-8"),
    ],
)
def test_eval_names_a_bad_line_and_writes_nothing(aftercare: Aftercare, folder: Path, line: bytes) -> None:
    (folder / "labels.jsonl").write_bytes(b'{"text": "does it hurt"}\n' + line + b"\n")
    result = aftercare("faq", "eval", "labels.jsonl", "--json", "decisions.jsonl")
    assert (result.code, result.out) == (1, "")
    assert result.err == 'labels.jsonl:2: not a JSON object with a "text"\n'
    assert not (folder / "decisions.jsonl").exists()


def test_eval_that_cannot_write_says_where(aftercare: Aftercare, folder: Path) -> None:
    (folder / "labels.jsonl").write_text('{"text": "does it hurt"}\n')
    result = aftercare("faq", "eval", "labels.jsonl", "--json", "nowhere/decisions.jsonl")
    assert result == Result(1, "", "nowhere/decisions.jsonl: No such file or directory.\n")


# --- db ------------------------------------------------------------------------------------------------------------


def test_the_database_is_made_for_its_owner_only_and_can_be_made_again(aftercare: Aftercare, folder: Path) -> None:
    for _ in range(2):
        assert aftercare("db", "upgrade") == Result(0, "", f"The database is at revision {schema.head()}.\n")
    assert stat.S_IMODE((folder / "data" / "aftercare.db").stat().st_mode) == 0o600


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("run",), ("doctor",), ("doctor", "--json"), ("doctor", "--ids")])
def test_without_a_token_a_sentence_says_what_to_do(aftercare: Aftercare, arguments: tuple[str, ...]) -> None:
    result = aftercare(*arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("BOT_TOKEN is missing")
    assert "@BotFather" in result.err
    assert len(result.err.splitlines()) == 1


def test_settings_that_make_no_sense_are_a_sentence(aftercare: Aftercare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "eighty")
    result = aftercare("faq", "check")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Settings that make no sense (see .env.example): WEB_PORT: ")


@pytest.mark.parametrize("grouped", [False, True], ids=["alone", "from-a-task-group"])
def test_a_bug_tells_its_place_but_no_words(
    aftercare: Aftercare, monkeypatch: pytest.MonkeyPatch, grouped: bool
) -> None:
    """An exception's text, and a traceback's last line with it, may quote a patient."""

    def broken(*_: object) -> None:
        bug = ValueError("my calf is swollen and hot")
        raise ExceptionGroup("unhandled errors in my calf", [bug]) if grouped else bug

    monkeypatch.setattr(cli, "_brain", broken)
    result = aftercare("faq", "ask", "my calf is swollen and hot")
    assert (result.code, result.out) == (1, "")
    assert "calf" not in result.err
    assert "Traceback" not in result.err
    told, sentence = result.err.splitlines()
    assert "ERROR bot.cli crashed error=ValueError" in told
    assert "please report it" in sentence


def test_with_a_real_token_unsigned_warnings_keep_it_from_running(
    aftercare: Aftercare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("STAFF_CHAT_ID", "-1001")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:9")
    result = aftercare("run")
    assert (result.code, result.out) == (1, "")
    assert "No clinician has signed" in result.err
    assert "Traceback" not in result.err
    assert TOKEN not in result.err


# --- as a process --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def started(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot …` as its own process, killed at the end if it is still there."""
    environment = {key: value for key, value in os.environ.items() if key.lower() not in Settings.model_fields}
    environment |= {name: os.environ[name] for name in ("INDEX_DIR", "SEMANTIC_MODEL")}  # of the whole run
    environment |= {"CONTENT_DIR": str(ROOT / "faq"), "PYTHONPATH": str(ROOT)} | settings
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next line on stdout, which must come although nobody sees a terminal."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), STARTS_S)
    assert line, (await process.communicate())[1].decode()
    return line.decode().rstrip("\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_the_demo_serves_its_page_and_stops_when_told(tmp_path: Path, number: signal.Signals) -> None:
    async with started(tmp_path, "demo", "--port", "0", "--no-browser") as process:
        said = await line_of(process)
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found, said
        assert int(found[1]) > 0
        async with httpx.AsyncClient() as browser:
            page = await browser.get(found[0])
        assert page.status_code == 200
        assert "<title>Aftercare" in page.text
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 20)
        assert (process.returncode, out.decode(), err.decode()) == (0, "", "")
    assert list(tmp_path.iterdir()) == [], "without --data nothing stays"


async def test_a_demo_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    busy = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = busy.sockets[0].getsockname()[1]
    async with busy, started(tmp_path, "demo", "--port", str(port), "--no-browser") as process:
        out, err = await asyncio.wait_for(process.communicate(), STARTS_S)
    assert (process.returncode, out) == (1, b"")
    assert f"Port {port} cannot be used" in err.decode()


async def test_doctor_over_a_real_connection(tmp_path: Path) -> None:
    world = World()
    group = world.add_group("Clinic")
    async with serving(world) as address:
        settings = {"BOT_TOKEN": world.token, "TELEGRAM_API_URL": address, "STAFF_CHAT_ID": str(group.chat_id)}
        async with started(tmp_path, "doctor", "--json", **settings) as process:
            out, err = await asyncio.wait_for(process.communicate(), STARTS_S)
    await world.aclose()
    findings = json.loads(out)
    assert all(set(finding) == {"name", "good", "text", "remedy"} for finding in findings)
    assert {f["name"] for f in findings if not f["good"]} == {"signatures", "database", "owners"}
    assert (process.returncode, err) == (1, b"")


async def test_doctor_in_words_is_good_in_a_trial(tmp_path: Path) -> None:
    world = World()
    group = world.add_group("Clinic")
    async with serving(world) as address:
        settings = {"BOT_TOKEN": world.token, "TELEGRAM_API_URL": address, "STAFF_CHAT_ID": str(group.chat_id)}
        settings |= {"OWNER_IDS": "700", "ALLOW_UNSIGNED": "1"}
        await schema.upgrade(f"sqlite+aiosqlite:///{tmp_path}/data/aftercare.db")
        async with started(tmp_path, "doctor", **settings) as process:
            out, _ = await asyncio.wait_for(process.communicate(), STARTS_S)
    await world.aclose()
    assert process.returncode == 0
    assert [line[:9] for line in out.decode().splitlines()] == ["ok       "] * 9


async def test_doctor_shows_ids_as_people_write(tmp_path: Path) -> None:
    world = World()
    olga = world.add_user(700, "Olga")
    olga.starts()
    async with serving(world) as address:
        settings = {"BOT_TOKEN": world.token, "TELEGRAM_API_URL": address}
        async with started(tmp_path, "doctor", "--ids", **settings) as process:
            assert await line_of(process) == "700  person  Olga"
            group = world.add_group("Clinic team")
            group.add(olga).says("/start")
            assert await line_of(process) == f"{group.chat_id}  group  Clinic team"
            process.kill()
        await world.aclose()
