"""An update has its effect once: whoever is killed, whoever else works on it, whatever it holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.core.conversation import Conversation
from bot.errors import StoreDown, StoreError
from bot.model import ChatId, Fetched
from bot.services import inbox as inbox_service
from bot.services.inbox import Inbox
from bot.services.patients import Patients
from bot.simulator.house import Cast, House, open_house
from bot.simulator.people import Person
from bot.store import chats
from bot.store import inbox as inbox_rows
from bot.store.engine import Store, Tx
from bot.store.tables import alert, audit, inbox, message, opt_out, question
from bot.telegram.updates import fetched

UNKNOWN = "do you sell gift vouchers for my aunt"


class Killed(BaseException):
    """The process ends here: nothing after this point runs."""


async def receive(house: House) -> None:
    """Store what Telegram has, and handle nothing."""
    raw = await house.app.client.get_raw_updates(None, 0)
    await house.app.inbox.save([fetched(update) for update in raw])


async def handle_all(house: House) -> None:
    while await house.app.inbox.handle_next():
        pass


async def dies(house: House) -> bool:
    """Handle updates four at a time, as a process does; whether it was killed, and all it had in hand with it."""
    tasks = [asyncio.create_task(house.app.inbox.handle_next()) for _ in range(4)]
    ended, going = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)
    return any(isinstance(task.exception(), Killed) for task in ended)


async def rows(house: House, table: sa.Table) -> list[Any]:
    async with house.app.store.read() as tx:
        return list((await tx.execute(sa.select(table))).mappings().all())


@pytest.mark.parametrize("moment", range(1, 11))
async def test_killed_at_any_moment_it_happens_once(house: House, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """Each transaction has two moments: as it begins, and just before it commits."""
    house.patient.says(UNKNOWN)
    await receive(house)
    before = len(await rows(house, message))
    passed = 0

    def pass_by() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            raise Killed

    def deadly(real: Any) -> Any:
        @asynccontextmanager
        async def transaction(self: Store) -> AsyncIterator[Tx]:
            pass_by()
            async with real(self) as tx:
                yield tx
                pass_by()

        return transaction

    with monkeypatch.context() as patch:
        patch.setattr(Store, "read", deadly(Store.read))
        patch.setattr(Store, "write", deadly(Store.write))
        with pytest.raises(Killed):
            await handle_all(house)
    await house.app.inbox.recover()
    await house.settle()
    assert len(await rows(house, message)) == before + 2, "one reply, one card"
    assert len(await rows(house, alert)) == 1
    assert len([row for row in await rows(house, question) if row["text"] == UNKNOWN]) == 1
    assert {row["state"] for row in await rows(house, inbox)} == {"done"}


async def test_a_worker_that_was_too_slow_has_no_effect(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out between reading and writing; the other worker did it all."""
    async with open_house(cast, database_url, content_dir, clock) as other:
        real = Patients._read

        async def slow(self: Patients, incoming: Any) -> Any:
            snapshot = await real(self, incoming)
            monkeypatch.setattr(Patients, "_read", real)
            await other.app.inbox.recover()  # as when the lease runs out
            assert await other.app.inbox.handle_next()
            return snapshot

        house.patient.says("STOP")
        await receive(house)
        monkeypatch.setattr(Patients, "_read", slow)
        assert await house.app.inbox.handle_next()
        await house.settle()
    assert sum(text.startswith("Done.") for text in house.bot_texts) == 1
    assert len(await rows(house, opt_out)) == 1


