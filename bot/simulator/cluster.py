"""A PostgreSQL server of one's own: started in a folder that goes away with it, reached through a socket in it.

For tests, trials and benchmarks. Nothing listens on the network.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from bot.simulator.leash import leash

USER = "aftercare"
START_S = 20.0
STOP_S = 10.0
ROOM_BYTES = 500_000_000
"""What a file system in memory must have free; a container's may have 64 MB in all."""
_OWN = {"listen_addresses": "", "max_connections": "100"}
_FAST = {
    # A commit is in the kernel's hands: it survives a crash of the server, not of the machine.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
_STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

Mode = Literal["fast", "immediate"]
"""`fast` ends every connection and writes everything down; `immediate` is a crash: the next start recovers."""


@dataclass
class Cluster:
    """One server and its databases. Use it from the thread that opened it: the server ends with that thread."""

    folder: Path
    options: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _process: subprocess.Popen[bytes] | None = None

    def url(self, name: str) -> str:
        """The database `name` as `DATABASE_URL` would say it."""
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def admin(self, *statements: str, name: str = "postgres") -> None:
        """Run statements outside any transaction, in the database `name`."""
        engine = sa.create_engine(self.url(name), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def new_database(self) -> str:
        """The URL of a new database without any table."""
        name = f"new_{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Take a database away, whoever is connected."""
        self.admin(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def start(self) -> None:
        """Start the server on its data and wait until it answers. Raises RuntimeError when it does not."""
        options = [
            f"--{name}={value}" for name, value in {**self.options, "unix_socket_directories": self.folder}.items()
        ]
        command = [*_as_plain_user(), f"{_binaries()}/postgres", "-D", str(self.folder / "data"), *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)  # noqa: S603 - our own words
        try:
            self._wait_until_ready(self._process)
        except RuntimeError:
            self.stop("immediate")
            raise

    def stop(self, mode: Mode = "fast") -> None:
        """Stop the server; nothing happens when it is stopped."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(_STOP_SIGNALS[mode])
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.send_signal(_STOP_SIGNALS["immediate"])
            process.wait(STOP_S)

    def restart(self, mode: Mode = "immediate") -> None:
        """Stop the server, by default as a crash would, and start it again on the same data."""
        self.stop(mode)
        self.start()

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        ready = [f"{_binaries()}/pg_isready", "--quiet", "--timeout=1", "-h", str(self.folder)]
        until = time.monotonic() + START_S
        while subprocess.run(ready, check=False).returncode != 0:  # noqa: S603 - our own words
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.05)


@contextmanager
def open_cluster(durable: bool = False) -> Iterator[Cluster]:
    """A running server, thrown away at the end. Raises RuntimeError where there can be none (`missing`).

    `durable`: on the disk, with PostgreSQL's own settings, so that a commit costs what it costs in earnest. Otherwise
    in memory where there is room, and quick.
    """
    if (why := missing()) is not None:
        raise RuntimeError(why)
    folder = Path(tempfile.mkdtemp(prefix="aftercare-pg-", dir=None if durable else _memory()))
    cluster = Cluster(folder, _OWN if durable else {**_OWN, **_FAST})
    try:
        _create(folder, durable)
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def missing() -> str | None:
    """Why there can be no PostgreSQL here, with the remedy; None when there can."""
    if _binaries() is None:
        return "no PostgreSQL on this machine (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and not leash(signal.SIGINT):
        return "no setpriv on this machine (Debian: util-linux), and PostgreSQL does not run as root"
    if find_spec("psycopg") is None:
        return "no psycopg in this environment (pip install '.[postgres]')"
    return None


def _create(folder: Path, durable: bool) -> None:
    if os.getuid() == 0:
        user = _plain_user()
        os.chown(folder, user.pw_uid, user.pw_gid)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", *([] if durable else ["--no-sync"])]
    initdb = [f"{_binaries()}/initdb", "-D", str(folder / "data"), "-U", USER, *options]
    subprocess.run([*_as_plain_user(), *initdb], cwd=folder, check=True, capture_output=True)  # noqa: S603


def _binaries() -> Path | None:
    """Where `initdb` and `postgres` are: Debian keeps each version apart, and off the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _memory() -> Path | None:
    """A file system in memory with room for a cluster, if there is one."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is made by mkdtemp
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    return memory if has_room else None


def _plain_user() -> pwd.struct_passwd:
    return pwd.getpwnam("postgres")


def _as_plain_user() -> list[str]:
    """The words before a PostgreSQL command: it refuses to run as root."""
    words = leash(signal.SIGINT)
    if os.getuid() != 0:
        return words
    user = _plain_user()
    return [*words, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
