"""One store suite for both databases: each test runs on a SQLite file of its own and on an emptied PostgreSQL.

PostgreSQL is a temporary cluster on a Unix socket, started for the first test that needs it. Where the machine has
none those tests skip with a line that says so; with `CI` set they fail, so that nobody believes they ran.
"""

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.tables import metadata

USER = "aftercare"
MIGRATED = "migrated"
SERVER_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}


@dataclass
class Cluster:
    """A running PostgreSQL in a folder of its own, reached through a socket in that folder."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, name: str) -> str:
        """The database `name` as `DATABASE_URL` would say it."""
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def admin(self, *statements: str, name: str = "postgres") -> None:
        """Run statements outside any transaction."""
        engine = sa.create_engine(self.url(name), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """A database without any table, dropped at the end."""
        name = f"test_{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE template0")
        yield self.url(name)
        self.admin(f"DROP DATABASE {name} WITH (FORCE)")

    def emptied_database(self) -> str:
        """The migrated database with no rows, numbering from 1: six times as fast as making a new one for each test."""
        self.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()",
            f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY",
            name=MIGRATED,
        )
        return self.url(MIGRATED)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A cluster with one migrated database."""
    if (missing := _missing()) is not None:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}; in CI the PostgreSQL half of the store suite has to run")
        pytest.skip(f"{missing}: the PostgreSQL half of the store suite does not run here")
    folder = Path(tempfile.mkdtemp(prefix="aftercare-pg-", dir=_memory()))
    try:
        with _server(folder):
            cluster = Cluster(folder)
            cluster.admin(f"CREATE DATABASE {MIGRATED}")
            asyncio.run(schema.upgrade(cluster.url(MIGRATED)))
            yield cluster
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path | None:
    """Where `initdb` and `postgres` are: Debian keeps each version apart, and off the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _missing() -> str | None:
    if _binaries() is None:
        return "no PostgreSQL on this machine (Debian: apt-get install postgresql)"
    if find_spec("psycopg") is None:
        return "no psycopg in this environment (pip install '.[postgres]')"
    return None


def _memory() -> Path | None:
    """A file system in memory with room for a cluster (a container's may have 64 MB), if there is one."""
    memory = Path("/dev/shm")
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 500_000_000
    return memory if has_room else None


def _as_plain_user(folder: Path) -> list[str]:
    """The words before a PostgreSQL command: it refuses to run as root, and should not outlive a killed test run."""
    words = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    if os.getuid() != 0:
        return words
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*words, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    binaries, words, data = _binaries(), _as_plain_user(folder), str(folder / "data")
    assert binaries is not None
    initdb = [
        f"{binaries}/initdb",
        "-D",
        data,
        "-U",
        USER,
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
    ]
    subprocess.run([*words, *initdb], cwd=folder, check=True, capture_output=True)
    options = [f"--{name}={value}" for name, value in {**SERVER_OPTIONS, "unix_socket_directories": folder}.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*words, f"{binaries}/postgres", "-D", data, *options], cwd=folder, stdout=log, stderr=log
        )
    try:
        ready = [f"{binaries}/pg_isready", "--quiet", "--timeout=1", "-h", str(folder)]
        for _ in range(200):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            raise AssertionError("PostgreSQL did not answer within 10 s")
        yield
    finally:
        process.send_signal(signal.SIGINT)  # "fast shutdown": ends every connection
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the head revision, to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    asyncio.run(schema.upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, fast_dir: Path) -> Iterator[str]:
    """A database at the head revision, without any rows."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_file")
        shutil.copy(template, fast_dir / "store.db")
        yield f"sqlite+aiosqlite:///{fast_dir}/store.db"
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        yield cluster.emptied_database()


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, fast_dir: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{fast_dir}/new/empty.db"
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        with cluster.empty_database() as url:
            yield url


@pytest.fixture
async def store(database_url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """The store under test."""
    async with open_store(database_url, clock) as opened:
        yield opened
