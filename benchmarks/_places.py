"""Where the subjects of a benchmark live, and where their figures go; for all that compare stores and peers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._figures import Figures
from benchmarks._machine import say
from bot.simulator.cluster import Cluster


class Places:
    """For a trial, which has these."""

    folder: Path
    cluster: Cluster | None
    """None without PostgreSQL."""
    figures: Figures

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A folder for one subject."""
        with TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)

    def database(self, suffix: str, folder: Path) -> str:
        """An empty database of ours."""
        if suffix == "_sqlite":
            return f"sqlite+aiosqlite:///{folder}/ours.db"
        assert self.cluster is not None
        return self.cluster.new_database()

    def job_store(self, folder: Path) -> str:
        """Of JobQueue's adapter, which warns against SQLite."""
        return self.cluster.new_database() if self.cluster else f"sqlite:///{folder}/jobs.db"

    def note(self, name: str, values: Mapping[str, float]) -> None:
        """Note some figures of ours (by suffix) or of a peer's (by prefix)."""
        place = {"suffix": name} if name.startswith("_") else {"prefix": name}
        for key, value in values.items():
            self.figures.add(key, value, **place)
        say(f"{name:18}" + ", ".join(f"{key} {value:.4g}" for key, value in values.items()))
