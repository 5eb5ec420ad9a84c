"""The `bot` row, the audit, and how things stand: what the operator of one bot needs to know."""

from functools import cache

import sqlalchemy as sa

from bot.model import BotId, ChatId, InboxState, MessageState, UserId
from bot.store.engine import Store, Tx, with_machine_time
from bot.store.tables import alert, audit, bot, enrolment, inbox, message, patient

NOBODY = "nobody_reached"
"""`bot.staff_lost` when neither owners nor on-call can be written to."""

# What every update and every turn asks is put together once: that takes longer than running it.
_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)
_ACCOUNT = sa.select(bot).where(bot.c.id == _BOT)
_LOCK = _ACCOUNT.with_for_update()
_TRY_LOCK = {
    is_shared: with_machine_time(is_shared, _ACCOUNT).with_for_update(skip_locked=True) for is_shared in (True, False)
}


async def ensure_bot(store: Store, tx: Tx, bot_id: BotId, staff_chat_id: ChatId | None, interval_us: int) -> None:
    """Make sure the bot has a row, with this machine time between two sends.

    `STAFF_CHAT_ID` counts when it is another one than at the last start: the group may have migrated since, and then
    the setting names a group that is no more.
    """
    await store.insert_once(tx, bot, [{"id": bot_id, "interval_us": interval_us}], "id")
    if staff_chat_id is not None:
        await tx.execute(
            bot.update()
            .where(bot.c.id == bot_id, bot.c.staff_chat_seed.is_distinct_from(staff_chat_id))
            .values(staff_chat_id=staff_chat_id, staff_chat_seed=staff_chat_id, staff_lost=None)
        )


async def is_known(tx: Tx, bot_id: BotId) -> bool:
    """Whether the bot ever started on this database."""
    return await tx.scalar(sa.select(bot.c.id).where(bot.c.id == bot_id)) is not None


async def account(tx: Tx, bot_id: BotId, *, lock: bool = False) -> sa.RowMapping:
    """The bot's row; with `lock` nobody else changes it until the transaction ends."""
    return (await tx.execute(_LOCK if lock else _ACCOUNT, {_BOT.key: bot_id})).mappings().one()


async def try_lock(store: Store, tx: Tx, bot_id: BotId) -> tuple[sa.RowMapping, int] | None:
    """The bot's row, locked until the transaction ends, and machine time; None while another worker holds it."""
    row = (await tx.execute(_TRY_LOCK[store.is_shared], {_BOT.key: bot_id})).mappings().one_or_none()
    return (row, store.machine_us_of(row)) if row is not None else None


async def set_account(tx: Tx, bot_id: BotId, **values: object) -> None:
    """Change columns of the bot's row."""
    await tx.execute(_set_account(*values), {_BOT.key: bot_id, **{f"new_{name}": values[name] for name in values}})


@cache
def _set_account(*columns: str) -> sa.Update:
    return bot.update().where(bot.c.id == _BOT).values({name: sa.bindparam(f"new_{name}") for name in columns})


async def staff_found(tx: Tx, bot_id: BotId, chat_id: ChatId) -> None:
    """A message arrived in this group; if it is the one staff have now, they can be told again."""
    is_theirs = (bot.c.staff_chat_id == chat_id, bot.c.staff_lost.is_not(None))
    await tx.execute(bot.update().where(bot.c.id == bot_id, *is_theirs).values(staff_lost=None))


async def somebody_found(tx: Tx, bot_id: BotId) -> None:
    """A message reached somebody who stands in for the group."""
    await tx.execute(bot.update().where(bot.c.id == bot_id, bot.c.staff_lost == NOBODY).values(staff_lost=None))


async def take_watch(tx: Tx, bot_id: BotId, owner: str, machine_us: int, lease_us: int) -> bool:
    """Make `owner` the worker that fetches updates, or keep it so, for `lease_us`. False while another one is."""
    is_free = sa.or_(
        bot.c.poller.is_(None),
        bot.c.poller == owner,
        bot.c.poller_until_us <= machine_us,
        bot.c.poller_until_us > machine_us + lease_us,  # from before the clock was set back
    )
    taken = await tx.execute(
        bot.update().where(bot.c.id == bot_id, is_free).values(poller=owner, poller_until_us=machine_us + lease_us)
    )
    return taken.rowcount == 1


async def give_watch_back(tx: Tx, bot_id: BotId, owner: str) -> None:
    """Leave fetching to whoever wants it."""
    await tx.execute(bot.update().where(bot.c.id == bot_id, bot.c.poller == owner).values(poller=None))


async def write_audit(
    tx: Tx, bot_id: BotId, actor_id: UserId | None, action: str, ref: int | None, now_us: int
) -> None:
    """Note who did what to which row."""
    await tx.execute(audit.insert().values(bot_id=bot_id, actor_id=actor_id, action=action, ref=ref, at_us=now_us))


async def open_plan_codes(tx: Tx, bot_id: BotId) -> tuple[str, ...]:
    """Codes of patients with an open care plan: whom to ring when messages may be lost."""
    statement = (
        sa.select(patient.c.code)
        .join(enrolment, enrolment.c.patient_id == patient.c.id)
        .where(enrolment.c.bot_id == bot_id, enrolment.c.state.in_(("open", "paused")))
        .distinct()
        .order_by(patient.c.code)
    )
    return tuple(await tx.scalars(statement))


async def counts(tx: Tx, bot_id: BotId) -> dict[str, int]:
    """How much is pending, in doubt, parked and waiting for somebody."""

    async def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        found: int | None = await tx.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.bot_id == bot_id, *where)
        )
        return found or 0

    return {
        "pending": await count(message, message.c.state == MessageState.PENDING),
        "unknown": await count(message, message.c.state == MessageState.UNKNOWN),
        "parked": await count(inbox, inbox.c.state == InboxState.PARKED),
        "open_alerts": await count(alert, alert.c.state == "open"),
    }