async def test_a_conversation_that_moved_on_is_decided_again_on_what_it_is_now(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real_decide, real_save = Conversation.on_text, chats.save_talks

    def watched(self: Conversation, said: Any, state: Any, occasion: Any) -> Any:
        seen.append(state.question)
        return real_decide(self, said, state, occasion)

    async def moved(*_: Any) -> bool:
        monkeypatch.setattr(chats, "save_talks", real_save)
        return False

    house.patient.says("is it normal that my leg jumped")
    await receive(house)
    monkeypatch.setattr(Conversation, "on_text", watched)
    monkeypatch.setattr(chats, "save_talks", moved)
    await house.settle()
    assert len(seen) == 2
    assert len(house.bot_texts) == 2, "the first screen and one answer: what was rolled back left nothing"


# --- several at once ------------------------------------------------------------------------------------------------


def crowd(house: House, count: int = 5) -> list[Person]:
    """Patients who have all just started the bot."""
    people = [house.world.add_user(31 + number, "Patient") for number in range(count)]
    for person in people:
        person.starts()
    return people


async def test_what_several_patients_say_at_once_is_committed_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(house)
    await house.settle()
    for person in people:
        person.says("Is it normal that my leg jumped?")
    await receive(house)
    writes, real = 0, Store.write

    @asynccontextmanager
    async def counted(self: Store) -> AsyncIterator[Tx]:
        nonlocal writes
        writes += 1
        async with real(self) as tx:
            yield tx

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", counted)
        assert await house.app.inbox.handle_next()
    assert writes == 2, "that they are tried, and what came of it"
    await house.settle()
    assert ["reflex" in person.last.text for person in people] == [True] * len(people)


async def test_what_fails_for_one_of_several_fails_for_nobody_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(house)
    await house.settle()
    for person in people:
        person.says("poison" if person is people[2] else "Is it normal that my leg jumped?")
    await receive(house)
    real = Conversation.on_text

    def fails(self: Conversation, said: Any, state: Any, occasion: Any) -> Any:
        if said.text == "poison":
            raise LookupError
        return real(self, said, state, occasion)

    monkeypatch.setattr(Conversation, "on_text", fails)
    await handle_all(house)
    states = {row["chat_id"]: (row["state"], row["attempts"]) for row in await rows(house, inbox)}
    assert [states[person.chat_id] for person in people if person is not people[2]] == [("done", 1)] * 4
    assert states[people[2].chat_id] == ("new", 1)
    await house.settle(seconds=60)
    assert people[2].last.text.startswith("Something went wrong")
    answers = [[message.text for message in house.world.from_bot(person.chat_id)] for person in people]
    assert [sum("reflex" in text for text in texts) for texts in answers] == [1, 1, 0, 1, 1]


async def test_of_several_only_what_another_worker_did_meanwhile_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(house)
    await house.settle()
    for person in people:
        person.says("STOP")
    await receive(house)
    real = Patients._read

    async def slow(self: Patients, incoming: Any) -> Any:
        snapshots = await real(self, incoming)
        async with house.app.store.write() as tx:
            await tx.execute(inbox.update().where(inbox.c.chat_id == people[0].chat_id).values(state="done"))
        return snapshots

    monkeypatch.setattr(Patients, "_read", slow)
    assert await house.app.inbox.handle_next()
    assert {row["chat_id"] for row in await rows(house, opt_out)} == {person.chat_id for person in people[1:]}
    assert {row["state"] for row in await rows(house, inbox)} == {"done"}


async def test_several_who_write_for_the_first_time_are_all_welcomed(house: House) -> None:
    people = crowd(house, 8)
    await house.settle()
    async with house.app.store.read() as tx:
        known = await chats.patients_of(tx, house.app.settings.bot_id, [ChatId(one.chat_id) for one in people])
    assert len({view.code for view in known.values()}) == 8


# --- what cannot be handled -----------------------------------------------------------------------------------------


async def test_json_nobody_can_read_is_parked_and_the_chat_goes_on(house: House) -> None:
    broken = '{"update_id": 5, "message": {"message_id": "x", "chat": {"id": 11}, "text": "a patient\'s words"}}'
    await house.app.inbox.save([Fetched(5, ChatId(house.patient.chat_id), broken)])
    house.patient.says("is it normal that my leg jumped")
    await house.settle(seconds=60)
    assert house.bot_texts[-2].startswith("Something went wrong")
    assert "reflex" in house.bot_texts[-1]
    parked = next(row for row in await rows(house, inbox) if row["state"] == "parked")
    assert (parked["attempts"], "words" in parked["error"]) == (5, False)
    assert [row["action"] for row in await rows(house, audit)] == ["parked"]


@pytest.mark.parametrize("chat_id", [0, -1000000004001], ids=["no chat", "the staff group"])
async def test_a_bad_update_that_is_no_patients_is_told_and_apologised_to_nobody(house: House, chat_id: int) -> None:
    await house.app.inbox.save([Fetched(5, ChatId(chat_id), "{}"), Fetched(6, ChatId(chat_id), "[")])
    await house.settle(seconds=60)
    told = [text for text in house.staff_texts if text.startswith("Not handled · –")]
    assert len(told) == len([row for row in await rows(house, inbox) if row["state"] == "parked"]) > 0
    assert len(house.bot_texts) == 1


async def test_who_opted_out_is_still_told_that_something_went_wrong(house: House) -> None:
    house.patient.says("STOP")
    await house.settle()
    await house.app.inbox.save([Fetched(5, ChatId(house.patient.chat_id), "[")])
    await house.settle(seconds=60)
    assert house.patient.last.text.startswith("Something went wrong")


async def test_an_update_that_kills_the_process_each_time_is_parked_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(self: Conversation, said: Any, state: Any, occasion: Any) -> Any:
        raise Killed

    house.patient.says("poison")
    await receive(house)
    with monkeypatch.context() as patch:
        patch.setattr(Conversation, "on_text", deadly)
        for _ in range(5):
            with pytest.raises(Killed):
                await house.app.inbox.handle_next()
            await house.app.inbox.recover()
        await house.settle()
    parked = next(row for row in await rows(house, inbox) if row["state"] == "parked")
    assert parked["error"] == "killed_the_process"
    assert house.staff_texts[-1].startswith("Not handled")


async def test_whoever_writes_at_the_same_time_is_not_parked_with_what_kills_the_process(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several are handled at once, and the deadly one is quicker each time: it has to have nothing beside it."""
    real = Conversation.on_text

    def deadly(self: Conversation, said: Any, state: Any, occasion: Any) -> Any:
        if said.text == "poison":
            raise Killed
        return real(self, said, state, occasion)

    people = crowd(house, 4)
    await house.settle()
    for person, text in zip(people, [*[UNKNOWN] * 3, "poison"], strict=True):
        person.says(text)
    await receive(house)
    parked, deaths = 0, 0
    with monkeypatch.context() as patch:
        patch.setattr(Conversation, "on_text", deadly)
        while not parked:
            await house.app.inbox.recover()  # a new process
            deaths += await dies(house)
            parked = sum(row["state"] == "parked" for row in await rows(house, inbox))
        await handle_all(house)
    assert deaths == 5
    states = {row["chat_id"]: row["state"] for row in await rows(house, inbox)}
    assert [states[person.chat_id] for person in people] == ["done", "done", "done", "parked"]


async def test_one_that_was_in_hand_at_several_deaths_waits_for_a_process_that_lives(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine on which everything dies young is not its fault; the other chats go on meanwhile."""
    (other,) = crowd(house, 1)
    await house.settle()
    house.patient.says(UNKNOWN)
    await receive(house)
    async with house.app.store.write() as tx:
        await tx.execute(inbox.update().where(inbox.c.state == "new").values(attempts=3))
    other.says(UNKNOWN)
    await receive(house)
    running = asyncio.create_task(house.app.inbox.run())

    async def becomes(state: str, person: Person) -> None:
        while (await rows(house, inbox))[-1 if person is other else -2]["state"] != state:
            await asyncio.sleep(0.01)

    async with asyncio.timeout(20):
        await becomes("done", other)
        assert (await rows(house, inbox))[-2]["state"] == "new"
        house.clock.tick(timedelta(seconds=inbox_service.STEADY_S))
        await becomes("done", house.patient)
    house.app.inbox.stop()
    await running


async def test_what_hangs_is_broken_off_and_the_others_go_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (other,) = crowd(house, 1)
    await house.settle()
    house.patient.says("hang")
    await receive(house)
    real = Patients.handle

    async def hang(self: Patients, visits: Any) -> None:
        if any(getattr(visit.incoming, "text", "") == "hang" for visit in visits):
            await asyncio.Event().wait()
        await real(self, visits)

    monkeypatch.setattr(Patients, "handle", hang)
    with monkeypatch.context() as patch:
        patch.setattr(inbox_service, "LEASE_US", 50_000)
        with pytest.raises(TimeoutError):
            await house.app.inbox.handle_next()
    other.says("STOP")
    await receive(house)
    assert await house.app.inbox.handle_next()
    assert (await rows(house, inbox))[-1]["state"] == "done"


async def test_a_fault_in_parking_itself_stops_nobody_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: Inbox, row: Any, where: str) -> None:
        house.app.inbox.stop()  # one round is enough for this test
        raise KeyError("a bug")

    monkeypatch.setattr(Inbox, "_park", broken)
    monkeypatch.setattr(inbox_service, "STEADY_S", 0)  # else one that was tried so often waits
    async with house.app.store.write() as tx:
        row = {"bot_id": house.app.settings.bot_id, "state": "new", "received_us": 0, "attempts": 5, "json": "["}
        await tx.execute(inbox.insert().values(update_id=5, chat_id=99, **row))
    await house.app.inbox.run()  # ends because it was stopped, not with the bug


async def test_a_database_that_refuses_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.patient.says("is it normal that my leg jumped")
    await receive(house)
    refused = 0
    real = chats.save_talks

    async def refuse(*args: Any) -> bool:
        nonlocal refused
        refused += 1
        if refused < 3:
            raise StoreError("database: disk I/O error")
        return await real(*args)

    monkeypatch.setattr(chats, "save_talks", refuse)
    await house.settle(seconds=30)
    assert len(house.bot_texts) == 2
    assert "reflex" in house.bot_texts[-1]


async def test_what_the_database_dropped_is_tried_again_without_waiting_for_its_lease(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the one that met the trouble nor those taken with it, and it costs none of them a try."""
    other = house.world.add_user(21, "Patient")
    other.starts()
    for person in (house.patient, other):
        person.says("Is it normal that my leg jumped?")
    await receive(house)

    async def down(*_: object) -> bool:
        raise StoreDown("database: gone")

    with monkeypatch.context() as patch:
        patch.setattr(Patients, "handle", down)
        patch.setattr(inbox_rows, "put_back", down)
        with pytest.raises(StoreDown):
            await house.app.inbox.handle_next()
    await handle_all(house)
    done = [row for row in await rows(house, inbox) if row["state"] == "done"]
    assert len(done) == len(await rows(house, inbox))
    await house.settle()
    assert "reflex" in house.bot_texts[-1]
    assert "reflex" in other.last.text


async def test_what_was_dropped_is_given_back_by_one_of_those_who_work_side_by_side(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await receive(house)
    given_back: list[int] = []
    put_back = inbox_rows.put_back

    async def down(*_: object) -> bool:
        raise StoreDown("database: gone")

    async def noted(tx: Tx, row: sa.RowMapping, *more: Any, **options: Any) -> None:
        given_back.append(row["id"])
        await put_back(tx, row, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Patients, "handle", down)
        patch.setattr(inbox_rows, "put_back", down)
        with pytest.raises(StoreDown):
            await house.app.inbox.handle_next()
    monkeypatch.setattr(inbox_rows, "put_back", noted)
    await asyncio.gather(*(rows(house, inbox) for _ in range(4)))  # no connection has to be opened first
    await asyncio.gather(house.app.inbox.handle_next(), house.app.inbox.handle_next())
    assert len(given_back) == 1
    await house.settle()
    assert "reflex" in house.bot_texts[-1]
