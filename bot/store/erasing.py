"""Being forgotten: what is taken out of which table.

It can be done again, to the same end: a restored backup forgets anew, and a message that was on the wire meanwhile
loses its words a day later. Nothing that came after `until_us` is touched.

Of somebody who had a care plan the care record stays, locked: the plan, its answers and notes, alerts with their words,
and what was asked and said while the plan ran. Of anybody else, and of a record that is released, no word stays. Rows
that others point to stay as numbers; the patient's is never deleted, or the next one might get its id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.care import JOINING, UNDONE
from bot.model import BotId, ChatId, InboxState, MessageId, MessageState, Method, Scope
from bot.store import chats, erasures, naming, reducing
from bot.store.care import NO_CHAT
from bot.store.contacts import Contacts
from bot.store.engine import Tx
from bot.store.tables import (
    agreement,
    alert,
    alert_question,
    check_in,
    contact,
    conversation,
    draft,
    enrol_code,
    enrol_link,
    enrolment,
    feedback,
    inbox,
    lesson,
    mention,
    message,
    patient,
    patient_chat,
    question,
    recipient,
    said,
    staff_note,
    thread,
    topic,
    triage_review,
)

OURS = "forget:"
"""How the keys of messages about the erasing itself begin; those are not erased."""
NOBODY = "–"
"""The name of a topic that was somebody's."""
_SHOWN = (Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT, Method.COPY)
_ON_SCREEN = (MessageState.SENT, MessageState.UNKNOWN, MessageState.SENDING)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom to forget: the patients of one chat, with what came in up to `until_us`."""

    bot_id: BotId
    chat_id: ChatId
    patient_ids: tuple[int, ...]
    until_us: int
    keeps_record: bool
    """A care record stays, locked."""


@dataclass(frozen=True, slots=True)
class Card:
    """Something in which staff see the patient: a message, or a whole topic."""

    id: MessageId
    """Our row of the message; 0 for a topic."""
    chat_id: ChatId
    sent_us: int
    is_text: bool
    is_list: bool
    """It names others as well: a digest."""
    topic_id: int | None = None
    """Our row of the topic; None for a message."""


async def erase(tx: Tx, who: Subject, contacts: Contacts) -> tuple[dict[str, int], list[Card]]:
    """Erase all but the care record. Returns how much of what, and the cards that Telegram still shows to staff.

    The caller holds the chat's lock, has ended the care plans, and sees to the cards. `contacts` opens the names that
    are taken out of the record too.
    """
    known = sa.select(patient.c.id).where(patient.c.id.in_(who.patient_ids), patient.c.created_us <= who.until_us)
    who = replace(who, patient_ids=tuple((await tx.scalars(known)).all()))  # a restored database may number anew
    own = await _own_chats(tx, who)
    cards = [*await _cards(tx, who, own), *await _topics(tx, who, own)]
    names = await naming.names_of(tx, who.patient_ids, contacts)
    messages = await _empty_messages(tx, who, own)
    await _empty_cards(tx, who, own, cards)
    questions = await _erase_questions(tx, who)
    await tx.execute(said.delete().where(*_sent_by(who), ~_is_recorded_said(who)))
    gone = await _erase_contacts(tx, who, own)
    await _erase_talk(tx, who, own)
    await _erase_threads(tx, who, own)
    if who.keeps_record:
        await naming.hide_names(tx, names, _said_in(who, own), _asked_by(who), _sent_by(who))
    else:
        await _erase_record(tx, who)
    return {"questions": questions, "messages": messages, "contacts": gone, "cards": len(cards)}, cards


async def _own_chats(tx: Tx, who: Subject) -> list[int]:
    """The chat, and older ones that served nobody but these patients (a phone that was replaced)."""
    theirs = sa.select(patient_chat.c.chat_id).where(
        patient_chat.c.bot_id == who.bot_id, patient_chat.c.patient_id.in_(who.patient_ids)
    )
    of_others = sa.select(patient_chat.c.chat_id).where(
        patient_chat.c.bot_id == who.bot_id,
        patient_chat.c.chat_id.in_(theirs),
        patient_chat.c.patient_id.not_in(who.patient_ids),
        patient_chat.c.since_us <= who.until_us,
    )
    alone = set(await tx.scalars(theirs)) - set(await tx.scalars(of_others))
    return sorted((alone | {who.chat_id}) - {NO_CHAT})


# --- what belongs to the care record ---------------------------------------------------------------------------------


def _while_on_a_plan(at_us: sa.ColumnElement[int], who: Subject) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        enrolment.c.patient_id.in_(who.patient_ids),
        enrolment.c.reason.is_distinct_from(UNDONE),
        sa.or_(at_us >= enrolment.c.created_us, at_us >= enrolment.c.treated_us),
        at_us <= sa.func.coalesce(enrolment.c.ended_us, who.until_us),
    )


def _is_recorded_question(who: Subject) -> sa.ColumnElement[bool]:
    """Behind an alert, or asked while a plan ran."""
    if not who.keeps_record:
        return sa.false()
    in_its_words = sa.exists().where(alert_question.c.question_id == question.c.id)
    at_its_start = sa.exists().where(alert.c.question_id == question.c.id, alert.c.level.is_not(None))
    return sa.or_(in_its_words, at_its_start, _while_on_a_plan(question.c.at_us, who))


def _is_recorded_said(who: Subject) -> sa.ColumnElement[bool]:
    """Sent while a plan ran."""
    return _while_on_a_plan(said.c.at_us, who) if who.keeps_record else sa.false()


def _is_recorded_message(who: Subject) -> sa.ColumnElement[bool]:
    """Of a check-in, a reply to such a question, or anything we said while a plan ran."""
    if not who.keeps_record:
        return sa.false()
    replies = sa.exists().where(question.c.id == message.c.question_id, _is_recorded_question(who))
    return sa.or_(message.c.enrolment_id.is_not(None), replies, _while_on_a_plan(message.c.planned_us, who))


# --- messages --------------------------------------------------------------------------------------------------------


def _up_to_then(who: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    """Without the bot, which a query by id must not name: SQLite would read all of the bot's messages."""
    return message.c.planned_us <= who.until_us, ~message.c.dedupe_key.startswith(OURS)


