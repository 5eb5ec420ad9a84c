"""How often each contestant is right: answers to a task's questions, and the figures that follow from them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks._matching_rivals import RIVALS, Rival
from benchmarks._matching_tasks import Asked, Task
from bot.core.matching.learned import LearnedMatcher
from bot.core.matching.semantic import SentenceModel
from bot.core.matching.training import Embed, build
from bot.core.text import clean
from bot.model import Decision

Numbers = NDArray[np.float64]
OFFERED = 3


class Answer(NamedTuple):
    """What a contestant says of one text. `best`: up to three entries, best first. `decision`: ours only."""

    best: Sequence[str]
    decision: Decision | None = None


class Answers(NamedTuple):
    """To all questions. `sure`: one or more ways to tell how sure the contestant is, a number a question."""

    each: Sequence[Answer]
    sure: Sequence[Numbers]


class Remembering:
    """An embedder that computes each text once: the same questions are asked for every seed."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._rows: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in texts if text not in self._rows))
        if new:
            self._rows.update(zip(new, self._embed(new), strict=True))
        return np.vstack([self._rows[text] for text in texts])


def ask_ours(task: Task, asked: Sequence[Sequence[str]], embed: Embed | None) -> list[Answers]:
    """Our answers to several lists of texts; core without `embed`."""
    index = build(task.lines, task.spellings, embed)
    matcher = LearnedMatcher(index, task.answerable, embed)
    found = []
    for texts in asked:
        matches = [matcher.match(clean(text)) for text in texts]
        each = [Answer([one.entry_id for one in match.candidates], match.decision) for match in matches]
        sure = np.array([match.candidates[0].confidence if match.candidates else 0.0 for match in matches])
        found.append(Answers(each, [sure]))
    return found


def ask_rival(rival: Rival, task: Task, asked: Sequence[Sequence[str]]) -> list[Answers]:
    """A rival's answers to several lists of texts."""
    rival.fit(task.lines)
    return [_rival_answers(rival, rival.scores(texts).astype(np.float64)) for texts in asked]


def _rival_answers(rival: Rival, scores: Numbers) -> Answers:
    """How sure a rival is can be read from its best score, from its lead, or from both; the best for it counts."""
    entries = len(rival.entries)
    of_entries = scores[:, :entries]
    order = np.argsort(-of_entries, axis=1, kind="stable")[:, :OFFERED]
    each = [Answer([rival.entries[column] for column in row]) for row in order]
    ranked = np.take_along_axis(of_entries, order, axis=1)
    top = ranked[:, 0]
    lead = top - ranked[:, 1] if ranked.shape[1] > 1 else top
    sure = [top, lead, top + lead]
    if scores.shape[1] > entries:
        sure.append(top - scores[:, entries:].max(axis=1))
    return Answers(each, sure)


def rate(asked: Sequence[Asked], answers: Answers) -> dict[str, float]:
    """Per cent, and AUROC 0-1; only the figures these answers have. The words are those of `eval/score.py`."""
    pairs = list(zip(asked, answers.each, strict=True))
    ours = [(one.right, answer) for one, answer in pairs if one.right]
    found = {
        "top1": _per_cent([bool(right & set(answer.best[:1])) for right, answer in ours]),
        "top3": _per_cent([bool(right & set(answer.best)) for right, answer in ours]),
    }
    in_scope = np.array([bool(one.right) for one in asked])
    if not in_scope.all():
        found["auroc"] = max(auroc(sure[in_scope], sure[~in_scope]) for sure in answers.sure)
    if all(answer.decision is None for answer in answers.each):
        return found
    answered = [(right, answer) for right, answer in ours if answer.decision is Decision.ANSWER]
    found["answered"] = 100 * len(answered) / len(ours)
    found["wrong"] = _per_cent([answer.best[0] not in right for right, answer in answered])
    found["helped"] = _per_cent([_helps(right, answer) for right, answer in ours])
    if not in_scope.all():
        others = [answer for one, answer in pairs if not one.right]
        found["out_of_scope_answered"] = _per_cent([answer.decision is Decision.ANSWER for answer in others])
    return found


def auroc(inside: Numbers, outside: Numbers) -> float:
    """How probably a question in scope is surer than one out of scope, 0-1; a tie is half."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, "left") + np.searchsorted(ordered, inside, "right")
    return float(below.mean() / (2 * len(ordered)))


def _helps(right: frozenset[str], answer: Answer) -> bool:
    """Answered right, or the right one is among the buttons."""
    if answer.decision is Decision.ANSWER:
        return answer.best[0] in right
    return answer.decision is Decision.ASK and bool(right & set(answer.best))


def _per_cent(those: Sequence[bool]) -> float:
    """0 of nothing."""
    return 100 * sum(those) / max(len(those), 1)


def rate_contestant(
    name: str, task: Task, variants: Mapping[str, Sequence[str]], embed: Embed | None
) -> dict[str, float]:
    """The figures of one contestant at one task, by `<task>_<figure><variant>`.

    `variants`: the task's questions as they are (under ""), typed badly…; `name`: a rival's prefix, or ours.
    """
    texts = list(variants.values())
    answers = ask_rival(RIVALS[name](embed), task, texts) if name in RIVALS else ask_ours(task, texts, embed)
    found = {}
    for variant, these in zip(variants, answers, strict=True):
        for figure, value in rate(task.asked, these).items():
            found[f"{task.name}_{figure}{variant}"] = value
    return found


def remembered(model: SentenceModel | None) -> Embed | None:
    """The model's embedder with a memory."""
    return Remembering(model.embed) if model else None
