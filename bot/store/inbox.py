"""The `inbox` table: every update Telegram gave us, until its effect is committed."""

from collections.abc import Sequence
from itertools import takewhile

import sqlalchemy as sa

from bot.model import BotId, Fetched, InboxState
from bot.store.engine import Store, Tx
from bot.store.tables import inbox

ANY_TRIES = 1_000
# What is asked at every update is put together once: that takes longer than running it.
_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)
_EARLIER = inbox.alias("earlier")
# Asked row by row (with the limit), so that a database never joins a long queue with itself to see its head.
_BEFORE = (
    sa.select(_EARLIER.c.id)
    .where(
        _EARLIER.c.bot_id == _BOT,
        _EARLIER.c.chat_id == inbox.c.chat_id,
        _EARLIER.c.state == InboxState.NEW,
        _EARLIER.c.id < inbox.c.id,
    )
    .limit(sa.literal_column("1"))
    .correlate(inbox)
    .scalar_subquery()
)
_HEADS = (
    sa.select(inbox)
    .where(inbox.c.bot_id == _BOT, inbox.c.state == InboxState.NEW, _BEFORE.is_(None))
    .order_by(inbox.c.id)
)
"""The oldest undone update of each chat: the next of a chat waits for the one before."""
_ANY = sa.select(inbox.c.id).where(inbox.c.bot_id == _BOT, inbox.c.state == InboxState.NEW).limit(1)
_READY = (
    _HEADS.where(
        inbox.c.next_try_us <= sa.bindparam("now_us", type_=sa.BigInteger),
        inbox.c.attempts <= sa.bindparam("most_tries", type_=sa.Integer),
    )
    .limit(sa.bindparam("count", type_=sa.Integer))
    .with_for_update(of=[inbox], skip_locked=True)
)
_TAKE = (
    inbox.update()
    .where(inbox.c.id.in_(sa.bindparam("of_rows", expanding=True)))
    .values(attempts=inbox.c.attempts + 1, next_try_us=sa.bindparam("until_us"))
    .returning(inbox)
)
_FINISH = (
    inbox.update()
    .where(
        inbox.c.id.in_(sa.bindparam("of_rows", expanding=True)),
        inbox.c.state == InboxState.NEW,
        inbox.c.attempts == sa.bindparam("of_attempt"),
    )
    .values(state=InboxState.DONE, json=None, error=None)
    .returning(inbox.c.id)
)


async def save(store: Store, tx: Tx, bot_id: BotId, fetched: Sequence[Fetched], now_us: int) -> int:
    """Store updates as they came. Returns how many were new; one that is there already changes nothing."""
    rows = [
        {
            "bot_id": bot_id,
            "update_id": update.update_id,
            "chat_id": update.chat_id,
            "json": update.raw,
            "state": InboxState.NEW,
            "received_us": now_us,
        }
        for update in fetched
    ]
    return len(await store.insert_once(tx, inbox, rows, "bot_id", "update_id"))


async def is_anything_new(tx: Tx, bot_id: BotId) -> bool:
    """Whether any update is not done: a cheap look, so that an idle bot writes nothing."""
    return await tx.scalar(_ANY, {_BOT.key: bot_id}) is not None


async def take(
    tx: Tx,
    bot_id: BotId,
    machine_us: int,
    lease_us: int,
    limit: int = 1,
    *,
    most_tries: int = ANY_TRIES,
    only_new: bool = False,
) -> Sequence[sa.RowMapping]:
    """Take updates whose turn it is, each of another chat, and count the attempt; until `lease_us` they are ours.

    Committed before they are handled, so that a message which kills the process is counted too. One that may have done
    so before comes alone: the others would be counted with it. Both times are machine time.

    `most_tries`: those tried more often stay where they are. `only_new`: nothing is taken while one that was tried is
    the first in turn.
    """
    given = {_BOT.key: bot_id, "now_us": machine_us, "count": limit, "most_tries": most_tries}
    rows = (await tx.execute(_READY, given)).mappings().all()
    fresh = tuple(takewhile(lambda row: row["attempts"] == 0, rows)) or rows[: 0 if only_new else 1]
    if not fresh:
        return ()
    taken = await tx.execute(_TAKE, {"of_rows": [row["id"] for row in fresh], "until_us": lease_us})
    return sorted(taken.mappings(), key=lambda row: row["id"])


async def next_try_us(tx: Tx, bot_id: BotId) -> int | None:
    """When the next update may be tried (machine time); None when all are done. Looks at all that wait."""
    found = sa.select(sa.func.min(_HEADS.subquery().c.next_try_us))
    earliest: int | None = await tx.scalar(found, {_BOT.key: bot_id})
    return earliest


async def finish(tx: Tx, row: sa.RowMapping) -> bool:
    """Mark done in the same transaction as the effect, and forget the words. False: another worker was quicker."""
    return bool(await finish_all(tx, [row]))


async def finish_all(tx: Tx, rows: Sequence[sa.RowMapping]) -> frozenset[int]:
    """The same for rows that were taken together. Returns those (ids) at which no other worker was quicker."""
    (attempt,) = {row["attempts"] for row in rows}  # `take` sees to that
    given = {"of_rows": [row["id"] for row in rows], "of_attempt": attempt}
    return frozenset(await tx.scalars(_FINISH, given))


async def put_back(tx: Tx, row: sa.RowMapping, next_try_us: int, error: str, counts: bool = True) -> None:
    """It failed: try again at `next_try_us` (machine time). Nothing changes when another worker took it meanwhile.

    `counts`: whether this was one of its tries.
    """
    await tx.execute(
        inbox.update()
        .where(inbox.c.id == row["id"], inbox.c.state == InboxState.NEW, inbox.c.attempts == row["attempts"])
        .values(next_try_us=next_try_us, error=error[:80], attempts=row["attempts"] - (0 if counts else 1))
    )


async def park(tx: Tx, row: sa.RowMapping, error: str) -> bool:
    """Give up on one update so that its chat goes on. False: it is settled already. Keeps the JSON for a developer."""
    result = await tx.execute(
        inbox.update()
        .where(inbox.c.id == row["id"], inbox.c.state == InboxState.NEW)
        .values(state=InboxState.PARKED, error=error[:80])
    )
    return result.rowcount == 1


async def release_leases(tx: Tx, bot_id: BotId) -> None:
    """At the start of the only process: whatever was being handled is not any more."""
    await tx.execute(
        inbox.update().where(inbox.c.bot_id == bot_id, inbox.c.state == InboxState.NEW).values(next_try_us=0)
    )


async def prune(tx: Tx, bot_id: BotId, before_us: int) -> int:
    """Delete settled rows received before `before_us`. Returns how many."""
    result = await tx.execute(
        inbox.delete().where(inbox.c.bot_id == bot_id, inbox.c.state != InboxState.NEW, inbox.c.received_us < before_us)
    )
    return result.rowcount
