"""Files that go out with messages: bytes of ours, or a picture that Telegram keeps."""

import hashlib

import sqlalchemy as sa

from bot.model import BotId
from bot.store.engine import Store, Tx
from bot.store.tables import attachment

PHOTO = "picture"


async def keep_file(store: Store, tx: Tx, bot_id: BotId, content: bytes, name: str) -> int:
    """A file to be sent; its id. The same bytes are kept once."""
    sha256 = hashlib.sha256(content).hexdigest()
    return await _keep(store, tx, {"bot_id": bot_id, "name": name, "sha256": sha256, "content": content})


async def keep_photo(store: Store, tx: Tx, bot_id: BotId, file_id: str) -> int:
    """A picture that somebody sent the bot, to be sent on by Telegram's id of it; our id. We have no copy."""
    sha256 = hashlib.sha256(file_id.encode()).hexdigest()
    row = {"bot_id": bot_id, "name": PHOTO, "sha256": sha256, "content": b"", "file_id": file_id}
    return await _keep(store, tx, row)


async def content_of(tx: Tx, attachment_id: int) -> bytes | None:
    """Its bytes."""
    content: bytes | None = await tx.scalar(sa.select(attachment.c.content).where(attachment.c.id == attachment_id))
    return content


async def uploaded(tx: Tx, attachment_id: int, file_id: str) -> None:
    """Telegram has a copy now: from here on it is sent by this id. The first copy counts."""
    is_new = (attachment.c.id == attachment_id, attachment.c.file_id.is_(None))
    await tx.execute(attachment.update().where(*is_new).values(file_id=file_id))


async def _keep(store: Store, tx: Tx, row: dict[str, object]) -> int:
    await store.insert_once(tx, attachment, [row], "bot_id", "sha256")
    same = (attachment.c.bot_id == row["bot_id"], attachment.c.sha256 == row["sha256"])
    return int((await tx.scalars(sa.select(attachment.c.id).where(*same))).one())
