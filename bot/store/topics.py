"""The staff group's topics: our rows of them, and Telegram's ids once they are made."""

import sqlalchemy as sa

from bot.model import BotId, ChatId, Kind, MessageState, Method, Outgoing, Payload
from bot.store import messages
from bot.store.engine import Store, Tx
from bot.store.tables import message, topic


async def add(tx: Tx, bot_id: BotId, group_id: ChatId, name: str, now_us: int) -> int:
    """A topic that Telegram does not have yet. Returns our row."""
    made = await tx.execute(topic.insert().values(bot_id=bot_id, chat_id=group_id, name=name, created_us=now_us))
    assert made.inserted_primary_key is not None
    topic_id: int = made.inserted_primary_key[0]
    return topic_id


async def rename(tx: Tx, topic_id: int, name: str) -> None:
    """What it is called, also when it has to be made anew."""
    await tx.execute(topic.update().where(topic.c.id == topic_id).values(name=name))


async def named(tx: Tx, bot_id: BotId, group_id: ChatId, name: str) -> sa.RowMapping | None:
    """The group's first topic of this name, or None."""
    statement = sa.select(topic).where(topic.c.bot_id == bot_id, topic.c.chat_id == group_id, topic.c.name == name)
    return (await tx.execute(statement.order_by(topic.c.id).limit(1))).mappings().one_or_none()


async def is_coming(tx: Tx, topic_id: int) -> bool:
    """Whether a call that makes this topic is still owed."""
    found = await tx.scalar(
        sa.select(message.c.id)
        .where(
            message.c.topic_id == topic_id,
            message.c.method == Method.CREATE_TOPIC,
            message.c.state.in_((MessageState.PENDING, MessageState.SENDING)),
        )
        .limit(1)
    )
    return found is not None


async def keep_thread(tx: Tx, topic_id: int, thread_id: int | None) -> None:
    """Telegram made it, under this id; None: it is there no more."""
    await tx.execute(topic.update().where(topic.c.id == topic_id).values(thread_id=thread_id))


async def make_anew(store: Store, tx: Tx, bot_id: BotId, row: sa.RowMapping, now_us: int) -> bool:
    """The topic that this message went to is gone: owe a call that makes it again. False when one is owed already."""
    gone = (await tx.execute(sa.select(topic).where(topic.c.id == row["topic_id"]))).mappings().one()
    if gone["thread_id"] is None or gone["thread_id"] != row["thread_id"]:
        return False
    await keep_thread(tx, gone["id"], None)
    anew = Outgoing(
        chat_id=ChatId(gone["chat_id"]),
        kind=Kind(row["kind"]),
        method=Method.CREATE_TOPIC,
        payload=Payload(gone["name"]),
        topic_id=gone["id"],
        dedupe_key=f"topic:{gone['id']}:after:{gone['thread_id']}",
    )
    await messages.enqueue(store, tx, bot_id, anew, now_us)
    return True
