"""Content revisions: what the whole folder held at one time; the `bot` row names the one that is served.

They follow each other in one line. Most hold only the files that differ from the one before: the folder has a
megabyte, and an edit changes one file of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from bot.model import BotId, UserId
from bot.store import accounts
from bot.store.engine import Tx
from bot.store.tables import bot, content_revision, patient, question

WHOLE_EVERY = 50
"""After so many that hold differences only, one holds everything again."""
_COLUMNS = [column for column in content_revision.c if column.name not in ("files", "bot_id")]


@dataclass(frozen=True, slots=True)
class Revision:
    """What is known of one revision beside its files. `at_us` is UTC."""

    id: int
    hash: str
    author_id: UserId | None
    """None: the folder on disk."""
    at_us: int
    whole_id: int | None = None
    parent_id: int | None = None
    note: str | None = None
    touched: Sequence[str] | None = None
    """Ids of what differs from the parent; None for the first, and for those from before revision 0009."""
    undoes_id: int | None = None


async def add(
    tx: Tx,
    bot_id: BotId,
    hash_: str,
    files: Mapping[str, str],
    author: UserId | None,
    now_us: int,
    *,
    note: str | None = None,
    touched: Sequence[str] | None = None,
    undoes_id: int | None = None,
) -> int:
    """Store a revision and serve it from now on. Returns its id. `author` None: the folder on disk.

    Holds the bot's row until the transaction ends, so that whoever comes next builds upon this one.
    """
    parent_id: int | None = (await accounts.account(tx, bot_id, lock=True))["revision_id"]
    whole_id, kept = None, dict[str, str | None](files)
    if parent_id is not None:
        whole_id = await _whole_before(tx, bot_id, parent_id)
    if parent_id is not None and whole_id is not None:
        before = await files_of(tx, parent_id)
        gone = dict.fromkeys(before.keys() - files.keys())
        kept = {path: text for path, text in files.items() if before.get(path) != text} | gone
    result = await tx.execute(
        content_revision.insert().values(
            bot_id=bot_id,
            hash=hash_,
            files=kept,
            whole_id=whole_id,
            author_id=author,
            at_us=now_us,
            parent_id=parent_id,
            note=note,
            touched=list(touched) if touched is not None else None,
            undoes_id=undoes_id,
        )
    )
    assert result.inserted_primary_key is not None
    revision_id: int = result.inserted_primary_key[0]
    await tx.execute(bot.update().where(bot.c.id == bot_id).values(revision_id=revision_id))
    return revision_id


async def _whole_before(tx: Tx, bot_id: BotId, parent_id: int) -> int | None:
    """The whole revision that a new one can tell its differences from; None when it is time for another."""
    whole_id: int | None = await tx.scalar(
        sa.select(sa.func.coalesce(content_revision.c.whole_id, content_revision.c.id)).where(
            content_revision.c.id == parent_id
        )
    )
    of_it = (content_revision.c.bot_id == bot_id, content_revision.c.whole_id == whole_id)
    count = await tx.scalar(sa.select(sa.func.count()).where(*of_it))
    return whole_id if (count or 0) < WHOLE_EVERY else None


async def active_id(tx: Tx, bot_id: BotId) -> int | None:
    """The id of the revision now served; None before the first."""
    found: int | None = await tx.scalar(sa.select(bot.c.revision_id).where(bot.c.id == bot_id))
    return found


async def files_of(tx: Tx, revision_id: int) -> dict[str, str]:
    """A revision's files: path → text."""
    own = content_revision.alias()
    of_line = sa.and_(
        own.c.id == revision_id,
        content_revision.c.bot_id == own.c.bot_id,
        content_revision.c.id.between(sa.func.coalesce(own.c.whole_id, own.c.id), own.c.id),
    )
    statement = sa.select(content_revision.c.files).join(own, of_line).order_by(content_revision.c.id)
    found: dict[str, str | None] = {}
    for files in (await tx.scalars(statement)).all():
        found |= files
    assert found, revision_id
    return {path: text for path, text in sorted(found.items()) if text is not None}


async def get(tx: Tx, bot_id: BotId, revision_id: int) -> Revision | None:
    """One revision of this bot."""
    statement = sa.select(*_COLUMNS).where(content_revision.c.id == revision_id, content_revision.c.bot_id == bot_id)
    row = (await tx.execute(statement)).mappings().one_or_none()
    return Revision(**row) if row is not None else None


async def history(tx: Tx, bot_id: BotId, item_id: str | None, limit: int) -> list[Revision]:
    """The last revisions, newest first; of one entry, red flag or plan those that touched it."""
    statement = sa.select(*_COLUMNS).where(content_revision.c.bot_id == bot_id).order_by(content_revision.c.id.desc())
    if item_id is None:
        statement = statement.limit(limit)
    rows = (await tx.execute(statement)).mappings()
    found = (Revision(**row) for row in rows if item_id is None or item_id in (row["touched"] or ()))
    return list(islice(found, limit))


async def is_known_to_folder(tx: Tx, bot_id: BotId, hash_: str) -> bool:
    """Whether the folder may look like this without anybody having edited it: as it was when it was last imported, or
    as an edit made in the chat since then left it."""
    folder = sa.select(sa.func.max(content_revision.c.id)).where(
        content_revision.c.bot_id == bot_id, content_revision.c.author_id.is_(None)
    )
    since = content_revision.c.id >= sa.func.coalesce(folder.scalar_subquery(), 0)
    same = sa.select(content_revision.c.id).where(
        content_revision.c.bot_id == bot_id, content_revision.c.hash == hash_, since
    )
    return await tx.scalar(same.limit(1)) is not None


async def asked_since(tx: Tx, bot_id: BotId, since_us: int, limit: int) -> list[str]:
    """The last different texts patients sent since then, newest first: patients' words, for no log and no file."""
    last = sa.func.max(question.c.id)
    statement = (
        sa.select(question.c.text)
        .where(question.c.bot_id == bot_id, question.c.at_us >= since_us, question.c.text != "")
        .group_by(question.c.text)
        .order_by(last.desc())
        .limit(limit)
    )
    return list(await tx.scalars(statement))


async def asked_by(tx: Tx, bot_id: BotId, since_us: int, texts: Collection[str]) -> dict[str, str]:
    """The code of the patient who sent each of these texts last since then."""
    statement = (
        sa.select(question.c.text, patient.c.code)
        .join(patient, patient.c.id == question.c.patient_id)
        .where(question.c.bot_id == bot_id, question.c.at_us >= since_us, question.c.text.in_(texts))
        .order_by(question.c.id)
    )
    return {row.text: row.code for row in await tx.execute(statement)}
