"""A commit takes effect and its answer is lost, as when the server goes down just then: nothing happens twice."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from bot.errors import StoreDown
from bot.model import Kind, MessageId, MessageState
from bot.simulator.faults import Fault, forbid, too_many
from bot.simulator.ward import Ward
from bot.store.engine import Tx

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def unheard_commit(ward: Ward, number: int = 1) -> Iterator[None]:
    """The write transaction of this number is committed, and whoever made it is told that it was not."""
    write, seen = ward.store.write, 0

    @asynccontextmanager
    async def watched() -> AsyncIterator[Tx]:
        nonlocal seen
        seen += 1
        is_meant = seen == number
        async with write() as tx:
            yield tx
        if is_meant:
            raise StoreDown("database: the connection was lost")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ward.store, "write", watched)
        yield
    assert seen >= number


async def texts(ward: Ward, row_id: MessageId) -> list[str]:
    row = await ward.row(row_id)
    says = row["dedupe_key"]
    return [message.text for message in ward.house.world.from_bot(row["chat_id"]) if says in message.text]


async def lease_runs_out(ward: Ward) -> None:
    """And whoever looks for rows of dead workers has looked."""
    await ward.sender.pass_time(minutes=1)
    await ward.house.app.outbox.recover(everything=False)
    await ward.sender.pass_time(minutes=1)


@pytest.fixture(autouse=True)
def _fine_weather(ward: Ward) -> None:
    ward.weather.clear()


async def test_a_claim_is_in_doubt_and_goes_out_once(ward: Ward) -> None:
    """Nobody knows that it was never sent; it waits for its lease, and then says that it may be there already."""
    row = await ward.owe((await ward.new_patient()).chat_id, Kind.REPLY)
    with unheard_commit(ward), pytest.raises(StoreDown):
        await ward.house.app.outbox.turn()
    assert (await ward.row(row))["state"] == MessageState.SENDING
    await lease_runs_out(ward)
    assert ((await ward.row(row))["state"], len(await texts(ward, row))) == (MessageState.SENT, 1)


SENT_ONCE = (MessageState.SENT, False, 1, 0)
TOLD_ONCE = (MessageState.REFUSED, False, 0, 1)


@pytest.mark.parametrize(
    ("faults", "ends"),
    [([], SENT_ONCE), ([too_many(3)], SENT_ONCE), ([forbid()], TOLD_ONCE)],
    ids=["sent", "429", "blocked"],
)
async def test_a_result_is_written_down_once(ward: Ward, faults: list[Fault], ends: tuple[object, ...]) -> None:
    """State, `resent`, copies on the patient's screen, notices to staff."""
    group, _ = await ward.new_staff()
    person, outbox = await ward.new_patient(), ward.house.app.outbox
    for fault in faults:
        ward.weather.add(fault, chat_id=person.chat_id)
    row = await ward.owe(person.chat_id, Kind.RELAY)
    outbox.launch(await outbox.turn())
    await outbox.landed()
    with unheard_commit(ward), pytest.raises(StoreDown):
        await outbox.turn()
    await lease_runs_out(ward)
    stored, staff = await ward.row(row), ward.house.world.from_bot(group.chat_id)
    assert (stored["state"], stored["resent"], len(await texts(ward, row)), len(staff)) == ends


async def test_an_update_has_one_effect(ward: Ward) -> None:
    person = await ward.new_patient()
    person.says("Is it normal that my leg jumped?")
    with unheard_commit(ward, number=3):  # stored, taken, and then the effect
        await ward.house.settle()
    await ward.house.settle(120)
    assert sum("reflex" in message.text for message in ward.house.world.from_bot(person.chat_id)) == 1
