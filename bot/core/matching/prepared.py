"""The sentence model as it runs, kept in a folder.

As it ships, its eight-bit weights are spread to four times their size at every start. Spread once and kept in a file,
those of the word pieces are read by memory map: 50 MB that workers share and the system may take back, a peak at the
start 100 MB lower, and a start 0.2 seconds quicker. The file has 90 MB.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.saved import whole

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

_BEGINS = "model-"
_MODEL, _WEIGHTS = "model.onnx", "weights.bin"
_APART = "1024"
"""Weights of so many bytes go into the file beside the model."""


def options() -> "SessionOptions":
    """One thread, and no memory kept for the longest text there ever was."""
    import onnxruntime

    found = onnxruntime.SessionOptions()
    found.intra_op_num_threads = 1
    found.inter_op_num_threads = 1
    found.enable_cpu_mem_arena = False
    found.enable_mem_pattern = False
    return found


def open_model(path: Path) -> "InferenceSession":
    """The model of a file, to be run. Raises whatever onnxruntime raises: its own errors and bare RuntimeErrors."""
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), options(), providers=["CPUExecutionProvider"])


def open_prepared(path: Path, sha256: str, folder: Path) -> "InferenceSession":
    """The same from what is kept in `folder`, made there if it is missing; `sha256`: of the file at `path`.

    Raises OSError when it cannot be kept or is spoilt, which is then gone, and what onnxruntime raises when there is
    nothing to keep, since the file at `path` is no model.
    """
    import onnxruntime

    kept = folder / f"{_BEGINS}{sha256[:16]}-{onnxruntime.__version__}"
    if not (kept / _MODEL).is_file():
        _prepare(path, kept)
    try:
        return open_model(kept / _MODEL)
    except Exception as error:
        shutil.rmtree(kept, ignore_errors=True)
        raise OSError(f"{kept.name} is spoilt: {type(error).__name__}") from error


def _prepare(path: Path, kept: Path) -> None:
    """Write it so that another process sees all of it or nothing, and take away those of other versions."""
    import onnxruntime

    with whole(kept, _MODEL) as unfinished:
        how = options()
        # What comes after this level depends on the processor, and is done quickly at each start.
        how.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        how.optimized_model_filepath = str(unfinished / _MODEL)
        how.add_session_config_entry("session.optimized_model_external_initializers_file_name", _WEIGHTS)
        how.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", _APART)
        onnxruntime.InferenceSession(str(path), how, providers=["CPUExecutionProvider"])
    for other in kept.parent.glob(f"{_BEGINS}*"):
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)
