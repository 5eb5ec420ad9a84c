"""The peers of `_broadcast_ptb.py` as subjects of a trial."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks import _peers
from benchmarks._peers import Peer, Planned, Program
from benchmarks._telegram import Town

MODULE = "benchmarks._broadcast_ptb"


class Loop(_peers.Loop):
    """`send_message` in a loop."""

    def __init__(self, town: Town, folder: Path) -> None:
        super().__init__(town, folder)
        self.program.module = MODULE


class JobQueue(_peers.JobQueue):
    """A job for each recipient."""

    def __init__(self, town: Town, folder: Path, database_url: str) -> None:
        super().__init__(town, folder, database_url)
        self.program = Program(("jobqueue", town.url, town.world.token, database_url), self.program.log_path, MODULE)


class PopSave(Peer):
    """A record of who is pending, done and failed, in a file."""

    def __init__(self, town: Town, folder: Path) -> None:
        self._file = folder / "record.json"
        self.program = Program(("popsave", town.url, town.world.token, str(self._file)), folder / "popsave.log", MODULE)

    def lead_s(self, count: int) -> float:
        """Next to nothing."""
        return 0.5 + count / 50_000

    async def begin(self, planned: Sequence[Planned]) -> None:
        """Write the record, once."""
        if planned:
            record = {"pending": [one.chat_id for one in planned], "success": [], "failed": []}
            self._file.write_text(json.dumps(record), "utf-8")
        self.program.tell("go")

    async def is_done(self) -> bool:
        """Nobody is pending."""
        return not json.loads(self._file.read_text("utf-8"))["pending"]
