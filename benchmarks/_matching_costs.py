"""What a decision costs in time and memory: each contestant in fresh processes of one thread, one after the other."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._figures import percentile
from benchmarks._matching_hostile import hostile_texts
from benchmarks._matching_tasks import Task, thinned

ROOT = Path(__file__).parents[1]
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def write_job(folder: Path, task: Task, phrasings: int, hostile_rounds: int) -> None:
    """What the processes need: `phrasings` lines of the task, its questions, and hostile texts."""
    asked = [one.text for one in task.asked]
    hostile: dict[str, list[str]] = {}
    for seed in range(hostile_rounds):
        for kind, text in hostile_texts(seed, asked).items():
            hostile.setdefault(kind, []).append(text)
    said = {
        "lines": thinned(task.lines, phrasings),
        "asked": asked,
        "hostile": hostile,
        "spellings": {"meant": dict(task.spellings.meant), "keep": sorted(task.spellings.keep)},
        "answerable": sorted(task.answerable),
    }
    for name, part in said.items():
        (folder / f"{name}.json").write_text(json.dumps(part), "utf-8")


def build_cost(name: str, folder: Path) -> Mapping[str, float]:
    """The figures of learning; ours leave their index in `folder`. Raises CalledProcessError."""
    return {key: float(value) for key, value in _run("build", name, folder).items()}


def match_cost(name: str, folder: Path) -> Mapping[str, float]:
    """The figures of deciding. Raises CalledProcessError."""
    began = time.monotonic()
    found = _run("match", name, folder)
    decisions: Sequence[float] = found["decisions_ms"]
    hostile: Mapping[str, Sequence[float]] = found["hostile_ms"]
    every = [ms for times in hostile.values() for ms in times]
    return {
        "ready_s": found["ready_at"] - began,
        "rss_mb": found["rss_mb"],
        "rss_peak_mb": found["rss_peak_mb"],
        "decision_p50_ms": percentile(decisions, 0.5),
        "decision_p99_ms": percentile(decisions, 0.99),
        "hostile_p50_ms": percentile(every, 0.5),
        "hostile_ms": max(every),
        **{f"hostile_{kind}_ms": max(times) for kind, times in hostile.items()},
    }


def _run(task: str, name: str, folder: Path) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks._matching_process", task, name, str(folder)]
    done = subprocess.run(words, cwd=ROOT, env=os.environ | _ONE_THREAD, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
