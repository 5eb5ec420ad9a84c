"""The longest message Telegram lets through, filled with what nobody types and somebody will send."""

import random
from collections.abc import Mapping, Sequence
from itertools import cycle

from benchmarks._matching_typos import typed_badly

LENGTH = 4096
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ACCENTS = "\u0300\u0301\u0302\u0303\u0316\u0323\u0332"


def hostile_texts(seed: int, questions: Sequence[str]) -> Mapping[str, str]:
    """One text of `LENGTH` characters of each kind, by its name. `questions`: ordinary ones, to be strung together."""
    chance = random.Random(seed)

    def letters(least: int, most: int, alphabet: str = _LETTERS) -> str:
        return "".join(chance.choices(alphabet, k=chance.randint(least, most)))

    def many(least: int, most: int, alphabet: str = _LETTERS, between: str = " ") -> str:
        return between.join(letters(least, most, alphabet) for _ in range(LENGTH // least))

    asked = chance.sample(list(questions), len(questions))
    made = {
        "one_word": letters(LENGTH, LENGTH),
        "different_words": many(3, 10),
        "long_words": many(20, 26),
        "single_letters": many(1, 1),
        "typo_soup": " ".join(typed_badly(text, chance.randrange(1 << 30)) for text in _again(asked)),
        "questions": "? ".join(_again(asked)),
        "same_question": f"{asked[0]}? " * LENGTH,
        "repeated_a": "a" * LENGTH,
        "repeated_word": "swelling " * LENGTH,
        "digits": many(1, 6, "0123456789"),
        "newlines": many(1, 2, between="\n") + "\n" * LENGTH,
        "punctuation": many(1, 8, "?!.,;:-()…\"'"),
        "emoji": letters(LENGTH, LENGTH, "😀🦶💉🔥👍\U0001f3fd❤\ufe0f"),
        "right_to_left": many(2, 9, "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
        "cyrillic": many(2, 9, "абвгдежзийклмнопрстуфхцчшщыэюя"),
        "chinese": letters(LENGTH, LENGTH, "針刺治療之後可以跑步嗎腳很痛怎麼辦"),
        "accents": "".join(f"{letters(1, 1)}{letters(1, 9, _ACCENTS)}" for _ in range(LENGTH)),
        "invisible": "".join(f"{letters(1, 1)}\u200b\u202e" for _ in range(LENGTH)),
    }
    return {kind: text[:LENGTH].ljust(LENGTH, "x") for kind, text in made.items()}


def _again(texts: Sequence[str]) -> list[str]:
    """The texts, over and over, until they are long enough together."""
    found: list[str] = []
    length = 0
    repeated = cycle(texts)
    while length < LENGTH:
        found.append(next(repeated))
        length += len(found[-1]) + 1
    return found
