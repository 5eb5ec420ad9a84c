"""Slips of the finger, made on purpose: a seeded, misspelt copy of a text, to ask the matcher again with."""

import random

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_RATE = 1 / 16
"""One slip in sixteen letters: about one in every third word."""


def _neighbours() -> dict[str, str]:
    found: dict[str, str] = {}
    for y, row in enumerate(_ROWS):
        for x, key in enumerate(row):
            near = ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)
            found[key] = "".join(_ROWS[r][c] for r, c in near if 0 <= r < len(_ROWS) and 0 <= c < len(_ROWS[r]))
    return found


_NEXT_TO = _neighbours()


def misspell(text: str, seed: int, rate: float = _RATE) -> str:
    """`text` with slips, the same each time; never blank unless `text` is."""
    typed = slipped(text, random.Random(seed), rate)
    return typed if typed.strip() else text


def slipped(text: str, chance: random.Random, rate: float) -> str:
    """`text` with a share `rate` of its letters gone wrong, or nothing of it left.

    Four in ten hit the key beside, a quarter is dropped, a quarter swapped with the next letter, one in ten doubled.
    """
    typed: list[str] = []
    place = 0
    while place < len(text):
        letter = text[place]
        place += 1
        if not letter.isalpha() or chance.random() >= rate:
            typed.append(letter)
            continue
        slip = chance.random()
        if slip < 0.40 and letter.lower() in _NEXT_TO:
            typed.append(chance.choice(_NEXT_TO[letter.lower()]))
        elif slip < 0.65:
            continue
        elif slip < 0.90 and place < len(text) and text[place].isalpha():
            typed += (text[place], letter)
            place += 1
        else:
            typed += (letter, letter)
    return "".join(typed)
