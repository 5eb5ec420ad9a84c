"""Whose row of a list of appointments is it? By the clinic's reference, or by name with phone or treatment time. Pure.

Two people must never become one: where a row may as well be somebody else's, that is said, and a person decides.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.model import PatientId

_TAIL = 9
"""Digits at the end of a phone number that tell it from others, with a country's code or without."""
_ADD = "add the clinic's reference"


class By(StrEnum):
    """What a known patient was recognised by."""

    REFERENCE = "reference"
    PHONE = "name and phone number"
    TIME = "name and treatment time"


@dataclass(frozen=True, slots=True)
class Person:
    """A patient we know; empty where we do not."""

    patient_id: PatientId
    reference: str = ""
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose row it is. `person` None: somebody new. `problem`: it cannot be told."""

    person: Person | None = None
    by: By | None = None
    problem: str = ""


@dataclass(frozen=True)
class People:
    """Everybody we know."""

    by_reference: Mapping[str, Person]
    by_name: Mapping[str, tuple[Person, ...]]

    @classmethod
    def of(cls, people: Iterable[Person]) -> "People":
        """Put together for looking up."""
        by_reference, by_name = dict[str, Person](), dict[str, tuple[Person, ...]]()
        for one in people:
            if one.reference:
                by_reference[one.reference] = one
            if one.name:
                by_name[name_key(one.name)] = (*by_name.get(name_key(one.name), ()), one)
        return cls(by_reference, by_name)

    def namesakes(self, reference: str, name: str) -> tuple[Person, ...]:
        """Who has this name. Another reference is another person."""
        found = self.by_name.get(name_key(name), ()) if name else ()
        return tuple(one for one in found if not (reference and one.reference))

    def maybe(self, reference: str, name: str) -> tuple[Person, ...]:
        """Whoever `whose` may find, whatever else is known."""
        known = self.by_reference.get(reference)
        return (known,) if known is not None else self.namesakes(reference, name)

    def whose(self, reference: str, name: str, phone: str, treated_then: Collection[PatientId]) -> Whose:
        """Whose row has this reference, name and phone. `treated_then`: which namesakes were treated at its time."""
        if (known := self.by_reference.get(reference)) is not None:
            return Whose(known, By.REFERENCE)
        same = self.namesakes(reference, name)
        with_phone = [one for one in same if is_same_number(one.phone, phone)]
        if len(with_phone) > 1:
            return Whose(problem=f"more than one patient has this name and phone number; {_ADD}")
        if with_phone:
            return Whose(with_phone[0], By.PHONE)
        then = [one for one in same if one.patient_id in treated_then]
        return _by_time(then, name, phone) if then else Whose()


def _by_time(then: list[Person], name: str, phone: str) -> Whose:
    """Whose it is of namesakes who were treated at the same time, with other phone numbers or none."""
    if len(then) > 1:
        return Whose(problem=f"more than one patient of this name was treated at this time; {_ADD}")
    (one,) = then
    if phone and one.phone:
        return Whose(problem=f"a patient of this name, treated at this time, has another phone number; {_ADD}")
    if len(name_key(name).split()) < 2:
        return Whose(problem=f"a patient of this first name was treated at this time; add an initial, or {_ADD}")
    return Whose(one, By.TIME)


def name_key(name: str) -> str:
    """The same for a name however it is spaced, dotted and capitalised."""
    return " ".join(name.casefold().replace(".", " ").split())


def number_key(number: str) -> str:
    """The same for a phone number with the country's code or without, however it is spaced."""
    return "".join(filter(str.isdecimal, number))[-_TAIL:]


def is_same_number(one: str, other: str) -> bool:
    """Whether two phone numbers are the same; never where one is empty."""
    return bool(number_key(one)) and number_key(one) == number_key(other)
