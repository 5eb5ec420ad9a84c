"""The sentence model as it runs, kept in a folder.

The shipped one is first put together anew (`quick.py`). Weights stand in a file of their own and are read by memory
map: workers share them, and the system may take them back.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.matching.quick import FORMAT, quick_model
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


def open_model(path: Path, *, quick: bool = False) -> "InferenceSession":
    """The model of a file, to be run; `quick`: it is the shipped one.

    Raises whatever onnxruntime raises: its own errors and bare RuntimeErrors.
    """
    import onnxruntime

    model = quick_model(path.read_bytes()) if quick else str(path)
    return onnxruntime.InferenceSession(model, options(), providers=["CPUExecutionProvider"])


def open_prepared(path: Path, sha256: str, folder: Path, *, quick: bool = False) -> "InferenceSession":
    """The same from what is kept in `folder`, made there if it is missing; `sha256`: of the file at `path`.

    Raises OSError when it cannot be kept or is spoilt, which is then gone, and what onnxruntime raises when there is
    nothing to keep, since the file at `path` is no model.
    """
    import onnxruntime

    kept = folder / f"{_BEGINS}{sha256[:16]}-{onnxruntime.__version__}{f'-{FORMAT}' if quick else ''}"
    if not (kept / _MODEL).is_file():
        _prepare(quick_model(path.read_bytes()) if quick else str(path), kept)
    try:
        return open_model(kept / _MODEL)
    except Exception as error:
        shutil.rmtree(kept, ignore_errors=True)
        raise OSError(f"{kept.name} is spoilt: {type(error).__name__}") from error


def _prepare(model: bytes | str, kept: Path) -> None:
    """Write it so that another process sees all of it or nothing, and take away those of other versions."""
    import onnxruntime

    with whole(kept, _MODEL) as unfinished:
        how = options()
        # What comes after this level depends on the processor, and is done quickly at each start.
        how.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        how.optimized_model_filepath = str(unfinished / _MODEL)
        how.add_session_config_entry("session.optimized_model_external_initializers_file_name", _WEIGHTS)
        how.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", _APART)
        onnxruntime.InferenceSession(model, how, providers=["CPUExecutionProvider"])
    for other in kept.parent.glob(f"{_BEGINS}*"):
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)
