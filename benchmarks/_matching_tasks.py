"""What the matchers are asked: our FAQ with others' questions, and two public sets with few phrasings an entry.

The data folder has `topics_dev.jsonl` (one question a line: `text`; `kind`, of which `topic` and `none` count; `id` of
the entry; `also_ok`, others a fair judge accepts), `public/banking_train.csv` and `banking_test.csv` (Banking77 of
PolyAI, CC BY 4.0: 77 entries of near-duplicates), and `public/clinc.json` (CLINC150, CC BY 3.0: 150 entries, and a
thousand questions out of scope). None of them is shipped.
"""

import csv
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bot.content.load import load_content
from bot.core.matching import MIN_PHRASINGS, lines_of, spellings_of
from bot.core.matching.spelling import Spellings
from bot.core.matching.training import Line

FAQ = Path(__file__).parents[1] / "faq"


class Asked(NamedTuple):
    """One question. `right`: the entries a fair judge accepts; none when it is out of scope."""

    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class Task:
    """Phrasings to learn from and questions to be asked. `answerable`: entries with enough phrasings for an answer."""

    name: str
    lines: tuple[Line, ...]
    asked: tuple[Asked, ...]
    spellings: Spellings
    answerable: frozenset[str]


def make_task(name: str, lines: Sequence[Line], asked: Iterable[Asked], spellings: Spellings) -> Task:
    """A task whose entries are answerable as ours are in the bot."""
    ours = [line.entry for line in lines if line.is_ours]
    answerable = frozenset(entry for entry in ours if ours.count(entry) >= MIN_PHRASINGS)
    return Task(name, tuple(lines), tuple(asked), spellings, answerable)


def topics(data: Path, most_lines: int | None = None) -> Task:
    """Our FAQ, thinned to `most_lines`, and the questions of `topics_dev.jsonl`; small talk is not the matcher's."""
    content = load_content(FAQ)
    asked = []
    for words in (data / "topics_dev.jsonl").read_text("utf-8").splitlines():
        said = json.loads(words)
        if said["kind"] in {"topic", "none"}:
            asked.append(Asked(said["text"], frozenset({said["id"], *said["also_ok"]} - {None})))
    lines = lines_of(content)
    return make_task("topics", thinned(lines, most_lines or len(lines)), asked, spellings_of(content))


def banking(data: Path, k: int, seed: int, every: int = 1) -> Task:
    """Banking77 with `k` phrasings an entry."""
    train = _banking(data / "public" / "banking_train.csv")
    asked = [Asked(text, frozenset({entry})) for text, entry in _banking(data / "public" / "banking_test.csv")]
    return make_task(f"banking_k{k}", few(train, k, seed), asked[::every], _our_spellings())


def clinc(data: Path, k: int, seed: int, every: int = 1) -> Task:
    """CLINC150 with `k` phrasings an entry, and what is out of its scope among the questions."""
    said: Mapping[str, list[tuple[str, str]]] = json.loads((data / "public" / "clinc.json").read_text("utf-8"))
    asked = [Asked(text, frozenset({entry})) for text, entry in said["test"]]
    asked += [Asked(text, frozenset()) for text, _ in said["oos_test"]]
    return make_task(f"clinc_k{k}", few(said["train"], k, seed), asked[::every], _our_spellings())


def few(train: Iterable[Sequence[str]], k: int, seed: int) -> list[Line]:
    """`k` phrasings of each entry; `seed` chooses which. `train`: pairs of text and entry."""
    of_entry: dict[str, dict[str, None]] = {}
    for text, entry in train:
        of_entry.setdefault(entry, {})[text] = None
    chance = random.Random(1000 + seed)
    chosen = []
    for entry in sorted(of_entry):
        texts = list(of_entry[entry])
        chance.shuffle(texts)
        chosen += [Line(entry, text) for text in texts[:k]]
    return chosen


def thinned(lines: Sequence[Line], size: int) -> list[Line]:
    """`size` of the lines, evenly from first to last; all of them if there are fewer."""
    if len(lines) <= size:
        return list(lines)
    return [lines[number * len(lines) // size] for number in range(size)]


def _banking(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"].strip(), row["category"]) for row in csv.DictReader(file)]


def _our_spellings() -> Spellings:
    """What is in `words.yaml` helps with banking questions as well: it is about typing, not about feet."""
    return spellings_of(load_content(FAQ))
