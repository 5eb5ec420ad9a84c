"""Finished care plans as mere numbers, and messages without their words: what retention and erasing both do."""

import json
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from bot.model import MessageState, Payload
from bot.store.engine import Tx
from bot.store.tables import alert_question, attachment, broadcast, check_in, enrolment, message, question, staff_note

EMPTY = Payload().to_json()
NO_WHY = {
    "confidence": 0.0,
    "candidates": [],
    "flags": [],
    "suspected": [],
    "ruled_out": [],
    "repaired": "",
    "second": None,
    "about": None,
    "language": None,
}
"""`question.why` of a question that lost its words: patients' words stand in it too."""
REDUCED = ""
"""The side of the body, in a plan that is nothing but numbers any more: a plan has one until then."""


def has_words() -> sa.ColumnElement[bool]:
    """Whether a message still says something."""
    return sa.cast(message.c.payload, sa.Text) != json.dumps(EMPTY)


async def empty_messages(tx: Tx, *where: sa.ColumnElement[bool]) -> int:
    """Take the words out of these messages, and the files that went with them. Returns how many had any.

    One that is on its way to Telegram at this moment keeps them: it may have to be sent again.
    """
    of_them = (*where, message.c.state != MessageState.SENDING)
    with_file = sa.select(message.c.attachment_id).where(
        *of_them, message.c.attachment_id.is_not(None), message.c.broadcast_id.is_(None)
    )
    files = (await tx.scalars(with_file.distinct())).all()
    emptied = await tx.execute(message.update().where(*of_them, has_words()).values(payload=EMPTY))
    if files:
        await tx.execute(
            message.update().where(*of_them, message.c.attachment_id.in_(files)).values(attachment_id=None)
        )
        await drop_files(tx, attachment.c.id.in_(files))
    return emptied.rowcount


async def drop_files(tx: Tx, *where: sa.ColumnElement[bool]) -> int:
    """Delete those of these files that no message and no announcement holds any more."""
    is_used = (sa.exists().where(table.c.attachment_id == attachment.c.id) for table in (message, broadcast))
    gone = await tx.execute(attachment.delete().where(*where, *(~used for used in is_used)))
    return gone.rowcount


async def empty_questions(tx: Tx, question_ids: Collection[int]) -> int:
    """Leave of these questions that they were asked, when, and what they led to."""
    ids = list(question_ids)
    await tx.execute(alert_question.update().where(alert_question.c.question_id.in_(ids)).values(note=None))
    emptied = await tx.execute(question.update().where(question.c.id.in_(ids)).values(text="", why=NO_WHY))
    return emptied.rowcount


async def reduce_plans(tx: Tx, enrolment_ids: Iterable[int], now_us: int) -> int:
    """Leave of these plans that there was one, when, and how many check-ins were answered."""
    ids = list(enrolment_ids)
    of_them = check_in.c.enrolment_id.in_(ids)
    await tx.execute(check_in.update().where(of_them).values(answers={}, ticked=[], doubted=[]))
    await tx.execute(
        staff_note.update()
        .where(staff_note.c.enrolment_id.in_(ids))
        .values(text="", done_us=sa.func.coalesce(staff_note.c.done_us, now_us))
    )
    reduced = await tx.execute(
        enrolment.update().where(enrolment.c.id.in_(ids)).values(side=REDUCED, facts={}, careful=False)
    )
    return reduced.rowcount
