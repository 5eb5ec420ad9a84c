"""What lies in `deploy/` fits the program: settings, commands, paths, rights, grace periods, connections, the wheel."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from sqlalchemy.pool import QueuePool
from typer.core import TyperGroup

from bot.app import DRAIN_S
from bot.cli import app
from bot.clock import SystemClock
from bot.services import recall
from bot.settings import Settings
from bot.store.engine import open_store

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
FILES = ("Dockerfile", "Dockerfile.dockerignore", "aftercare.service", "compose.yaml")
SETTINGS = {name.upper() for name in Settings.model_fields}
NOT_OURS = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS", "AF_INET", "AF_UNIX"}
SPARE_CONNECTIONS = 16
"""For commands beside the workers, whoever looks after the database, and what PostgreSQL keeps for itself."""
README = (ROOT / "README.md").read_text("utf-8")


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def assert_is_a_command(words: list[str]) -> None:
    commands = typer.main.get_command(app)
    assert isinstance(commands, TyperGroup)
    assert words[0] == "aftercare"
    assert words[1] in commands.commands


@pytest.mark.parametrize("name", FILES)
def test_only_settings_that_exist_are_named(name: str) -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text(name)))
    assert named - NOT_OURS <= SETTINGS


def test_every_file_is_looked_at() -> None:
    assert {path.name for path in DEPLOY.iterdir() if path.is_file() and path.name != ".env"} == set(FILES)


# --- the image -----------------------------------------------------------------------------------------------------


def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile's instructions and what follows each, stage by stage."""
    joined = re.sub(r"(?m)^#.*\n", "", text("Dockerfile")).replace("\\\n", "")
    found: list[list[tuple[str, str]]] = [[]]
    for line in filter(str.strip, joined.splitlines()):
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, rest.strip()))
    return found[1:]


def last(instruction: str) -> str:
    """What the image has for an instruction."""
    return [rest for name, rest in stages()[-1] if name == instruction][-1]


def copied() -> list[str]:
    """Every path of the repository that goes into a stage."""
    copies = [rest.split() for stage in stages() for name, rest in stage if name in ("COPY", "ADD")]
    return [source for words in copies if not words[0].startswith("--from") for source in words[:-1]]


def test_the_image_runs_as_nobody_in_particular() -> None:
    user, _, group = last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert f"--owner {user} --group {group} --mode 700 data" in last("RUN"), "it may write its data, and nothing else"
    assert last("VOLUME") == f"{last('WORKDIR')}/data"


def test_the_image_starts_the_bot_and_passes_signals_on() -> None:
    assert_is_a_command(json.loads(last("ENTRYPOINT")) + json.loads(last("CMD")))
    assert last("STOPSIGNAL") == "SIGTERM"


def test_the_image_holds_what_it_needs_and_no_tools() -> None:
    build, image = stages()
    (install,) = [rest for name, rest in build if name == "RUN"]
    assert "--constraint constraints.txt" in install
    assert install.endswith('".[$EXTRAS]"')
    assert ("ARG", "EXTRAS=postgres") in build
    assert not re.search(r"\b(pip|apt|apt-get|curl|wget)\b", " ".join(rest for _, rest in image))


def test_nothing_secret_can_get_into_a_layer() -> None:
    first, *rules = [line for line in text("Dockerfile.dockerignore").splitlines() if not line.startswith("#")]
    assert first == "*", "what is not named is not even sent to the builder"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert set(copied()) == allowed
    project = {"bot", "faq", "LICENSE", "README.md", "constraints.txt", "pyproject.toml"}
    assert allowed <= project | {str(recall.CASES)}


