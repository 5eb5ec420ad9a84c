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
        assert await revisions.last_folder_hash(tx, BOT) is None


async def test_what_was_added_last_is_served_by_this_bot_alone(store: Store) -> None:
    async with store.write() as tx:
        first = await revisions.add(tx, BOT, "aaaa", FILES, None, 1)
        second = await revisions.add(tx, BOT, "bbbb", {"clinic.yaml": ""}, None, 2)
    async with store.read() as tx:
        assert await revisions.active_id(tx, BOT) == second > first
        assert await revisions.active_id(tx, OTHER_BOT) is None
        assert await revisions.files_of(tx, first) == FILES
        assert await revisions.files_of(tx, second) == {"clinic.yaml": ""}


async def test_an_edit_made_in_the_chat_is_not_taken_for_the_folder(store: Store) -> None:
    async with store.write() as tx:
        await revisions.add(tx, BOT, "folder-1", FILES, None, 1)
        await revisions.add(tx, BOT, "folder-2", FILES, None, 2)
        edited = await revisions.add(tx, BOT, "edited", FILES, UserId(5), 3)
        await revisions.add(tx, OTHER_BOT, "theirs", FILES, None, 4)
    async with store.read() as tx:
        assert await revisions.last_folder_hash(tx, BOT) == "folder-2"
        assert await revisions.active_id(tx, BOT) == edited
