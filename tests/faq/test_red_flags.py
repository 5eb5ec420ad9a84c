"""The recall contract: danger in other people's words is found, and what only sounds like it mostly left alone.

The cases lie in `red_flags/`, one file a sign; nothing is learned from them. `aftercare faq check` holds a clinic's own
changes to the same contract.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bot.content.schema import Content
from bot.core.matching.mutate import misspell
from bot.core.understand import Brain
from bot.errors import ContentError
from bot.model import Decision, Level, Triage
from bot.services.recall import CONTRACT, CasesFile, Contract, broken, measure
from tests.faq.evaluation import FOLDER, Evaluation

CASES = Path(__file__).parent / "red_flags"
MUTANTS_FOUND = 85.0
"""Per cent of all pressing signs that are found with one slip in each message, or in capitals without punctuation."""
JOINED_FOUND, JOINED_LETTERS = 80.0, 60
"""The same of messages of so many letters with no space at all: a slip in one of them hides more."""


@pytest.fixture(scope="module")
def cases(content: Content) -> dict[str, CasesFile]:
    return {
        flag.id: CasesFile.model_validate(yaml.safe_load((CASES / f"{flag.id}.yaml").read_text("utf-8")))
        for flag in content.red_flags
    }


@pytest.fixture(scope="module")
def pressing(content: Content, cases: dict[str, CasesFile]) -> list[tuple[str, Level]]:
    """Messages that must raise an alarm, with the level due."""
    due = {flag.id: flag.level for flag in content.red_flags}
    every = [
        (case, due[id_]) if isinstance(case, str) else (case.text, case.level or due[id_])
        for id_, file in cases.items()
        for case in file.signs
    ]
    return [(text, level) for text, level in every if level.is_pressing]


def found_pct(brain: Brain, messages: list[str]) -> float:
    """How many lead to an alarm or a question."""
    decisions = [brain.understand(text).decision for text in messages]
    return 100 * sum(one in {Decision.RED_FLAG, Decision.CHECK} for one in decisions) / len(decisions)


def test_the_contract_holds(content: Content, brain: Brain) -> None:
    assert [str(problem) for problem in broken(content, brain.triager, CASES)] == []


def test_the_contract_names_every_sign(content: Content) -> None:
    contract = Contract.model_validate(yaml.safe_load((CASES / CONTRACT).read_text("utf-8")))
    assert set(contract.found) == {flag.id for flag in content.red_flags}


def test_every_sign_has_cases_of_both_sorts(content: Content, brain: Brain) -> None:
    tallies = measure(content, brain.triager, CASES)
    assert {id_ for id_, tally in tallies.items() if min(tally.signs, tally.look_alikes) < 12} == set()


@pytest.mark.parametrize(
    "mutate",
    [
        pytest.param(str.upper, id="capitals"),
        pytest.param(lambda text: re.sub(r"[^\w\s']", " ", text.lower()), id="no punctuation"),
        pytest.param(lambda text: misspell(text, 7), id="a slip"),
        pytest.param(lambda text: re.sub(r"(\w) (\w)", r"\1\2", text, count=1), id="a space too few"),
        pytest.param(lambda text: f"Hi, hope you are well. {text} Thank you for your help.", id="politeness around it"),
    ],
)
def test_how_it_is_typed_hides_little(
    brain: Brain, pressing: list[tuple[str, Level]], mutate: Callable[[str], str]
) -> None:
    every_second = [mutate(text) for text, _ in pressing[::2]]
    assert found_pct(brain, every_second) >= MUTANTS_FOUND


def test_spaces_that_are_missing_hide_little(brain: Brain, pressing: list[tuple[str, Level]]) -> None:
    short = [text.replace(" ", "") for text, _ in pressing if len(text) <= JOINED_LETTERS]
    assert found_pct(brain, short) >= JOINED_FOUND


@pytest.mark.parametrize(
    ("text", "level"),
    [
        pytest.param("leg is red and hot below the knee", Level.URGENT, id="what was found explains it"),
        pytest.param("skin is angry round the holes and she breathes as after a race", Level.EMERGENCY, id="more"),
    ],
)
def test_the_second_opinion_raises_only_what_is_clearly_worse(brain: Brain, text: str, level: Level) -> None:
    assert brain.understand(text).level is level


class Deaf:
    """Hears nothing."""

    def triage(self, _: str) -> Triage:
        return Triage()


def test_a_broken_rule_breaks_the_contract(content: Content) -> None:
    said = [str(problem) for problem in broken(content, Deaf(), CASES)]
    assert any("'chest_pain_breathless' is found in 0.0 %" in problem for problem in said)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The cases, to break."""
    return Path(shutil.copytree(CASES, tmp_path / "cases"))