def _said_in(who: Subject, own: Sequence[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return message.c.bot_id == who.bot_id, message.c.chat_id.in_(own), *_up_to_then(who)


def _told_about(who: Subject, own: Sequence[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return message.c.bot_id == who.bot_id, message.c.subject_chat_id.in_(own), *_up_to_then(who)


async def _empty_messages(tx: Tx, who: Subject, own: Sequence[int]) -> int:
    """What we said in their chats, but for the care record; what waits there is taken back."""
    of_them = _said_in(who, own)
    await _take_back(tx, *of_them)
    return await reducing.empty_messages(tx, *of_them, ~_is_recorded_message(who))


async def _empty_cards(tx: Tx, who: Subject, own: Sequence[int], cards: Sequence[Card]) -> None:
    """What staff were told about them. An answer to what is left of such a card reaches nobody."""
    of_them = _told_about(who, own)
    about = (await tx.scalars(sa.select(message.c.id).where(*of_them))).all()
    ids = [*about, *(card.id for card in cards if card.is_list)]
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        # With their edits, which do not say whom they are about.
        shown = (*_up_to_then(who), sa.or_(message.c.id.in_(some), message.c.target_id.in_(some)))
        await _take_back(tx, *shown)
        await reducing.empty_messages(tx, *shown)
    is_settled = message.c.state != MessageState.SENDING
    await tx.execute(message.update().where(*of_them, is_settled).values(subject_chat_id=None))


async def _take_back(tx: Tx, *where: sa.ColumnElement[bool]) -> None:
    await tx.execute(
        message.update()
        .where(*where, message.c.state == MessageState.PENDING)
        .values(state=MessageState.CANCELLED, reason="forgotten")
    )


async def _cards(tx: Tx, who: Subject, own: Sequence[int]) -> list[Card]:
    """What staff can see of them in Telegram: cards about them, and lists in which they are named."""
    codes = sa.select(patient.c.code).where(patient.c.id.in_(who.patient_ids))
    is_named = (mention.c.bot_id == who.bot_id, mention.c.code.in_(codes))
    on_screen = (message.c.method.in_(_SHOWN), message.c.state.in_(_ON_SCREEN))
    about_them = sa.select(message).where(*_told_about(who, own), *on_screen)
    lists = (
        sa.select(message)
        .join(mention, mention.c.message_id == message.c.id)
        .where(*is_named, *_up_to_then(who), *on_screen)
        .where(message.c.subject_chat_id.is_(None), message.c.chat_id.not_in(own))
    )
    rows = {row["id"]: row for found in (about_them, lists) for row in (await tx.execute(found)).mappings()}
    return [
        Card(
            MessageId(row["id"]),
            ChatId(row["chat_id"]),
            row["sent_us"] or row["planned_us"],
            row["method"] == Method.SEND_TEXT,
            row["subject_chat_id"] is None,
        )
        for _, row in sorted(rows.items())
    ]


# --- threads ---------------------------------------------------------------------------------------------------------


def _their_threads(who: Subject, own: Sequence[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return thread.c.bot_id == who.bot_id, thread.c.chat_id.in_(own), thread.c.opened_us <= who.until_us


async def _topics(tx: Tx, who: Subject, own: Sequence[int]) -> list[Card]:
    """Topics in which staff talked with them, if Telegram has them, or is about to."""
    is_coming = sa.exists().where(
        message.c.topic_id == topic.c.id,
        message.c.method == Method.CREATE_TOPIC,
        message.c.state == MessageState.SENDING,
    )
    found = await tx.execute(
        sa.select(topic.c.id, topic.c.chat_id, topic.c.created_us)
        .join(thread, thread.c.topic_id == topic.c.id)
        .where(*_their_threads(who, own), sa.or_(topic.c.thread_id.is_not(None), is_coming))
        .order_by(topic.c.id)
    )
    return [
        Card(MessageId(0), ChatId(chat_id), made_us, is_text=False, is_list=False, topic_id=topic_id)
        for topic_id, chat_id, made_us in found
    ]


async def _erase_threads(tx: Tx, who: Subject, own: Sequence[int]) -> None:
    """Their topics lead to nobody any more, and are called after nobody."""
    theirs = sa.select(thread.c.topic_id).where(*_their_threads(who, own))
    topic_ids = (await tx.scalars(theirs)).all()
    await tx.execute(thread.delete().where(*_their_threads(who, own)))
    await tx.execute(topic.update().where(topic.c.id.in_(topic_ids)).values(name=NOBODY))


# --- the rest --------------------------------------------------------------------------------------------------------


def _asked_by(who: Subject) -> sa.Select[tuple[int]]:
    return sa.select(question.c.id).where(
        question.c.bot_id == who.bot_id,
        question.c.patient_id.in_(who.patient_ids),
        question.c.at_us <= who.until_us,
    )


def _sent_by(who: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    return said.c.bot_id == who.bot_id, said.c.patient_id.in_(who.patient_ids), said.c.at_us <= who.until_us


async def _erase_questions(tx: Tx, who: Subject) -> int:
    """What they asked, what they made of the answers, and which of it staff looked into."""
    asked = _asked_by(who)
    await tx.execute(feedback.delete().where(feedback.c.question_id.in_(asked)))
    await tx.execute(draft.delete().where(draft.c.lesson_id.in_(asked)))
    await tx.execute(lesson.delete().where(lesson.c.question_id.in_(asked)))
    waits_for_people = (alert.c.level.is_(None), alert.c.state == "open")
    await tx.execute(
        alert.update().where(alert.c.patient_id.in_(who.patient_ids), *waits_for_people).values(state="withdrawn")
    )
    ids = (await tx.scalars(asked.where(~_is_recorded_question(who)))).all()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for table in (alert_question, triage_review):
            await tx.execute(table.delete().where(table.c.question_id.in_(some)))
        for table in (alert, message):
            await tx.execute(table.update().where(table.c.question_id.in_(some)).values(question_id=None))
        await tx.execute(question.delete().where(question.c.id.in_(some)))
    return len(ids)


async def _erase_contacts(tx: Tx, who: Subject, own: Sequence[int]) -> int:
    """Names, phone numbers, which announcements were for them, and the ways by which a chat could be joined to these
    patients again."""
    gone = await tx.execute(contact.delete().where(contact.c.patient_id.in_(who.patient_ids)))
    of_them = (staff_note.c.patient_id.in_(who.patient_ids), staff_note.c.done_us.is_(None))
    await tx.execute(staff_note.update().where(*of_them).values(done_us=who.until_us))  # nobody can be rung any more
    for table in (enrol_link, recipient):
        await tx.execute(table.delete().where(table.c.patient_id.in_(who.patient_ids)))
    await tx.execute(
        enrol_code.delete().where(
            enrol_code.c.bot_id == who.bot_id, enrol_code.c.chat_id.in_(own), enrol_code.c.made_us <= who.until_us
        )
    )
    plans = sa.select(enrolment.c.id).where(enrolment.c.patient_id.in_(who.patient_ids))
    await tx.execute(
        check_in.update()
        .where(check_in.c.enrolment_id.in_(plans), check_in.c.step_id == JOINING)
        .values(answers={}, ticked=[], doubted=[])
    )
    await tx.execute(
        patient_chat.update()
        .where(patient_chat.c.patient_id.in_(who.patient_ids))
        .values(label=None, until_us=sa.func.coalesce(patient_chat.c.until_us, who.until_us))
    )
    return gone.rowcount


async def _erase_talk(tx: Tx, who: Subject, own: Sequence[int]) -> None:
    """What the bot remembers of the talk, and updates that could never be handled."""
    of_talk = (conversation.c.bot_id == who.bot_id, conversation.c.chat_id.in_(own))
    await tx.execute(conversation.delete().where(*of_talk, conversation.c.updated_us <= who.until_us))
    await tx.execute(
        inbox.update()
        .where(
            inbox.c.bot_id == who.bot_id,
            inbox.c.chat_id.in_(own),
            inbox.c.state != InboxState.NEW,
            inbox.c.received_us <= who.until_us,
        )
        .values(json=None)
    )


async def _erase_record(tx: Tx, who: Subject) -> None:
    """Plans become numbers. Alerts stay as a sign and a time; both lead to no chat any more."""
    plans = (await tx.scalars(sa.select(enrolment.c.id).where(enrolment.c.patient_id.in_(who.patient_ids)))).all()
    await reducing.reduce_plans(tx, plans, who.until_us)
    for table in (enrolment, alert):
        await tx.execute(table.update().where(table.c.patient_id.in_(who.patient_ids)).values(chat_id=NO_CHAT))
    for table in (staff_note, agreement, patient_chat):
        await tx.execute(table.delete().where(table.c.patient_id.in_(who.patient_ids)))


# --- again -----------------------------------------------------------------------------------------------------------


def subjects(rows: Iterable[sa.RowMapping]) -> list[Subject]:
    """Whom erasures that are done are about: those of one chat that were done together are one."""
    together: dict[tuple[int, int, int], list[sa.RowMapping]] = {}
    for row in rows:
        together.setdefault((row["bot_id"], row["chat_id"], row["done_us"]), []).append(row)
    return [
        Subject(
            BotId(bot_id),
            ChatId(chat_id),
            tuple(row["patient_id"] for row in of_chat),
            done_us,
            any((row["counts"] or {}).get(erasures.RECORD) for row in of_chat),
        )
        for (bot_id, chat_id, done_us), of_chat in together.items()
    ]


async def erase_again(tx: Tx, bot_id: BotId, since_us: int, contacts: Contacts) -> list[Card]:
    """Do again what was done since then, for what was on the wire at that moment. Returns cards still to be deleted."""
    cards: list[Card] = []
    for who in subjects(await erasures.done_since(tx, bot_id, since_us)):
        cards += (await erase(tx, who, contacts))[1]
    return cards


async def reapply_erasures(
    tx: Tx, bot_id: BotId, contacts: Contacts, known: Iterable[Mapping[str, Any]] = ()
) -> list[Card]:
    """Forget everybody again who was forgotten, after a backup was restored; contact is off again too.

    `known`: rows of `erasures.done_since` out of the database that the backup took the place of. Returns the cards
    that Telegram may still show to staff.
    """
    for row in known:
        await erasures.carry_over(tx, bot_id, row)
    cards: list[Card] = []
    for who in subjects(await erasures.done_since(tx, bot_id)):
        ids = enrolment.c.patient_id.in_(who.patient_ids)
        is_old = enrolment.c.created_us <= who.until_us
        await tx.execute(
            enrolment.update()
            .where(ids, is_old, enrolment.c.state != "ended")
            .values(state="ended", reason="forget", ended_us=who.until_us)
        )
        cards += (await erase(tx, who, contacts))[1]
        if who.chat_id != NO_CHAT:
            await chats.stop(tx, bot_id, who.chat_id, Scope.ALL, who.until_us)
    return cards


async def release(tx: Tx, rows: Sequence[sa.RowMapping]) -> None:
    """Erase the record that these erasures, done together, have kept."""
    for who in subjects(rows):
        await erase(tx, replace(who, keeps_record=False), Contacts())
    counts = {**rows[0]["counts"], erasures.RECORD: 0}
    await erasures.set_counts(tx, [row["id"] for row in rows], counts)
