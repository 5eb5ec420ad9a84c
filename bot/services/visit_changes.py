"""A next visit that the clinic moved or cancelled after a check-in had told the patient of it: staff have to say so.

That check-in is sent once, so no message of the bot's would put it right.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.care import Note, NoteKind
from bot.clock import from_us, to_us
from bot.content.schema import Content
from bot.core.care.asking import Asking
from bot.core.replies import time_in_words
from bot.model import BotId
from bot.store import care, enrolling_lists
from bot.store.engine import Store, Tx


async def note_changes(
    store: Store, tx: Tx, bot_id: BotId, content: Content, visits: Mapping[int, int | None], now: datetime
) -> None:
    """A note to ring each patient who was asked about another visit, one that is still to come, than the new one of
    `visits` (by enrolment, UTC microseconds; None: there is none any more). `now` is aware."""
    codes = {step.id: step.code for plan in content.plans.values() for step in plan.steps if step.needs == "visit"}
    asked = await enrolling_lists.asked_about_visit(tx, list(visits), list(codes), to_us(now))
    asking, texts = Asking(content), content.enrolment
    for enrolment_id, step_id, old_us in asked:
        if (new_us := visits[enrolment_id]) == old_us:
            continue
        step = codes[step_id]
        if new_us is None:
            text = asking.own_plain(texts.note_visit_cancelled, step=step)
        else:
            time = time_in_words(from_us(new_us), now=now, zone=content.clinic.zone)
            text = asking.own_plain(texts.note_visit_moved, step=step, time=time)
        await care.add_notes(store, tx, bot_id, enrolment_id, step_id, [Note(NoteKind.CALL, text)], to_us(now))