def test_the_recall_contract_lies_beside_the_texts() -> None:
    """`aftercare faq check` looks for it there, in the image as in this folder."""
    copies = [rest.split() for name, rest in stages()[-1] if name == "COPY"]
    assert ["faq", "faq"] in copies
    assert [str(recall.CASES)] * 2 in copies
    assert (ROOT / recall.CASES / recall.CONTRACT).is_file()


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Something that answers every GET with this status; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Not in the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("status", "good"), [pytest.param(200, True, id="lives"), pytest.param(500, False, id="not")])
def test_the_health_check_asks_the_bot_and_goes_by_its_answer(status: int, good: bool) -> None:
    python, *arguments = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert python == "python3", "there is no curl in the image"
    with answering(status) as port:
        asked = subprocess.run([sys.executable, *arguments], env={**os.environ, "WEB_PORT": str(port)}, check=False)
    assert (asked.returncode == 0) is good


# --- compose -------------------------------------------------------------------------------------------------------


@pytest.fixture
def compose() -> dict[str, Any]:
    """The compose file as it is with the password "sesame"."""
    read = yaml.safe_load(re.sub(r"\$\{PGPASSWORD:\?[^}]+\}", "sesame", text("compose.yaml")))
    assert isinstance(read, dict)
    return read


def test_two_workers_share_one_database(compose: dict[str, Any]) -> None:
    worker, database = compose["services"]["worker"], compose["services"]["database"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert (DEPLOY / worker["build"]["context"] / worker["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert "healthcheck" in database
    assert any(mount.startswith("database:") for mount in database["volumes"])
    assert "database" in compose["volumes"]
    settings = Settings(_env_file=None, **{k.lower(): v for k, v in worker["environment"].items() if k in SETTINGS})
    assert settings.database_url.startswith("postgresql+psycopg://aftercare@database/")
    assert worker["environment"]["PGPASSWORD"] == database["environment"]["POSTGRES_PASSWORD"] == "sesame"


def test_each_worker_gets_a_port_of_its_own_on_this_machine_only(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    (published,) = worker["ports"]
    host, first, end, inside = re.fullmatch(r"([\d.]+):(\d+)-(\d+):(\d+)", published).groups()  # type: ignore[union-attr]
    assert host == "127.0.0.1"
    assert int(end) - int(first) + 1 == worker["deploy"]["replicas"]
    assert inside == worker["environment"]["WEB_PORT"]
    assert "ports" not in compose["services"]["database"]


def test_the_texts_are_mounted_where_they_are_looked_for(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    (mounted,) = [mount for mount in worker["volumes"] if mount.startswith("..")]
    outside, inside, mode = mounted.split(":")
    assert (DEPLOY / outside).resolve() == ROOT / "faq"
    assert inside == worker["environment"]["CONTENT_DIR"]
    assert mode == "ro"


def test_backups_outlive_the_container_and_may_be_written(compose: dict[str, Any]) -> None:
    worker, folder = compose["services"]["worker"], compose["services"]["worker"]["environment"]["BACKUP_DIR"]
    assert f"backups:{folder}" in worker["volumes"]
    assert "backups" in compose["volumes"]
    inside = Path(folder).relative_to(last("WORKDIR"))
    assert str(inside) in last("RUN").split(), "a new volume gets the owner of the folder it is mounted over"


@pytest.mark.parametrize("name", ["worker", "database"])
def test_each_service_has_no_more_rights_than_it_needs(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])


def test_secrets_are_in_files_that_git_ignores(compose: dict[str, Any]) -> None:
    assert text("compose.yaml").count("${PGPASSWORD:?") == 2
    assert (DEPLOY / compose["services"]["worker"]["env_file"]).resolve() == ROOT / ".env"
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines(), "in every folder"


async def test_the_database_has_connections_for_every_worker(compose: dict[str, Any]) -> None:
    async with open_store("postgresql+psycopg://nobody@localhost/none", SystemClock()) as store:  # it does not connect
        pools = [engine.pool for engine in (store._writer, store._reader)]
    assert all(isinstance(pool, QueuePool) and pool._max_overflow == 0 for pool in pools)
    write, read = (pool.size() for pool in pools if isinstance(pool, QueuePool))
    assert f"Each worker opens up to {write + read} connections, {write} to write and {read} to read" in README
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(compose["services"]["database"]["command"]))
    assert int(most) >= compose["services"]["worker"]["deploy"]["replicas"] * (write + read) + SPARE_CONNECTIONS
    assert f"{write + read} for each worker and {SPARE_CONNECTIONS} to spare" in README


def test_what_was_committed_is_never_taken_back(compose: dict[str, Any]) -> None:
    assert "synchronous_commit=on" in compose["services"]["database"]["command"]


# --- the service ---------------------------------------------------------------------------------------------------


def unit() -> dict[str, list[str]]:
    """Keys of the unit file, with their values in order."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"(?m)^(\w+)=(.*)$", text("aftercare.service")):
        found.setdefault(key, []).append(value)
    return found


def test_the_service_starts_the_bot_and_never_gives_up() -> None:
    (start,) = unit()["ExecStart"]
    program, *words = start.split()
    assert_is_a_command([Path(program).name, *words])
    assert unit()["Restart"] == ["always"]
    assert unit()["StartLimitIntervalSec"] == ["0"]


def test_the_service_has_a_user_and_a_folder_of_its_own() -> None:
    (user,), (folder,) = unit()["User"], unit()["StateDirectory"]
    assert user != "root"
    assert unit()["WorkingDirectory"] == [f"/var/lib/{folder}"]
    default = {name: field.default for name, field in Settings.model_fields.items()}
    assert default["database_url"].partition("///")[2] == "data/aftercare.db", "so the database is in that folder"
    assert not default["content_dir"].is_absolute()
    assert unit()["ProtectSystem"] == ["strict"]


def test_the_readme_puts_everything_where_the_service_looks_for_it() -> None:
    (folder,), (start,), (user,) = unit()["WorkingDirectory"], unit()["ExecStart"], unit()["User"]
    program = start.split()[0]
    for line in (
        f"--base-dir {Path(folder).parent} --shell /usr/sbin/nologin {user}",
        f"cp -r --parents .env faq data {recall.CASES} {folder}/",
        f"chown -R {user}: {folder}",
        f"{Path(program).parent}/pip install",
        "cp deploy/aftercare.service /etc/systemd/system/",
        f"runuser -u {user} -- {program} doctor",
    ):
        assert line in README


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    copy = tmp_path / "aftercare.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", text("aftercare.service")), "utf-8")
    asked = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    complaints = [line for line in asked.stderr.splitlines() if "aftercare.service" in line]
    newer = ("RestartSteps", "RestartMaxDelaySec")  # which systemd before 254 leaves out
    assert [line for line in complaints if not any(f"'{key}'" in line for key in newer)] == []


# --- both ----------------------------------------------------------------------------------------------------------


def test_whoever_stops_the_bot_waits_until_it_has_drained(compose: dict[str, Any]) -> None:
    (service,) = unit()["TimeoutStopSec"]
    (docker_run,) = re.findall(r"--stop-timeout (\d+)", text("Dockerfile"))
    waits = (compose["services"]["worker"]["stop_grace_period"].removesuffix("s"), service, docker_run)
    assert [int(wait) > DRAIN_S for wait in waits] == [True] * 3
    assert f"at most {DRAIN_S:.0f} seconds" in README


# --- what is installed ---------------------------------------------------------------------------------------------


def program_files() -> set[str]:
    files = (path for path in (ROOT / "bot").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_whatever_is_no_python_is_declared_to_be_installed_too() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["bot"]
    data = {name for name in program_files() if not name.endswith(".py")}
    assert {"bot/store/migrations/script.py.mako", "bot/simulator/page/index.html"} <= data
    assert {name for name in data if not any(fnmatch.fnmatch(name, f"bot/{pattern}") for pattern in patterns)} == set()


@pytest.mark.slow
def test_the_wheel_holds_the_whole_program(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in copied():
        path = ROOT / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        assert {name for name in opened.namelist() if name.startswith("bot/")} == program_files()
