"""The sentence model kept in a folder says what the one that ships says, and a spoilt copy harms nobody."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bot.core.matching import semantic
from bot.core.matching.semantic import SentenceModel, find_model
from bot.errors import SettingsError
from bot.services.models import model_for

pytestmark = pytest.mark.skipif(not semantic.is_installed(), reason="needs the extra: pip install '.[semantic]'")

TEXTS = ("how painful is it", "a longer question about what may happen after the treatment is over")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model in it."""
    folder = tmp_path_factory.mktemp("index")
    assert find_model(folder=folder) is not None
    return folder


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    """The same, to spoil."""
    return Path(shutil.copytree(kept, tmp_path / "index"))


def embedded(model: SentenceModel | None) -> np.ndarray:
    assert model is not None
    return model.embed(TEXTS)


def test_it_says_what_the_shipped_one_says(kept: Path) -> None:
    assert embedded(find_model(folder=kept)) == pytest.approx(embedded(find_model()), abs=1e-5)


def test_it_is_made_once(copy: Path) -> None:
    (made,) = copy.iterdir()
    before = (made / "model.onnx").stat().st_mtime_ns
    find_model(folder=copy)
    assert [path.name for path in copy.iterdir()] == [made.name]
    assert (made / "model.onnx").stat().st_mtime_ns == before


def test_that_of_another_version_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "model-of-yesterday").mkdir()
    (tmp_path / "an-index").mkdir()
    find_model(folder=tmp_path)
    assert "model-of-yesterday" not in {path.name for path in tmp_path.iterdir()}
    assert "an-index" in {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["model.onnx", "weights.bin"])
def test_a_spoilt_one_is_made_anew(copy: Path, name: str) -> None:
    (made,) = copy.iterdir()
    (made / name).write_bytes(b"spoilt")
    assert embedded(model_for("", copy)) == pytest.approx(embedded(find_model()), abs=1e-5)
    assert embedded(model_for("", copy / ".." / "index")) == pytest.approx(embedded(find_model()), abs=1e-5)
    assert [path.name for path in copy.iterdir()] == [made.name]


def test_a_folder_that_cannot_be_written_costs_no_model(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert model_for("", tmp_path / "file" / "index") is not None


def test_what_is_no_model_is_named_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(SettingsError, match=r"model\.onnx"):
        model_for(str(tmp_path / "model.onnx"), tmp_path / "index")
    assert list((tmp_path / "index").iterdir()) == []
