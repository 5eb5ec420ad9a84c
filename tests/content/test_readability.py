"""The hardest sentence is named, so that somebody knows where to begin."""

import pytest

from bot.content.readability import hardest, read

EASY = "You may be sore for a day or two."
HARD = "Musculoskeletal rehabilitation necessitates individualised interdisciplinary consideration"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(f"{EASY} {HARD}. That is normal.", HARD, id="among others"),
        pytest.param(f"{EASY}\n- {HARD}\n- Rest", f"- {HARD}", id="in a list"),
        pytest.param(f"Physiotherapist! {EASY}", EASY.rstrip("."), id="one long word is no hard sentence"),
        pytest.param("Yes. No.", "", id="a few words"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_hardest_sentence(text: str, found: str) -> None:
    assert hardest(text) == found


def test_it_is_harder_than_the_whole() -> None:
    text = f"{EASY} {HARD}. {EASY}"
    assert read(hardest(text)).grade > read(text).grade
