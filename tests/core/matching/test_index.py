"""An index read back answers as it did before it was saved."""

import json
from pathlib import Path

import pytest

from bot.content.schema import Content
from bot.core.matching import build_index, build_matcher
from bot.core.matching.index import Index

TEXTS = ("whn may i drvie", "is the brusing normal? and when does the ache stop", "sore", "something else entirely")


@pytest.fixture(scope="module")
def index(content: Content) -> Index:
    return build_index(content)


def test_read_back_it_matches_the_same(content: Content, index: Index, tmp_path: Path) -> None:
    index.save(tmp_path / "kept")
    before, after = build_matcher(content, index), build_matcher(content, Index.load(tmp_path / "kept"))
    assert [after.match(text) for text in TEXTS] == [before.match(text) for text in TEXTS]


def test_saving_over_what_another_process_saved_is_no_error(index: Index, tmp_path: Path) -> None:
    index.save(tmp_path / "kept")
    index.save(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_an_index_of_another_format_is_refused(index: Index, tmp_path: Path) -> None:
    index.save(tmp_path / "kept")
    said = tmp_path / "kept" / "index.json"
    said.write_text(json.dumps(json.loads(said.read_text()) | {"format": 0}))
    with pytest.raises(ValueError, match="format"):
        Index.load(tmp_path / "kept")


def test_the_same_content_gives_the_same_index(content: Content, index: Index) -> None:
    again = build_index(content)
    assert (again.weights == index.weights).all()
    assert (again.right.weights == index.right.weights).all()
    assert again.gates == index.gates
