"""The clinic's people: rows of `staff`, and what stands in them.

Everybody who did something has a row, so that others can read who it was. A role of their own have those whom an owner
gave one; the rest are guests, who may only do what everybody in the staff group may.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from bot.model import BotId, Role, UserId
from bot.store.engine import Store, Tx
from bot.store.tables import on_call, staff

GUEST = "guest"
"""In place of a role."""
NAME_MAX = 64

_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)
_STANDING = sa.select(staff.c.user_id, staff.c.role, staff.c.removed_us).where(staff.c.bot_id == _BOT)
"""Asked at every update, so put together once."""
_OWNERS = (
    sa.select(staff.c.user_id)
    .where(staff.c.bot_id == _BOT, staff.c.role == Role.OWNER, staff.c.removed_us.is_(None))
    .order_by(staff.c.user_id)
)
_IS_THERE = (staff.c.bot_id == _BOT, staff.c.removed_us.is_(None))


async def find(tx: Tx, bot_id: BotId, user_id: UserId) -> sa.RowMapping | None:
    """One person, removed ones too; None for who never did anything."""
    one = sa.select(staff).where(staff.c.bot_id == bot_id, staff.c.user_id == user_id)
    return (await tx.execute(one)).mappings().one_or_none()


async def name_of(tx: Tx, bot_id: BotId, user_id: UserId) -> str:
    """What colleagues call somebody; their number where nobody knows."""
    row = await find(tx, bot_id, user_id)
    return (row["name"] if row is not None else None) or str(user_id)


async def listed(tx: Tx, bot_id: BotId) -> list[sa.RowMapping]:
    """Everybody with a role now, by name and then by id."""
    return await _rows(tx, bot_id, is_guest=False)


async def guests(tx: Tx, bot_id: BotId) -> list[sa.RowMapping]:
    """Who did something in the staff group and has no role, by name and then by id."""
    return await _rows(tx, bot_id, is_guest=True)


async def _rows(tx: Tx, bot_id: BotId, *, is_guest: bool) -> list[sa.RowMapping]:
    role = staff.c.role == GUEST if is_guest else staff.c.role != GUEST
    there = sa.select(staff).where(*_IS_THERE, role).order_by(staff.c.name, staff.c.user_id)
    return list((await tx.execute(there, {_BOT.key: bot_id})).mappings())


async def standing(tx: Tx, bot_id: BotId) -> tuple[frozenset[UserId], frozenset[UserId]]:
    """Everybody with a role now, and everybody who was taken off the team."""
    rows = (await tx.execute(_STANDING, {_BOT.key: bot_id})).all()
    there = frozenset(UserId(row.user_id) for row in rows if row.removed_us is None and row.role != GUEST)
    return there, frozenset(UserId(row.user_id) for row in rows if row.removed_us is not None)


async def ensure_owners(store: Store, tx: Tx, bot_id: BotId, owners: Iterable[UserId], now_us: int) -> None:
    """`OWNER_IDS` makes owners, also of staff in another role.

    It takes nobody's rights away, and gives none back to somebody who was removed.
    """
    owners = tuple(owners)
    rows = [{"bot_id": bot_id, "user_id": user, "role": Role.OWNER, "since_us": now_us} for user in owners]
    await store.insert_once(tx, staff, rows, "bot_id", "user_id")
    await tx.execute(
        staff.update()
        .where(staff.c.bot_id == bot_id, staff.c.user_id.in_(owners), staff.c.removed_us.is_(None))
        .values(role=Role.OWNER)
    )


async def owners(tx: Tx, bot_id: BotId) -> tuple[UserId, ...]:
    """Everybody who is an owner now, by id."""
    return tuple(UserId(user) for user in await tx.scalars(_OWNERS, {_BOT.key: bot_id}))


def is_away(row: sa.RowMapping, now_us: int) -> bool:
    """Whether somebody has said that they are away, and is not back yet."""
    return row["away_us"] is not None and (row["away_until_us"] is None or row["away_until_us"] > now_us)


async def note_name(
    store: Store, tx: Tx, bot_id: BotId, user_id: UserId, name: str, now_us: int, known: sa.RowMapping | None
) -> None:
    """Keep what colleagues call somebody as it is now; who has no row becomes a guest. `known`: what `find` found."""
    if known is None:
        guest = {"bot_id": bot_id, "user_id": user_id, "role": GUEST, "name": name[:NAME_MAX], "since_us": now_us}
        await store.insert_once(tx, staff, [guest], "bot_id", "user_id")
    elif name and known["name"] != name[:NAME_MAX]:
        await set_values(tx, bot_id, user_id, name=name[:NAME_MAX])


async def set_values(tx: Tx, bot_id: BotId, user_id: UserId, **values: object) -> None:
    """Change columns of one person."""
    one = (staff.c.bot_id == bot_id, staff.c.user_id == user_id)
    await tx.execute(staff.update().where(*one).values(**values))


async def give_role(
    store: Store, tx: Tx, bot_id: BotId, user_id: UserId, role: Role, name: str | None, now_us: int
) -> None:
    """Let somebody be of the team, or be so again. Who was removed comes back without what stood in their row."""
    new = {"bot_id": bot_id, "user_id": user_id, "role": role, "name": name, "since_us": now_us}
    if await store.insert_once(tx, staff, [new], "bot_id", "user_id"):
        return
    await set_values(tx, bot_id, user_id, role=role, **({"name": name} if name else {}))
    back = (staff.c.bot_id == bot_id, staff.c.user_id == user_id, staff.c.removed_us.is_not(None))
    fresh = {"since_us": now_us, "removed_us": None, "registration": None, "away_us": None, "away_until_us": None}
    await tx.execute(staff.update().where(*back).values(**fresh))


async def remove(tx: Tx, bot_id: BotId, user_id: UserId, now_us: int) -> bool:
    """End somebody's rights, and that they are on call. False when they had none any more."""
    one = (staff.c.bot_id == bot_id, staff.c.user_id == user_id, staff.c.removed_us.is_(None))
    if not (await tx.execute(staff.update().where(*one).values(removed_us=now_us))).rowcount:
        return False
    await tx.execute(on_call.delete().where(on_call.c.bot_id == bot_id, on_call.c.user_id == user_id))
    return True
