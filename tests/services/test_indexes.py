"""Indexes are built once, kept, and no folder's fault stops the service."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.content.load import load_content
from bot.content.schema import Content, Group
from bot.core.matching import build_index, ridge
from bot.core.matching.index import Index
from bot.model import Decision
from bot.services import indexes
from bot.services.indexes import index_for, is_kept, mind_for

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def content() -> Content:
    """The real one, with few enough questions to build in a moment."""
    whole = load_content(ROOT / "faq")
    entry = whole.groups[0].entries[0]
    small = Group(id="small", title="Small", entries=(entry.model_copy(update={"phrasings": entry.phrasings[:6]}),))
    return whole.model_copy(update={"groups": (small,), "for_people": {}})


def kept(folder: Path) -> list[Path]:
    """Everything saved in it."""
    return [path for path in folder.iterdir() if path.is_dir()]


def test_what_was_built_is_read_the_next_time(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = index_for(content, None, tmp_path)
    monkeypatch.setattr(indexes, "build_index", lambda *_: pytest.fail("built again"))
    assert index_for(content, None, tmp_path).lines == built.lines


def test_workers_that_start_together_learn_once(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = 0

    def build(*given: Any) -> Index:
        nonlocal built
        built += 1
        return build_index(*given)

    monkeypatch.setattr(indexes, "build_index", build)
    with ThreadPoolExecutor(3) as workers:
        found = list(workers.map(lambda _: index_for(content, None, tmp_path), range(3)))
    assert built == 1
    assert len({index.lines for index in found}) == 1


def with_entry(content: Content, **update: object) -> Content:
    """The same with something else about its question."""
    group = content.groups[0]
    edited = group.model_copy(update={"entries": (group.entries[0].model_copy(update=update),)})
    return content.model_copy(update={"groups": (edited,)})


def test_another_answer_needs_no_new_index_another_phrasing_does(content: Content, tmp_path: Path) -> None:
    index_for(content, None, tmp_path)
    index_for(with_entry(content, answer="Another answer."), None, tmp_path)
    assert len(kept(tmp_path)) == 1
    phrasings = content.groups[0].entries[0].phrasings
    index_for(with_entry(content, phrasings=(*phrasings, "one more way to ask")), None, tmp_path)
    assert len(kept(tmp_path)) == 2


def test_a_matcher_serves_on_while_every_text_is_matched_as_before(content: Content) -> None:
    content = content.model_copy(update={"messages": {}})  # nothing is left for the second opinion to learn from
    entry = content.groups[0].entries[0]
    first = mind_for(with_entry(content, phrasings=(entry.question, *entry.phrasings[:4])), None, None)
    other_answer = with_entry(first.brain.content, answer="Another answer.")
    second = mind_for(other_answer, None, None, first)
    assert second.brain.matcher is first.brain.matcher
    assert second.matched is first.matched
    # The question itself counts as one of five ways to ask: the index stays, and the bot may not answer any more.
    fewer = mind_for(with_entry(content, phrasings=entry.phrasings[:4]), None, None, first)
    assert fewer.index is first.index
    assert fewer.brain.matcher is not first.brain.matcher
    assert fewer.brain.matcher.match(entry.question).decision is not Decision.ANSWER
    assert first.brain.matcher.match(entry.question).decision is Decision.ANSWER


def test_another_number_in_the_code_needs_a_new_index(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_for(content, None, tmp_path)
    assert is_kept(content, None, tmp_path)
    monkeypatch.setattr(ridge, "GAMMA", ridge.GAMMA + 1)
    assert not is_kept(content, None, tmp_path)
    index_for(content, None, tmp_path)
    assert len(kept(tmp_path)) == 2


def test_a_spoilt_index_is_built_anew(content: Content, tmp_path: Path) -> None:
    index_for(content, None, tmp_path)
    (built,) = kept(tmp_path)
    (built / "index.json").write_text("{")
    assert index_for(content, None, tmp_path).entries
    assert Index.load(built).entries


def test_a_folder_that_cannot_be_written_costs_only_time(content: Content, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert index_for(content, None, tmp_path / "file" / "index").entries


def test_old_indexes_are_forgotten(content: Content, tmp_path: Path) -> None:
    for number in range(indexes._KEPT + 2):
        spoken = content.model_copy(update={"for_people": {"other": (f"line number {number} for people",)}})
        index_for(spoken, None, tmp_path)
    assert len(kept(tmp_path)) == indexes._KEPT
