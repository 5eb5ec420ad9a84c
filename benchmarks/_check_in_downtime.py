"""Six hours in which the bot was down, with thousands of check-ins due: what becomes of each. In virtual time.

The bot comes back at seven in the evening. Check-ins of the first hours are of use for an hour, so that many are left
out; those of the second day may go until eight, local time: where it is eight already, for one in ten of them, they
move to the next morning. Half-way through it is ended once more, with messages claimed and not sent.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks._check_in_plan import FIRST_AFTER
from benchmarks._check_in_rows import LONDON, Treated, add_patients, enrol
from bot.care import NoteKind
from bot.clock import ManualClock, to_us
from bot.model import DueState, MessageState
from bot.services.planner import Planner
from bot.simulator.house import Cast, House, make_cast, open_house
from bot.store import care
from bot.store.tables import check_in, due, enrolment, message, staff_note

DOWN_AT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""A Monday; London is on UTC."""
DOWN_FOR = timedelta(hours=6)
BACK_AT = DOWN_AT + DOWN_FOR
UNTIL = datetime(2026, 11, 24, 8, 25, tzinfo=UTC)
"""When it is looked at: what moved has gone out, and London's quiet hours hold back everything later."""
ABROAD = "Europe/Berlin"
FIRST_CHAT = 10_000
SEND_EVERY = timedelta(milliseconds=36)
"""As long as the bot's rate takes for one message."""


@dataclass(frozen=True)
class Survived:
    """What became of the check-ins that fell due. Each is counted once among sent, moved, dropped and unexplained."""

    due: int
    sent: int
    moved: int
    """To a later time, and sent then."""
    dropped: int
    """Left out, with a reason that staff see."""
    unexplained: int
    doubled: int
    """Copies beyond the first that do not say what they are."""
    resent: int


async def downtime(url: str, content_dir: Path, count: int) -> Survived:
    """Let `count` check-ins fall due while nobody is there, and see what becomes of them."""
    clock = ManualClock(DOWN_AT - timedelta(minutes=5))
    cast = make_cast(clock)
    try:
        async with open_house(cast, url, content_dir, clock) as house:
            await _fill(house, count)
        clock.tick(BACK_AT - clock.now())
        async with open_house(cast, url, content_dir, clock) as house:
            await _half(house, count // 2)
        async with open_house(cast, url, content_dir, clock) as house:
            await house.settle(timedelta(hours=1).total_seconds())
            await house.pass_time(seconds=(UNTIL - clock.now()).total_seconds())
            return await _count(house, cast)
    finally:
        await cast.world.aclose()


async def _fill(house: House, count: int) -> None:
    """Patients whose check-in falls due evenly over the hours to come: half the first of theirs, half the third."""
    people = [house.world.add_user(FIRST_CHAT + number, "Patient") for number in range(count)]
    for person in people:
        house.world.chats[person.chat_id].started = True
    treated = []
    for number, person in enumerate(people):
        falls_due = DOWN_AT + DOWN_FOR * (number / count)
        at = falls_due - (FIRST_AFTER if number % 2 else timedelta(hours=48))
        zone = LONDON if number % 20 < 18 else ABROAD
        treated.append(Treated(person.chat_id, person.chat_id, to_us(at), zone))
    post = house.app.post
    async with post.store.write() as tx:
        await add_patients(tx, post.bot_id, treated, house.clock.now_us())
        await enrol(tx, Planner(post), treated)


async def _half(house: House, ticks: int) -> None:
    """Run so many timers while sending as fast as the limit allows, and end with a few messages claimed."""
    outbox = house.app.outbox
    for _ in range(ticks):
        await house.app.ticks.run_next()
        outbox.launch(await outbox.turn())
        await outbox.landed()
        house.clock.tick(SEND_EVERY)
    while await house.app.ticks.run_next() and not (await outbox.turn()).claimed:
        house.clock.tick(SEND_EVERY)


async def _count(house: House, cast: Cast) -> Survived:
    async with house.app.store.read() as tx:
        times: dict[tuple[int, str], list[int]] = {}
        reasons = set()
        for row in await tx.execute(sa.select(due).where(due.c.kind == care.CHECK_IN).order_by(due.c.id)):
            times.setdefault((row.ref, row.part), []).append(row.due_us)
            if row.state == DueState.DROPPED and row.reason:
                reasons.add((row.ref, row.part))
        late = sa.select(staff_note.c.enrolment_id, staff_note.c.step_id).where(staff_note.c.kind == NoteKind.LATE)
        reasons |= {(row.enrolment_id, row.step_id) for row in await tx.execute(late)}
        begun = {(row.enrolment_id, row.step_id) for row in await tx.execute(sa.select(check_in))}
        chat_of = {row.id: row.chat_id for row in await tx.execute(sa.select(enrolment.c.id, enrolment.c.chat_id))}
        resent = set(await tx.scalars(sa.select(message.c.chat_id).where(message.c.resent)))
        gone = set(await tx.scalars(sa.select(message.c.enrolment_id).where(message.c.state == MessageState.SENT)))
    expected = {key for key, all_us in times.items() if to_us(DOWN_AT) <= all_us[0] < to_us(BACK_AT)}
    arrived = Counter(call.chat_id for call in cast.world.calls if call.method == "sendMessage")
    fates = Counter(fate(times[key], key in begun and key[0] in gone, key in reasons) for key in expected)
    copies = {chat_of[key[0]]: arrived[chat_of[key[0]]] for key in expected}
    return Survived(
        due=len(expected),
        sent=fates["sent"],
        moved=fates["moved"],
        dropped=fates["dropped"],
        unexplained=fates["unexplained"],
        doubled=sum(max(0, number - 1 - (chat in resent)) for chat, number in copies.items()),
        resent=len(resent & copies.keys()),
    )


def fate(all_us: list[int], was_sent: bool, has_reason: bool) -> str:
    """What became of a check-in that was planned for these times, one after the other."""
    if was_sent:
        return "moved" if len(all_us) > 1 else "sent"
    return "dropped" if has_reason else "unexplained"
