"""Content revisions: the newest is served, every one can be read back, the folder's last state is remembered."""

import pytest

from bot.model import BotId, UserId
from bot.store import accounts, revisions
from bot.store.engine import Store

BOT, OTHER_BOT = BotId(1), BotId(2)
FILES = {"clinic.yaml": "name: Ärzte “am” Markt 🙂\n", "en/pain.yaml": "- id: sore\n"}


@pytest.fixture(autouse=True)
async def _bots(store: Store) -> None:
    async with store.write() as tx:
        for bot_id in (BOT, OTHER_BOT):
            await accounts.ensure_bot(store, tx, bot_id, None, 1)


async def test_before_the_first_nothing_is_served(store: Store) -> None:
    async with store.read() as tx:
        assert await revisions.active_id(tx, BOT) is None
        assert not await revisions.is_known_to_folder(tx, BOT, "aaaa")


async def test_what_was_added_last_is_served_by_this_bot_alone(store: Store) -> None:
    async with store.write() as tx:
        first = await revisions.add(tx, BOT, "aaaa", FILES, None, 1)
        second = await revisions.add(tx, BOT, "bbbb", {"clinic.yaml": ""}, None, 2)
    async with store.read() as tx:
        assert await revisions.active_id(tx, BOT) == second > first
        assert await revisions.active_id(tx, OTHER_BOT) is None
        assert await revisions.files_of(tx, first) == FILES
        assert await revisions.files_of(tx, second) == {"clinic.yaml": ""}


async def test_a_folder_is_known_as_it_was_imported_last_and_as_edits_since_left_it(store: Store) -> None:
    async with store.write() as tx:
        await revisions.add(tx, BOT, "folder-1", FILES, None, 1)
        await revisions.add(tx, BOT, "folder-2", FILES, None, 2)
        edited = await revisions.add(tx, BOT, "edited", FILES, UserId(5), 3)
        await revisions.add(tx, OTHER_BOT, "theirs", FILES, None, 4)
    async with store.read() as tx:
        known = {
            hash_: await revisions.is_known_to_folder(tx, BOT, hash_)
            for hash_ in ("folder-1", "folder-2", "edited", "theirs")
        }
        assert known == {"folder-1": False, "folder-2": True, "edited": True, "theirs": False}
        assert await revisions.active_id(tx, BOT) == edited


async def test_only_differences_are_kept_and_every_revision_reads_back_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "WHOLE_EVERY", 3)
    wanted: dict[int, dict[str, str]] = {}
    files = dict(FILES)
    for number in range(9):
        files[f"en/{number % 4}.yaml"] = f"text {number}"
        if number == 5:
            del files["en/pain.yaml"]
        async with store.write() as tx:
            await revisions.add(tx, OTHER_BOT, "other", {"clinic.yaml": "another"}, None, number)
            wanted[await revisions.add(tx, BOT, f"h{number}", files, None, number)] = dict(files)
    async with store.read() as tx:
        assert {id_: await revisions.files_of(tx, id_) for id_ in wanted} == wanted
        whole = [one.id for one in await revisions.history(tx, BOT, None, 9) if one.whole_id is None]
    assert whole == sorted((id_ for place, id_ in enumerate(wanted) if place % 4 == 0), reverse=True)


async def test_what_is_known_of_each(store: Store) -> None:
    async with store.write() as tx:
        first = await revisions.add(tx, BOT, "one", FILES, None, 1)
        second = await revisions.add(
            tx, BOT, "two", {"clinic.yaml": ""}, UserId(5), 2, note="why", touched=["sore"], undoes_id=first
        )
    async with store.read() as tx:
        newest, oldest = await revisions.history(tx, BOT, None, 5)
        assert (newest.id, newest.parent_id, newest.note, newest.touched) == (second, first, "why", ["sore"])
        assert (newest.author_id, newest.undoes_id, oldest.parent_id, oldest.touched) == (UserId(5), first, None, None)
        assert await revisions.history(tx, BOT, None, 1) == await revisions.history(tx, BOT, "sore", 5) == [newest]
        assert await revisions.history(tx, BOT, "other", 5) == []
        assert await revisions.get(tx, BOT, second) == newest
        assert await revisions.get(tx, OTHER_BOT, second) is None
