"""Files that go out: bytes of ours, and pictures that only Telegram keeps."""

import sqlalchemy as sa

from bot.model import BotId
from bot.store import reducing
from bot.store.attachments import keep_file, keep_photo
from bot.store.engine import Store
from bot.store.tables import attachment, broadcast

BOT, OTHER = BotId(4242), BotId(4343)


async def test_a_file_is_kept_once(store: Store) -> None:
    async with store.write() as tx:
        first = await keep_file(store, tx, BOT, b"a page", "page.html")
        assert await keep_file(store, tx, BOT, b"a page", "page.html") == first
        assert await keep_file(store, tx, BOT, b"another", "page.html") != first
        assert await keep_file(store, tx, OTHER, b"a page", "page.html") != first


async def test_of_a_picture_only_telegrams_id_is_kept(store: Store) -> None:
    async with store.write() as tx:
        first = await keep_photo(store, tx, BOT, "AgACAgQ")
        assert await keep_photo(store, tx, BOT, "AgACAgQ") == first
        assert await keep_photo(store, tx, BOT, "AgACAgR") != first
        row = (await tx.execute(sa.select(attachment).where(attachment.c.id == first))).mappings().one()
    assert (row["file_id"], row["content"]) == ("AgACAgQ", b"")


async def test_a_picture_stays_while_an_announcement_has_it(store: Store) -> None:
    async with store.write() as tx:
        held = await keep_photo(store, tx, BOT, "held")
        await keep_photo(store, tx, BOT, "loose")
        row = {"bot_id": BOT, "payload": {}, "audience": {}, "state": "draft", "created_by": 5, "created_us": 1}
        await tx.execute(broadcast.insert().values(**row, attachment_id=held))

        assert await reducing.drop_files(tx, attachment.c.bot_id == BOT) == 1
        assert (await tx.scalars(sa.select(attachment.c.id))).all() == [held]