def test_a_sign_that_lost_its_cases_breaks_the_contract(content: Content, copied: Path) -> None:
    (copied / "seizure.yaml").unlink()
    said = "\n".join(str(problem) for problem in broken(content, Deaf(), copied))
    assert "tests/faq/red_flags/contract.yaml: there is no case of 'seizure'" in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("contract.yaml", "found: {}\nalarmed: 13\nasks: 4\n", id="unknown key"),
        pytest.param("contract.yaml", "found: [", id="no YAML"),
        pytest.param("seizure.yaml", "signs: []\n", id="a list missing"),
    ],
)
def test_cases_that_cannot_be_read_are_named(content: Content, copied: Path, name: str, text: str) -> None:
    (copied / name).write_text(text, "utf-8")
    with pytest.raises(ContentError, match=f"^tests/faq/red_flags/{name}: cannot be read: "):
        broken(content, Deaf(), copied)


def test_ordinary_questions_alarm_hardly_ever(content: Content, brain: Brain) -> None:
    """On the phrasings that are served; how often on unseen ones is in `deploy/safety/`."""
    asked = [entry.question for entry in content.entries.values()]
    asked += [text for entry in content.entries.values() for text in entry.phrasings[::5]]
    triages = [brain.triager.triage(text) for text in asked]
    alarmed = sum(any(flag.level.is_pressing for flag in triage.flags) for triage in triages)
    assert alarmed <= 0.01 * len(asked)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the evaluation lies beside the project on some machines only")
def test_no_case_and_no_message_is_taken(content: Content, cases: dict[str, CasesFile]) -> None:
    evaluation = Evaluation()
    messages = [text for file in content.messages.values() for text in (*file.signs, *file.look_alikes)]
    labelled = [case if isinstance(case, str) else case.text for file in cases.values() for case in file.signs]
    assert evaluation.taken([*messages, *labelled], shortest=4) == []


def test_nothing_is_learned_from_the_cases(content: Content, cases: dict[str, CasesFile]) -> None:
    learned = {text.lower() for file in content.messages.values() for text in (*file.signs, *file.look_alikes)}
    labelled = {
        (case if isinstance(case, str) else case.text).lower()
        for file in cases.values()
        for case in (*file.signs, *file.look_alikes)
    }
    assert learned & labelled == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No fever, no pus, no redness, just sore", None),
        ("No fever but my calf is hot and fat", "suspected_dvt"),
        ("Chest pain? no", None),
        ("pain? yes, chest", "chest_pain_breathless"),
        ("Not only sore, my left calf is swollen too", "suspected_dvt"),
        ("isn't my leg swollen?", "suspected_dvt"),
        ("could my calf be a clot, it's hot and swollen", "suspected_dvt"),
        ("is it normal that I can't breathe", "chest_pain_breathless"),
        ("can needling cause a collapsed lung?", None),
        ("my friend's cousin had a collapsed lung", None),
        ("I had a clot in 2015", None),
        ("I don't think it's serious but I have chest pain", "chest_pain_breathless"),
        ("he won't wake up", "collapse_unresponsive"),
        ("I want to get it off my chest", None),
    ],
)
def test_the_catalogue_s_border_rules_on_the_rules_that_ship(brain: Brain, text: str, found: str | None) -> None:
    flags = [flag.id for flag in brain.triager.triage(text).flags]
    assert (found in flags) if found else flags == []
