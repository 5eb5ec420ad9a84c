"""An alert always reaches somebody, or `/readyz` is red: whatever goes wrong, and with whomever it goes wrong.

Whoever got its words was reached, and so was whoever heard that something about this patient may not have arrived. No
connection at all is left out here: then nobody polls either, and that turns `/readyz` red by itself.
"""

import httpx
import pytest

from bot.model import Kind
from bot.simulator.faults import Fault, forbid, lose_request, refuse, server_error, too_many, unauthorized
from bot.simulator.storm import BAD_HTML
from bot.simulator.ward import Ward
from bot.store import accounts
from bot.store.tables import staff
from tests.faults.conftest import SLOW_ON_POSTGRES

pytestmark = SLOW_ON_POSTGRES

WORDS = "P-7F3K: chest pain"
TROUBLES: dict[str, Fault] = {
    "no_answer": lose_request(httpx.ReadTimeout),
    "502": server_error(502),
    "429_for_an_hour": too_many(3600),
    "out_of_reach": forbid(),
    "refused": refuse("PEER_FLOOD"),
    "bad_html": refuse(BAD_HTML),
    "token_refused": unauthorized(),
}
WITH = {
    "the_group": {"group"},
    "group_and_owner": {"group", "owner"},
    "everybody": {"group", "owner", "nurse"},
}


async def heard(ward: Ward, chats: dict[str, int], troubled: set[str], fault: Fault, owed_to: str) -> str:
    """Who heard of the alert within a quarter of an hour; else which check is red; else nothing."""
    ward.weather.clear()
    before = {who: len(ward.house.world.from_bot(chat_id)) for who, chat_id in chats.items()}
    for who in troubled:
        ward.weather.add(fault, chat_id=chats[who], times=None)
    await ward.owe(chats[owed_to], Kind.ALERT, WORDS, fallback=0 if owed_to == "group" else 1)
    await ward.sender.pass_time(minutes=15)
    reached = [who for who, chat_id in chats.items() if len(ward.house.world.from_bot(chat_id)) > before[who]]
    return " ".join(reached or sorted(await ward.red()))


@pytest.mark.parametrize(
    ("fault", "troubled"),
    [
        pytest.param(fault, troubled, id=f"{what}-{whom}")
        for what, fault in TROUBLES.items()
        for whom, troubled in WITH.items()
    ],
)
async def test_an_alert_reaches_somebody_or_ready_is_red(ward: Ward, fault: Fault, troubled: set[str]) -> None:
    group, owner = await ward.new_staff()
    chats = {"group": group.chat_id, "owner": owner.chat_id, "nurse": ward.nurse.chat_id}
    assert await heard(ward, chats, troubled, fault, "group")


@pytest.mark.parametrize(
    "fault",
    [pytest.param(fault, id=what) for what, fault in TROUBLES.items()],
)
async def test_the_same_in_a_clinic_without_owners(ward: Ward, fault: Fault) -> None:
    group, _ = await ward.new_staff()
    async with ward.store.write() as tx:
        await tx.execute(staff.delete())
    chats = {"group": group.chat_id, "nurse": ward.nurse.chat_id}
    assert await heard(ward, chats, {"group"}, fault, "group")


@pytest.mark.parametrize(
    "fault",
    [pytest.param(fault, id=what) for what, fault in TROUBLES.items()],
)
async def test_the_same_in_a_clinic_without_a_group(ward: Ward, fault: Fault) -> None:
    _, owner = await ward.new_staff()
    async with ward.store.write() as tx:
        await accounts.set_account(tx, ward.bot_id, staff_chat_id=None)
    chats = {"owner": owner.chat_id, "nurse": ward.nurse.chat_id}
    assert await heard(ward, chats, {"owner"}, fault, "owner")


async def test_half_a_minute_of_502_loses_no_alert(ward: Ward) -> None:
    """What Telegram has every few weeks."""
    ward.weather.clear()
    group, owner = await ward.new_staff()
    ward.weather.add(server_error(502), method="sendMessage", times=None)
    await ward.owe(group.chat_id, Kind.ALERT, WORDS)
    await ward.sender.pass_time(seconds=30)
    ward.weather.clear()
    await ward.sender.pass_time(minutes=5)
    reached = [chat_id for chat_id in (group.chat_id, owner.chat_id) if ward.house.world.from_bot(chat_id)]
    assert reached or await ward.red()
