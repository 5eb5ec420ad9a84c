"""Content revisions: each is the whole folder as text; the `bot` row names the one that is served."""

from collections.abc import Mapping

import sqlalchemy as sa

from bot.model import BotId, UserId
from bot.store.engine import Tx
from bot.store.tables import bot, content_revision


async def add(tx: Tx, bot_id: BotId, hash_: str, files: Mapping[str, str], author: UserId | None, now_us: int) -> int:
    """Store a revision and serve it from now on. Returns its id. `author` None: the folder on disk."""
    result = await tx.execute(
        content_revision.insert().values(bot_id=bot_id, hash=hash_, files=dict(files), author_id=author, at_us=now_us)
    )
    assert result.inserted_primary_key is not None
    revision_id: int = result.inserted_primary_key[0]
    await tx.execute(bot.update().where(bot.c.id == bot_id).values(revision_id=revision_id))
    return revision_id


async def active_id(tx: Tx, bot_id: BotId) -> int | None:
    """The id of the revision now served; None before the first."""
    found: int | None = await tx.scalar(sa.select(bot.c.revision_id).where(bot.c.id == bot_id))
    return found


async def files_of(tx: Tx, revision_id: int) -> dict[str, str]:
    """A revision's files: path → text."""
    found: dict[str, str] | None = await tx.scalar(
        sa.select(content_revision.c.files).where(content_revision.c.id == revision_id)
    )
    assert found is not None, revision_id
    return found


async def last_folder_hash(tx: Tx, bot_id: BotId) -> str | None:
    """The hash of the folder when it was last imported: an unchanged folder must not undo an edit made in the chat."""
    found: str | None = await tx.scalar(
        sa.select(content_revision.c.hash)
        .where(content_revision.c.bot_id == bot_id, content_revision.c.author_id.is_(None))
        .order_by(content_revision.c.id.desc())
        .limit(1)
    )
    return found
