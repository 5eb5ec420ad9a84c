"""Every figure of `matching.py`: what it is, in which unit, and what it has to reach.

In the JSON those of our core stand under these names, with the sentence model under `<name>_semantic`, a rival's under
`<prefix><name>`. Accuracies are means over the seeds that choose the phrasings, with `<name>_min` and `<name>_max`.
"""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks._figures import Fold, Measure
from benchmarks._matching_hostile import hostile_texts

CORE, SEMANTIC = "", "_semantic"
"""Ours, by their suffix."""
WHO = {
    CORE: "Ours, core",
    SEMANTIC: "Ours, semantic",
    "wratio_": "rapidfuzz WRatio",
    "token_set_": "rapidfuzz token_set_ratio",
    "token_sort_": "rapidfuzz token_sort_ratio",
    "bm25_": "bm25s",
    "svc_": "TF-IDF, LinearSVC",
    "logreg_": "TF-IDF, LogisticRegression",
    "minilm_knn_": "MiniLM, nearest phrasing",
    "minilm_lr_": "MiniLM, LogisticRegression",
}
OURS = (CORE, SEMANTIC)
TYPOS = "_typos"
FEW = ("banking_k10", "banking_k20", "clinc_k10", "clinc_k20")
"""The public sets with few phrasings an entry."""
HOSTILE_KINDS = tuple(hostile_texts(0, ["a"]))

_HIGHER = {"top1": "right at first", "top3": "right among three"}
_GOALS = {
    "topics_top1": (82, 90),
    "topics_top3": (93, 97),
    "topics_helped": (85, 92),
    "topics_answered": (60, 72),
    "topics_wrong": (5, 3),
    "topics_out_of_scope_answered": (5, 3),
    "banking_k20_top1": (83, 89),
    "banking_k20_top1_typos": (79, 83),
    "clinc_k20_top1": (88, 92),
    "clinc_k20_top1_typos": (82, 85),
    "clinc_k10_auroc": (0.92, 0.955),
    "decision_p50_ms": (0.6, 4),
    "decision_p99_ms": (1.5, 6),
    "hostile_ms": (20, 60),
    "ready_s": (0.3, 0.6),
    "rss_mb": (60, 180),
    "rss_peak_mb": (60, 180),
}
"""Core, semantic."""


def full_key(name: str, key: str) -> str:
    """The figure `key` of contestant `name` in the JSON."""
    return f"{key}{name}" if name in OURS else f"{name}{key}"


def _accuracies() -> Iterator[Measure]:
    for task in ("topics", *FEW):
        for variant in ("", TYPOS):
            for figure, what in _HIGHER.items():
                yield Measure(f"{task}_{figure}{variant}", "%", what, False, fold=Fold.MEAN)
            yield Measure(f"{task}_auroc{variant}", "", "AUROC, in or out of scope", False, fold=Fold.MEAN)
            yield Measure(f"{task}_answered{variant}", "%", "answered", False, fold=Fold.MEAN)
            yield Measure(f"{task}_wrong{variant}", "%", "wrong, of these", fold=Fold.MEAN)
            yield Measure(f"{task}_helped{variant}", "%", "answered right or offered", False, fold=Fold.MEAN)
            yield Measure(f"{task}_out_of_scope_answered{variant}", "%", "out of scope answered", fold=Fold.MEAN)


def _costs() -> Iterator[Measure]:
    yield Measure("decision_p50_ms", "ms", "decision, median")
    yield Measure("decision_p99_ms", "ms", "decision, 99th percentile")
    yield Measure("hostile_p50_ms", "ms", "4,096 hostile characters, median")
    yield Measure("hostile_ms", "ms", "4,096 hostile characters, worst")
    for kind in HOSTILE_KINDS:
        yield Measure(f"hostile_{kind}_ms", "ms", kind.replace("_", " "))
    yield Measure("ready_s", "s", "from starting Python to the first decision")
    yield Measure("rss_mb", "MB", "memory after 200 decisions")
    yield Measure("rss_peak_mb", "MB", "the most it held until then")
    yield Measure("build_s", "s", "learning the phrasings")
    yield Measure("build_peak_mb", "MB", "the most the process that learns held")


def _all() -> Iterator[Measure]:
    for measure in (*_accuracies(), *_costs()):
        core, semantic = _GOALS.get(measure.key, (None, None))
        yield replace(measure, target=core)
        yield replace(measure, key=f"{measure.key}{SEMANTIC}", target=semantic)


MEASURES = {measure.key: measure for measure in _all()}
"""Ours by their full names."""
