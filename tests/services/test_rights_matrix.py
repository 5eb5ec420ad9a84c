"""Every right × every action × everybody who may try, against a table that is written out here by hand."""

from typing import Any

import pytest

from bot.core.hearing import STAFF_COMMANDS
from bot.core.rights_table import ALLOWED
from bot.model import ChatId, Role, Sender, UserId
from bot.services.people import People
from bot.services.staff_commands import StaffCommands
from bot.services.staff_presses import StaffPresses
from bot.simulator.house import House
from bot.store.people import GUEST
from bot.store.tables import staff

EXPECTED = """
alerts       owner clinician desk
audit        owner clinician
au           owner clinician
away         owner clinician desk
back         owner clinician desk
bc           owner clinician desk
broadcast    owner clinician desk
card         owner clinician desk
cl           owner clinician desk
closed       owner clinician desk
done         owner clinician desk
en           owner clinician desk
enrol        owner clinician desk
false        owner clinician desk
faq_edit     owner clinician desk
faq_history  owner clinician desk
fe           owner clinician desk
im           owner clinician desk
forget       owner
missed       owner clinician desk
notes        owner clinician desk
oncall       owner clinician desk
patients     owner clinician desk
pl           owner clinician desk
press        owner clinician desk
preview      owner clinician desk
record       owner
relay        owner clinician desk
release      owner
review       owner clinician
rv           owner clinician
sign               clinician
st           owner clinician desk
status       owner clinician desk
take         owner clinician desk
te           owner clinician desk
teach        owner clinician desk
team         owner clinician desk
team_change  owner
th           owner clinician desk
tm           owner
who          owner clinician desk
"""
BY_ACTION = {line.split()[0]: set(line.split()[1:]) for line in EXPECTED.strip().splitlines()}

OWNER, CLINICIAN, DESK, BOTH, MEMBER, KNOWN_MEMBER, REMOVED = map(UserId, range(801, 808))
ROWS: dict[UserId, dict[str, Any]] = {
    OWNER: {"role": Role.OWNER},
    CLINICIAN: {"role": Role.CLINICIAN},
    DESK: {"role": Role.DESK},
    BOTH: {"role": Role.OWNER, "registration": "AB12345"},
    KNOWN_MEMBER: {"role": GUEST},
    REMOVED: {"role": Role.OWNER, "registration": "AB12345", "removed_us": 1},
}
IN_GROUP = {
    OWNER: {"owner", "desk"},
    CLINICIAN: {"clinician", "desk"},
    DESK: {"desk"},
    BOTH: {"owner", "clinician", "desk"},
    MEMBER: {"desk"},
    KNOWN_MEMBER: {"desk"},
    REMOVED: set(),
}
"""What each of them counts as there."""
IN_PRIVATE = IN_GROUP | {
    OWNER: {"owner"},
    CLINICIAN: {"clinician"},
    BOTH: {"owner", "clinician"},
    MEMBER: set(),
    KNOWN_MEMBER: set(),
}


@pytest.fixture
async def people(house: House) -> People:
    """The clinic's rights, with somebody of every kind."""
    bot_id = house.app.settings.bot_id
    async with house.app.store.write() as tx:
        for user_id, row in ROWS.items():
            await tx.execute(staff.insert().values(bot_id=bot_id, user_id=user_id, since_us=0, **row))
    return People(house.app.inbox.post)


def test_every_action_is_in_the_table() -> None:
    assert set(BY_ACTION) == set(ALLOWED)


async def test_every_right_for_everybody_everywhere(house: House, people: People) -> None:
    async with house.app.store.read() as tx:
        for user_id in IN_GROUP:
            places = {
                ChatId(house.staff.chat_id): IN_GROUP[user_id],
                ChatId(user_id): IN_PRIVATE[user_id],
                ChatId(-999): set(),
                ChatId(user_id + 1): set(),
            }
            for chat_id, counts_as in places.items():
                for action, roles in BY_ACTION.items():
                    may = await people.may(tx, chat_id, Sender(user_id), action)
                    assert may == bool(roles & counts_as), (action, user_id, chat_id)


@pytest.mark.parametrize(
    "sender",
    [
        Sender(OWNER, is_anonymous=True),
        Sender(UserId(1087968824), is_bot=True, is_anonymous=True),
        Sender(OWNER, is_bot=True),
        Sender(MEMBER, is_bot=True),
    ],
    ids=["as the group", "as Telegram shows an anonymous admin", "a bot with a role", "a bot in the group"],
)
async def test_who_is_no_person_may_do_nothing(house: House, people: People, sender: Sender) -> None:
    async with house.app.store.read() as tx:
        for chat_id in (ChatId(house.staff.chat_id), ChatId(sender.user_id)):
            assert not [action for action in BY_ACTION if await people.may(tx, chat_id, sender, action)]


async def test_what_the_table_does_not_name_nobody_may(house: House, people: People) -> None:
    async with house.app.store.read() as tx:
        for user_id in (OWNER, BOTH):
            assert not await people.may(tx, ChatId(user_id), Sender(user_id), "something_new")


async def test_everything_that_can_be_typed_or_pressed_has_a_right_and_is_done(house: House) -> None:
    post = house.app.inbox.post
    commands = StaffCommands(post, house.app.inbox.reception.staff.status, "").by_name
    assert set(commands) == STAFF_COMMANDS
    assert set(commands) | set(StaffPresses(post).by_name) <= set(BY_ACTION)
