"""What patients said of the answers and offers they got: one row for a question and an entry."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import BotId, ChatId, Decision, MessageId, Tap, TelegramMessageId
from bot.store.engine import Store, Tx
from bot.store.tables import alert, feedback, message, question

_ABOUT_OFFER = frozenset({Tap.CHOSEN, Tap.NONE})


async def note(
    store: Store, tx: Tx, bot_id: BotId, question_id: int, taps: Iterable[tuple[str, Tap]], now_us: int
) -> None:
    """Note what was said of each entry. Saying it again changes nothing; the last word counts."""
    for entry_id, tap in taps:
        key = {"question_id": question_id, "entry_id": entry_id}
        await store.insert_once(tx, feedback, [{**key, "bot_id": bot_id, "at_us": now_us}], *key)
        column = feedback.c.choice if tap in _ABOUT_OFFER else feedback.c.verdict
        of_key = (feedback.c.question_id == question_id, feedback.c.entry_id == entry_id)
        await tx.execute(feedback.update().where(*of_key).values({column: tap, feedback.c.at_us: now_us}))


async def question_in(tx: Tx, bot_id: BotId, chat_id: ChatId, message_id: TelegramMessageId) -> int | None:
    """The question a patient asked in this message, as it was understood last; None when there is none."""
    where = (question.c.bot_id == bot_id, question.c.chat_id == chat_id, question.c.message_id == message_id)
    found: int | None = await tx.scalar(sa.select(question.c.id).where(*where).order_by(question.c.id.desc()).limit(1))
    return found


async def asked_under(tx: Tx, bot_id: BotId, chat_id: ChatId, row_id: MessageId) -> sa.RowMapping | None:
    """The question to which our message was the reply, with that message as `payload`; None when it was to none."""
    statement = (
        sa.select(question, message.c.payload)
        .join(question, question.c.id == message.c.question_id)
        .where(message.c.id == row_id, message.c.bot_id == bot_id, message.c.chat_id == chat_id)
    )
    return (await tx.execute(statement)).mappings().one_or_none()


async def answered_with(tx: Tx, bot_id: BotId, chat_id: ChatId, entry_id: str, since_us: int) -> int:
    """How many messages of this chat got this answer since then; one that was edited counts once."""
    of_entry = (question.c.entry_id == entry_id, question.c.decision == Decision.ANSWER)
    mine = (question.c.bot_id == bot_id, question.c.chat_id == chat_id, question.c.at_us >= since_us)
    found = await tx.execute(sa.select(sa.func.count(question.c.message_id.distinct())).where(*mine, *of_entry))
    return int(found.scalar_one())


async def refused(tx: Tx, bot_id: BotId, chat_id: ChatId, since_us: int) -> int:
    """How many answers to what this chat asked since then were not what had been asked."""
    mine = (question.c.bot_id == bot_id, question.c.chat_id == chat_id, question.c.at_us >= since_us)
    statement = sa.select(sa.func.count()).select_from(feedback).join(question, question.c.id == feedback.c.question_id)
    found = await tx.execute(statement.where(*mine, feedback.c.verdict == Tap.NOT_ASKED))
    return int(found.scalar_one())


async def put_aside(tx: Tx, question_id: int) -> frozenset[str]:
    """Entries of which the patient said that they were not meant."""
    is_aside = sa.or_(feedback.c.verdict == Tap.NOT_ASKED, feedback.c.choice == Tap.NONE)
    return frozenset(
        await tx.scalars(sa.select(feedback.c.entry_id).where(feedback.c.question_id == question_id, is_aside))
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How one entry fared, in questions."""

    answered: int = 0
    """Answered with it, or with it as the second of two."""
    helped: int = 0
    not_asked: int = 0
    chosen: int = 0
    """Offered, and chosen."""
    none: int = 0
    """Offered, and none of those was meant."""
    team: int = 0
    """Answered with it, and then asked for a person, though nobody said it was not what they had asked. Only counted
    by `of_entry`."""


async def by_entry(tx: Tx, bot_id: BotId) -> dict[str, Counts]:
    """The counts of every entry that a question led to, or that something was said of. Reads all questions."""
    answered: dict[str, int] = {}
    for entry_id in (question.c.entry_id, question.c.why["second"].as_string()):
        of_answers = (question.c.bot_id == bot_id, question.c.decision == Decision.ANSWER, entry_id.is_not(None))
        for found, count in await tx.execute(
            sa.select(entry_id, sa.func.count()).where(*of_answers).group_by(entry_id)
        ):
            answered[found] = answered.get(found, 0) + count
    taps = {tap: _count(feedback.c.choice if tap in _ABOUT_OFFER else feedback.c.verdict, tap) for tap in Tap}
    said = await tx.execute(
        sa.select(feedback.c.entry_id, *taps.values()).where(feedback.c.bot_id == bot_id).group_by(feedback.c.entry_id)
    )
    by_tap = {row.entry_id: {tap.value: int(getattr(row, tap)) for tap in Tap} for row in said}
    return {
        entry_id: Counts(answered.get(entry_id, 0), **by_tap.get(entry_id, {}))
        for entry_id in sorted(answered.keys() | by_tap.keys())
    }


async def of_entry(tx: Tx, bot_id: BotId, entry_id: str, since_us: int) -> Counts:
    """The counts of one entry in questions asked since then. Reads all questions."""
    led_to = sa.or_(question.c.entry_id == entry_id, question.c.why["second"].as_string() == entry_id)
    asked = (question.c.bot_id == bot_id, question.c.at_us >= since_us)
    answered = (*asked, question.c.decision == Decision.ANSWER, led_to)
    of_it = (feedback.c.question_id == question.c.id, feedback.c.entry_id == entry_id)
    taps = [_count(feedback.c.choice if tap in _ABOUT_OFFER else feedback.c.verdict, tap) for tap in Tap]
    said = (
        await tx.execute(sa.select(*taps).join(question, question.c.id == feedback.c.question_id).where(*asked, *of_it))
    ).one()
    waits = (alert.c.bot_id == bot_id, alert.c.at_us >= since_us, alert.c.level.is_(None))
    to_people = sa.select(alert.c.question_id).where(*waits, alert.c.question_id.is_not(None))
    is_wrong = (feedback.c.bot_id == bot_id, feedback.c.entry_id == entry_id, feedback.c.verdict == Tap.NOT_ASKED)
    wrong = sa.select(feedback.c.question_id).where(*is_wrong)
    is_for_team = sa.and_(question.c.id.in_(to_people), question.c.id.not_in(wrong))
    counted = sa.select(sa.func.count().label("answered"), sa.func.count(sa.case((is_for_team, 1))).label("team"))
    found = (await tx.execute(counted.select_from(question).where(*answered))).one()
    taken = {tap.value: int(getattr(said, tap)) for tap in Tap}
    return Counts(answered=found.answered, team=found.team, **taken)


def _count(column: sa.Column[str], tap: Tap) -> sa.Label[int]:
    return sa.func.count(sa.case((column == tap, 1))).label(tap)
