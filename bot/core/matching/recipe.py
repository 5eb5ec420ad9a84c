"""What an index depends on beside the content: every constant of the modules that make it.

It is part of a saved index's name (`bot/services/indexes.py`), so that nobody has to remember `index.FORMAT` after
trying another number.
"""

from collections.abc import Mapping
from types import ModuleType

from bot.core.matching import (
    confidence,
    features,
    matcher,
    mutate,
    postings,
    quick,
    ridge,
    semantic,
    spelling,
    training,
)

_MODULES = (confidence, features, matcher, mutate, postings, quick, ridge, semantic, spelling, training)


def recipe(*more: ModuleType) -> Mapping[str, str]:
    """Each constant by its module and name, and the signs; the same in every process and on every machine.

    `more`: modules that something else is made with.
    """
    modules = (*_MODULES, *more)
    found = {f"{_last(module)}.{name}": _said(value) for module in modules for name, value in _constants(module)}
    return {**found, "confidence.Signs": " ".join(confidence.Signs._fields)}


def _constants(module: ModuleType) -> list[tuple[str, object]]:
    """Numbers, texts and lists of them; paths, for one, are none of them."""
    kinds = (int, float, str, range, tuple, frozenset, dict)
    return [(name, value) for name, value in vars(module).items() if name.isupper() and isinstance(value, kinds)]


def _said(value: object) -> str:
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)


def _last(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]
