"""Whether danger is still found: the content's signs against labelled messages that nothing was learned from.

`tests/faq/red_flags/` has a file of cases for each sign, and `contract.yaml` with what must hold. A change of rules or
messages that breaks it is refused by `aftercare faq check`, as a change of code is by the tests.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import Field

from bot.content.parts import Id, Letter, Part
from bot.content.schema import Content
from bot.core.understand import Reader
from bot.errors import ContentError, Problem
from bot.model import Level, Triage, is_pressing

CASES = Path("tests/faq/red_flags")
"""Beside the content folder."""
CONTRACT = "contract.yaml"
_Kind = TypeVar("_Kind", bound=Part)


class Case(Part):
    """One message with the level it must lead to."""

    text: Letter
    level: Level | None = None
    """None: that of the sign, or none for a look-alike."""


class CasesFile(Part):
    """One sign's file."""

    signs: tuple[Letter | Case, ...]
    look_alikes: tuple[Letter | Case, ...]


class Contract(Part):
    """What must hold, in percent."""

    found: Mapping[Id, float]
    """By sign: at least so many of its messages lead to an alarm as grave as due, or to the question."""
    alarmed: float = Field(ge=0, le=100)
    """At most so many of all look-alikes lead to an alarm that is an emergency or urgent…"""
    asked: float = Field(ge=0, le=100)
    """…and so many more to the question."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How the cases of one sign fared."""

    signs: int = 0
    alarmed: int = 0
    """Of the signs: at the level due or a higher one."""
    asked: int = 0
    look_alikes: int = 0
    false_alarms: int = 0
    false_questions: int = 0

    @property
    def found_pct(self) -> float:
        """Signs that were not missed."""
        return 100 * (self.alarmed + self.asked) / self.signs if self.signs else 100.0


def measure(content: Content, triager: Reader, folder: Path) -> dict[str, Tally]:
    """By sign. Raises OSError, and ContentError for cases that cannot be read."""
    due = {flag.id: flag.level for flag in content.red_flags}
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == CONTRACT or path.stem not in due:
            continue
        cases = _read(path, CasesFile)
        of_signs = Counter(
            _outcome(triager.triage(case.text), case.level or due[path.stem]) for case in _all(cases.signs)
        )
        alike = [triager.triage(case.text) for case in _all(cases.look_alikes) if case.level is None]
        loud = sum(is_pressing(triage.flags) for triage in alike)
        found[path.stem] = Tally(
            signs=of_signs.total(),
            alarmed=of_signs["alarmed"],
            asked=of_signs["asked"],
            look_alikes=len(alike),
            false_alarms=loud,
            false_questions=sum(bool(triage.suspected) and not is_pressing(triage.flags) for triage in alike),
        )
    return found


def danger_texts(content: Content, folder: Path) -> list[str]:
    """Messages that mean a danger, of every sign; none where there is no such folder. Raises as `measure` does."""
    ids = {flag.id for flag in content.red_flags}
    paths = [path for path in sorted(folder.glob("*.yaml")) if path.stem in ids]
    return [case.text for path in paths for case in _all(_read(path, CasesFile).signs)]


def broken(content: Content, triager: Reader, folder: Path) -> list[Problem]:
    """What the contract asks for and does not get. Raises as `measure` does."""
    contract = _read(folder / CONTRACT, Contract)
    tallies = measure(content, triager, folder)
    return list(_breaches(contract, tallies))


def _read(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        return kind.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ContentError([Problem(str(CASES / path.name), None, f"cannot be read: {said}")]) from error


def _breaches(contract: Contract, tallies: Mapping[str, Tally]) -> Iterator[Problem]:
    for id_, wanted in contract.found.items():
        tally = tallies.get(id_, Tally())
        if not tally.signs:
            text = f"there is no case of '{id_}', so nobody knows whether it is found"
            yield Problem(str(CASES / CONTRACT), None, text)
        elif tally.found_pct < wanted:
            text = f"'{id_}' is found in {tally.found_pct:.1f} % of its cases; the contract wants {wanted:.1f} %"
            yield Problem("en/red_flags.yaml", None, text)
    look_alikes = sum(tally.look_alikes for tally in tallies.values()) or 1
    alarmed = 100 * sum(tally.false_alarms for tally in tallies.values()) / look_alikes
    asked = 100 * sum(tally.false_questions for tally in tallies.values()) / look_alikes
    for what, got, most in (("an alarm", alarmed, contract.alarmed), ("a question", asked, contract.asked)):
        if got > most:
            text = f"{got:.1f} % of the look-alikes lead to {what}; the contract allows {most:.1f} %"
            yield Problem("en/red_flags.yaml", None, text)


def _all(cases: Sequence[str | Case]) -> list[Case]:
    return [Case(text=case) if isinstance(case, str) else case for case in cases]


def _outcome(triage: Triage, due: Level) -> str:
    if any(flag.level.rank >= due.rank for flag in triage.flags):
        return "alarmed"
    return "asked" if triage.suspected else "missed"
