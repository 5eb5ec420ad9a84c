"""A small town for trials: enough people for a clinic to be busy with."""

from dataclasses import dataclass, field

from bot.simulator.groups import Group, Member
from bot.simulator.people import Person
from bot.simulator.world import World

OWNER_ID, MEMBER_ID, FIRST_PATIENT, FIRST_LISTENER = 700, 701, 1000, 5000
PATIENTS = 30


@dataclass
class Town:
    """Who is there: a forum of staff with one member, an owner, patients who write, and people who only read."""

    world: World
    group: Group = field(init=False)
    member: Member = field(init=False)
    patients: list[Person] = field(init=False)
    listeners: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.group = self.world.add_group("Clinic")
        self.world.add_user(OWNER_ID, "Owner").starts()
        self.member = self.group.add(self.world.add_user(MEMBER_ID, "Member"))
        self.patients = [self.world.add_user(FIRST_PATIENT + number, "Patient") for number in range(PATIENTS)]

    def add_listener(self) -> Person:
        """One more person who pressed Start long ago."""
        person = self.world.add_user(FIRST_LISTENER + len(self.listeners), "Listener")
        person.chat.started = True
        self.listeners.append(person)
        return person
