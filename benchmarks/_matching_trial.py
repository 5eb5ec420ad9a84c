"""A run of `matching.py`: who is asked what, and how much of it."""

import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from benchmarks._figures import Figures
from benchmarks._machine import say
from benchmarks._matching_accuracy import rate_contestant, remembered
from benchmarks._matching_costs import build_cost, match_cost, write_job
from benchmarks._matching_measures import MEASURES, OURS, SEMANTIC, TYPOS, WHO, full_key
from benchmarks._matching_rivals import NEED_MODEL
from benchmarks._matching_tasks import Task, banking, clinc, topics
from benchmarks._matching_typos import all_typed_badly
from bot.core.matching.semantic import find_model

SLOW = ("wratio_", "token_set_", "token_sort_", "logreg_")
"""Asked with the first seed only: they compare with every phrasing, or take a minute to learn."""
MINILM = ("minilm_knn_", "minilm_lr_")


@dataclass(frozen=True)
class Sizes:
    """How much of everything. `every`: ask every so-many-th question of the public sets."""

    seeds: int
    ks: tuple[int, ...]
    has_clinc: bool
    every: int
    who: tuple[str, ...]
    rounds: int
    """Processes a contestant of ours whose cost is measured; rivals get one."""
    phrasings: int = 1500
    """Lines of our FAQ while costs are measured; all of them while questions are asked, or `faq_lines`."""
    faq_lines: int | None = None
    hostile_rounds: int = 3

    def without_model(self) -> Self:
        """The same for those who need no sentence model."""
        return replace(self, who=tuple(name for name in self.who if name not in NEED_MODEL))


FULL = Sizes(seeds=5, ks=(10, 20), has_clinc=True, every=1, who=tuple(WHO), rounds=3)
QUICK = Sizes(
    seeds=1,
    ks=(10,),
    has_clinc=False,
    every=5,
    who=("", "token_set_", "bm25_", "svc_"),
    rounds=1,
    hostile_rounds=1,
)


def tasks(data: Path, sizes: Sizes, seed: int) -> Iterator[Task]:
    """Those of one seed; our FAQ has no phrasings to choose, so it comes with the first only."""
    if seed == 0:
        yield topics(data, sizes.faq_lines)
    for k in sizes.ks:
        yield banking(data, k, seed, sizes.every)
        if sizes.has_clinc:
            yield clinc(data, k, seed, sizes.every)


def ask(names: Sequence[str], data: Path, sizes: Sizes) -> list[tuple[str, dict[str, float]]]:
    """What these contestants get right: name and figures, once for each of its tasks and seeds. They share a model."""
    model = find_model() if NEED_MODEL & set(names) else None
    embed = remembered(model)
    found = []
    for seed in range(sizes.seeds):
        asked = [name for name in names if seed == 0 or name not in SLOW]
        for task in tasks(data, sizes, seed) if asked else ():
            texts = [one.text for one in task.asked]
            variants = {"": texts, TYPOS: all_typed_badly(texts)}
            for name in asked:
                figures = rate_contestant(name, task, variants, embed if name in NEED_MODEL else None)
                found.append((name, figures))
    return found


class Trial:
    """Measures, and notes the figures."""

    def __init__(self, data: Path, sizes: Sizes, folder: Path) -> None:
        self.figures = Figures(MEASURES)
        self._data = data
        self._sizes = sizes
        self._folder = folder
        self._began = time.monotonic()

    def accuracy(self) -> None:
        """Everybody's; as many processes at once as there are cores, since nobody looks at the time here."""
        shared = tuple(name for name in MINILM if name in self._sizes.who)
        alone = [(name,) for name in self._sizes.who if name not in MINILM]
        longest_first = sorted(alone, key=lambda names: names[0] != SEMANTIC)
        jobs = [names for names in (longest_first[0], shared, *longest_first[1:]) if names]
        cores = len(os.sched_getaffinity(0))
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
            waiting = {pool.submit(ask, names, self._data, self._sizes): names for names in jobs}
            for done in as_completed(waiting):
                for name, figures in done.result():
                    self._note(name, figures)
                self._say(f"asked {', '.join(WHO[name] for name in waiting[done])}")

    def costs(self) -> None:
        """Everybody's, one after the other."""
        write_job(self._folder, topics(self._data), self._sizes.phrasings, self._sizes.hostile_rounds)
        for name in self._sizes.who:
            self._note(name, build_cost(name, self._folder))
            for _ in range(self._sizes.rounds if name in OURS else 1):
                self._note(name, match_cost(name, self._folder))
            self._say(f"timed {WHO[name]}")

    def _say(self, words: str) -> None:
        say(f"{time.monotonic() - self._began:5.0f} s: {words}")

    def _note(self, name: str, figures: Mapping[str, float]) -> None:
        for key, value in figures.items():
            self.figures.add(full_key(name, key) if name in OURS else key, value, prefix="" if name in OURS else name)
