"""Names in texts that stay: a care record is kept without saying whose it was."""

import re
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from bot.care import CONTACT, JOINING
from bot.markup import escape
from bot.store import reducing
from bot.store.contacts import Contacts
from bot.store.engine import Tx
from bot.store.tables import check_in, contact, enrolment, message, patient_chat, question, said

INSTEAD = "…"
_SHORTEST = 3
"""Letters of a name: a shorter one would be found in other words' company too often."""


async def names_of(tx: Tx, patient_ids: Sequence[int], contacts: Contacts) -> set[str]:
    """Every name, phone number and reference known of these patients."""
    rows = (await tx.execute(sa.select(contact).where(contact.c.patient_id.in_(patient_ids)))).mappings().all()
    known = [
        value for one in (contacts.opened(dict(row)) for row in rows) for value in (one.name, one.phone, one.reference)
    ]
    labels = sa.select(patient_chat.c.label).where(patient_chat.c.patient_id.in_(patient_ids))
    answers = (
        sa.select(check_in.c.answers)
        .join(enrolment, enrolment.c.id == check_in.c.enrolment_id)
        .where(enrolment.c.patient_id.in_(patient_ids), check_in.c.step_id == JOINING)
    )
    given = [one.get(name) for one in await tx.scalars(answers) for name in CONTACT]
    told = (*known, *(await tx.scalars(labels)), *given)
    return {name.strip() for name in told if isinstance(name, str) and len(name.strip()) >= _SHORTEST}


async def hide_names(
    tx: Tx,
    names: Iterable[str],
    of_messages: Sequence[sa.ColumnElement[bool]],
    asked: sa.Select[tuple[int]],
    of_said: Sequence[sa.ColumnElement[bool]],
) -> None:
    """Put a sign in the place of these names, in messages, in questions (`asked`: their ids), and in what was sent
    beside them."""
    found = _pattern(names)
    if found is None:
        return
    wrote = sa.select(message.c.id, message.c.payload).where(*of_messages, reducing.has_words())
    for row in (await tx.execute(wrote)).all():
        text = found.sub(INSTEAD, row.payload["text"])
        if text != row.payload["text"]:
            payload = {**row.payload, "text": text}
            await tx.execute(message.update().where(message.c.id == row.id).values(payload=payload))
    kept = sa.select(question.c.id, question.c.text, question.c.why).where(question.c.id.in_(asked))
    for one in (await tx.execute(kept)).all():
        text = found.sub(INSTEAD, one.text)
        if text != one.text:
            why = {**reducing.NO_WHY, **one.why, "repaired": ""}
            await tx.execute(question.update().where(question.c.id == one.id).values(text=text, why=why))
    for sent in (await tx.execute(sa.select(said.c.id, said.c.text).where(*of_said, said.c.text != ""))).all():
        text = found.sub(INSTEAD, sent.text)
        if text != sent.text:
            await tx.execute(said.update().where(said.c.id == sent.id).values(text=text))


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Any of these as whole words, as typed or as they stand in HTML, the longest first."""
    spelt = {one for name in names for one in (name, escape(name))}
    if not spelt:
        return None
    longest = sorted(map(re.escape, spelt), key=lambda one: (-len(one), one))
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE)
