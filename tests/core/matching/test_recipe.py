"""A constant that shapes an index is part of its recipe."""

import subprocess
import sys

import pytest

from bot.core.matching import confidence, ridge, training
from bot.core.matching.recipe import recipe


@pytest.mark.parametrize(("module", "name"), [(ridge, "GAMMA"), (training, "WORDS_SHARE"), (training, "WRONG_AT_MOST")])
def test_another_number_is_another_recipe(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    before = recipe()
    monkeypatch.setattr(module, name, getattr(module, name) * 1.5)
    assert recipe() != before


def test_other_signs_are_another_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe()
    monkeypatch.setattr(confidence.Signs, "_fields", confidence.Signs._fields[1:])
    assert recipe() != before


def test_it_is_the_same_in_every_process_and_names_no_path() -> None:
    words = "from bot.core.matching.recipe import recipe; print(sorted(recipe().items()))"
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(sorted(recipe().items()))
    assert "/" not in "".join(value for name, value in recipe().items() if not name.startswith("spelling"))
