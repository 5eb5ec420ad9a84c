"""Conditions in a care plan: short sentences over answers and facts, read once and weighed many times.

    pain >= 7 and not (signs has any of numb, weak)
    soreness is worse or pain - next_morning.pain >= 2
    signs has bruise and thinner

A name is an answer of the same check-in (`pain`), one of another check-in (`next_morning.pain`), or a fact about the
patient (`careful`, `area`). What is not known counts as no: a comparison with it is false, and so is the name alone.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bot.care import Value, number_of

Lookup: TypeAlias = Callable[[str], Value | None]
"""The value behind a name; None while it is not known."""

_TOKEN = re.compile(r"\s*(?:\d+|[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?|<=|>=|[<>()=,+-])")
_COMPARES: dict[str, Callable[[int, int], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    "=": lambda one, other: one == other,
    ">=": lambda one, other: one >= other,
    ">": lambda one, other: one > other,
}
_KEYWORDS = frozenset({"and", "or", "not", "is", "has", "any", "of", "answered"})

_Weigh: TypeAlias = Callable[[Lookup], Value | None]


@dataclass(frozen=True)
class Condition:
    """One condition. `names`: what it asks about; `options`: name → the options it compares that name with; `uses`:
    name → how it is weighed: "is" (one option), "has" (several), "number"."""

    text: str
    names: frozenset[str]
    options: tuple[tuple[str, str], ...]
    _weigh: _Weigh
    uses: tuple[tuple[str, str], ...] = ()

    def holds(self, lookup: Lookup) -> bool:
        """Whether it is so, for what is known."""
        return bool(self._weigh(lookup))


def parse_condition(text: str) -> Condition:
    """Read a condition. Raises ValueError with what is wrong and where."""
    reader = _Reader(text)
    weigh = reader.either()
    if reader.word is not None:
        raise ValueError(f"'{reader.word}' is one word too many in '{text}'")
    return Condition(text, frozenset(reader.names), tuple(reader.options), weigh, tuple(reader.uses))


class _Reader:
    """Recursive descent: either ("or"), all ("and"), one (a comparison, "not", brackets), a number."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._words = _words(text)
        self.word: str | None = next(self._words, None)
        self.names: set[str] = set()
        self.options: list[tuple[str, str]] = []
        self.uses: list[tuple[str, str]] = []
        self._summed: list[str] = []

    def either(self) -> _Weigh:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda lookup: any(part(lookup) for part in parts)

    def _all(self) -> _Weigh:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda lookup: all(part(lookup) for part in parts)

    def _one(self) -> _Weigh:
        if self._take("not"):
            inner = self._one()
            return lambda lookup: not inner(lookup)
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> _Weigh:
        self._summed = []
        name, left = self.word, self._sum()
        if self._take("answered"):
            return lambda lookup: left(lookup) is not None
        if self._take("is"):
            wants = not self._take("not")
            self.uses.append((name or "", "is"))
            option = self._option(name)
            return lambda lookup: (left(lookup) is not None) and (left(lookup) == option) is wants
        if self._take("has"):
            self.uses.append((name or "", "has"))
            options = self._several(name) if self._take("any") else (self._option(name),)
            return lambda lookup: _has(left(lookup), options)
        for sign, compare in _COMPARES.items():
            if self._take(sign):
                right = self._sum()
                self.uses += [(summed, "number") for summed in self._summed]
                return _compared(left, compare, right)
        return left

    def _several(self, name: str | None) -> tuple[str, ...]:
        self._need("of")
        options = [self._option(name)]
        while self._take(","):
            options.append(self._option(name))
        return tuple(options)

    def _sum(self) -> _Weigh:
        left = self._term()
        while (sign := self.word) in {"+", "-"}:
            self._next()
            left = _added(left, self._term(), 1 if sign == "+" else -1)
        return left

    def _term(self) -> _Weigh:
        word = self._next()
        if word is not None and word.isdecimal():
            number = int(word)
            return lambda _: number
        if word is None or not word[0].isalpha() or word in _KEYWORDS:
            raise ValueError(f"a name or a number is missing {f'before {word!r}' if word else 'at the end'}")
        self.names.add(word)
        self._summed.append(word)
        return lambda lookup: lookup(word)

    def _option(self, name: str | None) -> str:
        option = self._next()
        if option is None or not option[0].isalpha():
            raise ValueError(f"an answer is missing after '{name}'")
        self.options.append((name or "", option))
        return option

    def _take(self, word: str) -> bool:
        if self.word != word:
            return False
        self._next()
        return True

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise ValueError(f"'{word}' is missing {f'before {self.word!r}' if self.word else 'at the end'}")

    def _next(self) -> str | None:
        word, self.word = self.word, next(self._words, None)
        return word


def _words(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        if (found := _TOKEN.match(text, at)) is None:
            raise ValueError(f"'{text[at:].strip()}' cannot be read")
        yield found[0].strip()
        at = found.end()


def _has(value: Value | None, options: tuple[str, ...]) -> bool:
    return isinstance(value, tuple) and any(option in value for option in options)


def _compared(left: _Weigh, compare: Callable[[int, int], bool], right: _Weigh) -> _Weigh:
    def weigh(lookup: Lookup) -> bool:
        one, other = number_of(left(lookup)), number_of(right(lookup))
        return one is not None and other is not None and compare(one, other)

    return weigh


def _added(left: _Weigh, right: _Weigh, sign: int) -> _Weigh:
    def weigh(lookup: Lookup) -> int | None:
        one, other = number_of(left(lookup)), number_of(right(lookup))
        return None if one is None or other is None else one + sign * other

    return weigh
