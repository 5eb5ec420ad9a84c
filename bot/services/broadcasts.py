"""Announcements on their way: frozen, fed to the outbox, watched, reported; paused, cancelled, corrected, taken back.

All of it is one timer a running announcement (`look_after`): each run does the next bit of work in one transaction and
sets the next timer, so a kill at any point leaves it where it was. Nothing here sends: copies are rows of the outbox,
made a few hundred ahead of it. So a pause has little to hold back, and 100,000 recipients cost no memory.

Who changes an announcement, or makes copies of it, holds the lock of its row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import logs
from bot.announcement import Audience, LeftOut, State, Task
from bot.clock import SECOND_US, from_us, to_us
from bot.content.plan import label_of
from bot.core.announcement_check import problems
from bot.core.announcing import (
    NEEDS_VISIT,
    TAKE_BACK,
    Announcement,
    is_refused_too_often,
    starts_at,
)
from bot.core.audience import choices_of
from bot.core.replies import WEEKDAY_NAMES, names_of
from bot.markup import escape
from bot.model import KINDS, ChatId, Kind, MessageId, Method, Outgoing, Payload, SendWhy, UserId
from bot.services.broadcast_report import PROBLEM, REFUSALS, Report
from bot.services.broadcast_showing import CARD, FILE, Timers
from bot.services.post import Post
from bot.services.ticks import Handler
from bot.store import accounts, broadcasts, messages, people, recipients
from bot.store.engine import Tx
from bot.store.recipients import Meant

log = logs.get(__name__)

BROADCAST = "broadcast"
"""The kind of its timer; `ref` is the announcement."""
FREEZE = 5_000
"""Chats written down in one transaction."""
FEED = 500
"""Copies made in one transaction: 18 seconds of sending."""
LOW = 300
"""With fewer copies than this ready to go, more are made."""
MOST_PENDING = 2_000
"""No more are made while so many wait, for the end of somebody's quiet hours mostly."""
STEP = timedelta(seconds=5)
SLOW_STEP = timedelta(minutes=1)
"""How soon to look again: while copies go, and while all of them wait for a later time."""
SHOW_US = 15 * SECOND_US
"""How often the card is drawn anew: a group takes 20 messages a minute, edits included."""
STAFF = "staff"
"""Why one is paused: `REFUSALS`, `PROBLEM`, or this."""


class Done(StrEnum):
    """What came of an action."""

    DONE = "done"
    ALREADY = "already"
    """It was so before."""
    GONE = "gone"
    """There is no such announcement, or it is too late for this."""
    NOT_YOU = "not_you"
    """The second person has to be another one."""
    NEEDS_SECOND = "needs_second"
    """It is proposed now; a second person has to confirm it."""
    NOTHING = "nothing"
    """There was nothing to be done: nobody was sent it, no copy is in doubt."""
    TOO_OLD = "too_old"
    """Some copies are older than Telegram lets a bot delete; those stay."""


@dataclass(frozen=True)
class Broadcasts:
    """Sees announcements through. `services/staff.py` has checked rights; every action is audited."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {BROADCAST: self.look_after}

    def meant(self, row: sa.RowMapping) -> Meant:
        """The audience of an announcement, reckoned from now to when it goes out."""
        now = self.post.clock.now()
        goes_at = self.starts_at(row)
        zone = self.post.library.served.content.clinic.zone
        audience = Audience.from_json(row["audience"])
        needs_visit = not names_of(row["payload"]["text"]).isdisjoint(NEEDS_VISIT)
        return recipients.meant(audience, zone, now, goes_at, needs_visit=needs_visit)

    def starts_at(self, row: sa.RowMapping) -> datetime:
        """When the first copy goes, as things stand: its own time, or now, moved into the hours for announcements."""
        wished = from_us(row["due_us"]) if row["due_us"] is not None else None
        return starts_at(self.post.library.served.content.clinic, wished, self.post.clock.now(), row["any_hour"])

    # --- what staff do ----------------------------------------------------------------------------------------------

    async def confirm(self, tx: Tx, who: UserId, broadcast_id: int) -> Done:
        """Send a draft, now or at its `due_us`, or propose it where the clinic wants a second person."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["state"] == State.CANCELLED:
            return Done.GONE
        if row["state"] not in {State.DRAFT, State.PROPOSED}:
            return Done.ALREADY
        if self.post.library.served.content.clinic.broadcast_needs_second:
            if row["state"] == State.DRAFT:
                await broadcasts.set_values(tx, broadcast_id, state=State.PROPOSED, asking=None)
                await self.note(tx, who, "propose", broadcast_id)
                return Done.NEEDS_SECOND
            if who == row["created_by"]:
                return Done.NOT_YOU
        approved = {"approved_by": who, "approved_name": await people.name_of(tx, self.post.bot_id, who)}
        await broadcasts.set_values(tx, broadcast_id, state=State.RUNNING, asking=None, **approved)
        await self.note(tx, who, "confirm", broadcast_id)
        await self._wake(tx, broadcast_id)
        return Done.DONE

    async def pause(self, tx: Tx, who: UserId | None, broadcast_id: int, reason: str = STAFF) -> Done:
        """Let nothing more go; what is on the wire goes. `who`: None for the bot itself."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["state"] not in {State.RUNNING, State.PAUSED}:
            return Done.GONE
        if row["state"] == State.PAUSED:
            return Done.ALREADY
        await broadcasts.hold(tx, broadcast_id)
        await broadcasts.set_values(tx, broadcast_id, state=State.PAUSED, reason=reason)
        await self.note(tx, who, "pause", broadcast_id)
        await self._show(tx, broadcast_id)
        return Done.DONE

    async def resume(self, tx: Tx, who: UserId, broadcast_id: int) -> Done:
        """Go on where it was paused, within the hours for announcements. The refusals so far were looked at, and count
        no more."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["state"] not in {State.RUNNING, State.PAUSED}:
            return Done.GONE
        if row["state"] == State.RUNNING:
            return Done.ALREADY
        at_us = to_us(self.starts_at(row))
        sent, refused = await broadcasts.came_of(tx, broadcast_id)
        judged = {"judged_sent": sent, "judged_refused": refused}
        await broadcasts.release(tx, broadcast_id, at_us, _expires_us(at_us))
        await self._say_anew(tx, row, Announcement.from_json(row["payload"]))
        await broadcasts.set_values(tx, broadcast_id, state=State.RUNNING, reason=None, **judged)
        await self.note(tx, who, "resume", broadcast_id)
        await self._wake(tx, broadcast_id)
        return Done.DONE

    async def cancel(self, tx: Tx, who: UserId, broadcast_id: int) -> Done:
        """End it: whoever has no copy yet gets none. A draft or a proposal is thrown away."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["state"] == State.DONE:
            return Done.GONE
        if row["state"] == State.CANCELLED:
            return Done.ALREADY
        await self._end(tx, row, State.CANCELLED, STAFF)
        await self.note(tx, who, "cancel", broadcast_id)
        if row["state"] in {State.RUNNING, State.PAUSED}:
            await self._wake(tx, broadcast_id)  # what is on the wire comes to its end first
            await self._show(tx, broadcast_id)
        return Done.DONE

    async def correct(self, tx: Tx, who: UserId, broadcast_id: int, text: str, written_by: UserId | None) -> Done:
        """Another text: copies that were sent are edited, those to come say it anew. It takes as many people as
        sending does."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["started_us"] is None or row["task"] == Task.TAKE_BACK:
            return Done.GONE
        if self.post.library.served.content.clinic.broadcast_needs_second and who == written_by:
            return Done.NOT_YOU
        announcement = Announcement(text, Announcement.from_json(row["payload"]).links)
        values = {"payload": announcement.to_json(), "task": Task.CORRECT, "task_through": 0, "round": row["round"] + 1}
        await broadcasts.set_values(tx, broadcast_id, **values)
        await self._say_anew(tx, row, announcement)
        await self.note(tx, who, "correct", broadcast_id)
        await self._wake(tx, broadcast_id)
        return Done.DONE

    async def take_back(self, tx: Tx, who: UserId, broadcast_id: int) -> Done:
        """Cancel what is to come and delete the copies that Telegram still lets us delete (48 hours)."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["started_us"] is None:
            return Done.GONE
        if row["task"] == Task.TAKE_BACK:
            return Done.ALREADY
        now_us = self.post.clock.now_us()
        if row["state"] in {State.RUNNING, State.PAUSED}:
            await self._end(tx, row, State.CANCELLED, STAFF)
        else:
            await broadcasts.drop_pending(tx, broadcast_id, SendWhy.CALLED_OFF.value)  # corrections, mostly
        await broadcasts.set_values(tx, broadcast_id, task=Task.TAKE_BACK, task_through=0)
        await self.note(tx, who, "take_back", broadcast_id)
        await self._wake(tx, broadcast_id)
        is_old = row["started_us"] < now_us - _TAKE_BACK_US
        return Done.TOO_OLD if is_old else Done.DONE

    async def send_unknown_again(self, tx: Tx, who: UserId, broadcast_id: int) -> Done:
        """Send copies that may not have arrived once more, marked as a repeat, in the words it has by now. Not of one
        that was cancelled or taken back."""
        row = await self._locked(tx, broadcast_id)
        is_out = row is not None and row["state"] in {State.RUNNING, State.PAUSED, State.DONE}
        if row is None or not is_out or row["task"] in {Task.TAKE_BACK, Task.TAKEN_BACK}:
            return Done.GONE
        at_us = to_us(self.starts_at(row))
        if not await broadcasts.send_unknown_again(tx, broadcast_id, at_us, _expires_us(at_us)):
            return Done.NOTHING
        await self._say_anew(tx, row, Announcement.from_json(row["payload"]))
        await self.note(tx, who, "send_again", broadcast_id)
        await self._wake(tx, broadcast_id)
        return Done.DONE

    async def on_refused(self, tx: Tx, broadcast_id: int) -> None:
        """A copy was refused: too many of those, and the rest waits for staff."""
        row = await self._locked(tx, broadcast_id)
        if row is None or row["state"] != State.RUNNING:
            return
        sent, refused = await broadcasts.came_of(tx, broadcast_id)
        sent, refused = sent - row["judged_sent"], refused - row["judged_refused"]
        if is_refused_too_often(sent, refused):
            log.warning("broadcast_stopped", broadcast_id=broadcast_id, sent=sent, refused=refused)
            await self.pause(tx, None, broadcast_id, REFUSALS)
            await Report(self.post).tell_stopped(tx, row, sent, refused)

    # --- the timer --------------------------------------------------------------------------------------------------

    async def look_after(self, tx: Tx, due: sa.RowMapping) -> None:
        """The timer: do the next bit, and say when to look again."""
        row = await self._locked(tx, due["ref"])
        if row is None:
            return
        now = self.post.clock.now()
        again: timedelta | None
        if row["task"] in {Task.CORRECT, Task.TAKE_BACK}:
            again = await self._work_on_copies(tx, row)
        elif row["state"] == State.RUNNING and row["frozen_us"] is None:
            again = await self._freeze(tx, row)
        elif row["state"] == State.RUNNING:
            again = await self._feed(tx, row)
        elif row["state"] in {State.DONE, State.CANCELLED}:
            again = await self._wind_up(tx, row)
        else:
            return  # paused: whoever resumes it sets the timer anew
        if again is not None:
            await self._plan(tx, row["id"], now + again)
            is_last_of_its_time = to_us(now) // SHOW_US != to_us(now + again) // SHOW_US
            if is_last_of_its_time or row["card_id"] is None:
                await self._show(tx, row["id"])

    async def _freeze(self, tx: Tx, row: sa.RowMapping) -> timedelta:
        """Write down the next recipients; once there are no more, wait for the time to send."""
        after = ChatId(row["expanded_through"]) if row["expanded_through"] else None
        store, bot_id, now_us = self.post.store, self.post.bot_id, self.post.clock.now_us()
        last = await recipients.freeze(store, tx, bot_id, row["id"], self.meant(row), after, FREEZE)
        if last is not None:
            await broadcasts.set_values(tx, row["id"], expanded_through=last)
            return timedelta(0)
        await broadcasts.set_values(tx, row["id"], frozen_us=now_us)
        log.info("broadcast_frozen", broadcast_id=row["id"])
        return max(self.starts_at(row) - self.post.clock.now(), timedelta(0))

    async def _feed(self, tx: Tx, row: sa.RowMapping) -> timedelta | None:
        """Make the next copies while the outbox has few left; end it when all are through."""
        now_us = self.post.clock.now_us()
        if (wait := self.starts_at(row) - self.post.clock.now()) > timedelta(0):
            return wait
        if row["started_us"] is None:
            # What the clinic's own names stand for may have changed since it was looked at.
            announcement, content = Announcement.from_json(row["payload"]), self.post.library.served.content
            if wrong := problems(announcement, content, has_photo=row["attachment_id"] is not None):
                await self.pause(tx, None, row["id"], PROBLEM)
                await Report(self.post).tell_wrong_by_now(tx, row, wrong)
                return None
            await broadcasts.set_values(tx, row["id"], started_us=now_us)
        ready, pending = await broadcasts.ready(tx, row["id"], now_us)
        if ready >= LOW:
            return STEP
        fed = await self._make_copies(tx, row) if pending < MOST_PENDING else 0
        if fed or ready:
            return STEP
        if await broadcasts.on_their_way(tx, row["id"]) or await recipients.still_waiting(tx, row["id"]):
            return SLOW_STEP if pending else STEP
        await self._end(tx, row, State.DONE, None)
        return timedelta(0)

    async def _make_copies(self, tx: Tx, row: sa.RowMapping) -> int:
        announcement = Announcement.from_json(row["payload"])
        now_us = self.post.clock.now_us()
        found = await recipients.waiting(tx, self.post.bot_id, row["id"], FEED, now_us)
        outs: list[Outgoing] = []
        left_out: dict[LeftOut, list[ChatId]] = {}
        for to in found:
            if (why := self._why_not_any_more(row, announcement, to)) is None:
                outs.append(self._copy(row, announcement, to))
            else:
                left_out.setdefault(why, []).append(ChatId(to["chat_id"]))
        for why, chat_ids in left_out.items():
            await recipients.leave_out(tx, row["id"], chat_ids, why)
        await messages.enqueue_all(self.post.store, tx, self.post.bot_id, outs, now_us)
        if found:
            await recipients.set_copies(tx, row["id"], ChatId(found[-1]["chat_id"]))
        return len(found)

    def _copy(self, row: sa.RowMapping, announcement: Announcement, to: sa.RowMapping) -> Outgoing:
        return Outgoing(
            ChatId(to["chat_id"]),
            Kind.BROADCAST,
            self.payload_for(announcement, to),
            recipients.copy_key(row["id"], ChatId(to["chat_id"])),
            method=Method.SEND_PHOTO if row["attachment_id"] is not None else Method.SEND_TEXT,
            attachment_id=row["attachment_id"],
            enrolment_id=to["enrolment_id"],
            broadcast_id=row["id"],
        )

    def _why_not_any_more(self, row: sa.RowMapping, announcement: Announcement, to: sa.RowMapping) -> LeftOut | None:
        """Why somebody gets no copy who was meant to when it was frozen, perhaps weeks ago."""
        if to["is_spared"]:
            return LeftOut.SELF_HARM
        return None if self._is_true_of(row, announcement, to) else LeftOut.NO_VISIT

    def _is_true_of(self, row: sa.RowMapping, announcement: Announcement, to: sa.RowMapping) -> bool:
        """Whether what it says of the next visit, if anything, is so: there is one, ahead, on a day it is meant for."""
        if names_of(announcement.text).isdisjoint(NEEDS_VISIT):
            return True
        if to["visit_us"] is None or to["visit_us"] <= self.post.clock.now_us():
            return False
        meant = Audience.from_json(row["audience"])
        day = from_us(to["visit_us"]).astimezone(self.post.library.served.content.clinic.zone).date()
        return (meant.visit_from or day) <= day <= (meant.visit_until or day)

    def payload_for(self, announcement: Announcement, to: sa.RowMapping | Mapping[str, object]) -> Payload:
        """The copy for one chat; `to` as `recipients.waiting` gives it."""
        content = self.post.library.served.content
        zone = ZoneInfo(str(to["zone"])) if to["zone"] else content.clinic.zone
        values = self._values(announcement, to, zone)
        payload = announcement.payload(content.clinic, values)
        if to["label"] and values:  # a family reads whom it is about
            return Payload(f"<b>{escape(str(to['label']))}:</b>\n{payload.text}", payload.buttons)
        return payload

    def _values(
        self, announcement: Announcement, to: sa.RowMapping | Mapping[str, object], zone: ZoneInfo
    ) -> dict[str, str]:
        """Those that the text names of what differs from chat to chat."""
        named, values = names_of(announcement.text), dict[str, str]()
        if "area" in named:
            areas = choices_of(self.post.library.served.content).areas
            values["area"] = label_of(areas, str(to["area"])).lower()
        if not named.isdisjoint(NEEDS_VISIT) and isinstance(to["visit_us"], int):
            local = from_us(to["visit_us"]).astimezone(zone)
            values |= {"day": WEEKDAY_NAMES[local.weekday()], "time": f"{local:%H:%M}"}
        return values

    # --- copies that were made --------------------------------------------------------------------------------------

    async def _say_anew(self, tx: Tx, row: sa.RowMapping, announcement: Announcement) -> None:
        """Give copies that wait to be sent the words of now; call off those that would say what is not so."""
        untrue: list[MessageId] = []
        for copy in await broadcasts.pending_copies(tx, row["id"]):
            if self._is_true_of(row, announcement, copy):
                await broadcasts.set_payload(tx, copy["id"], self.payload_for(announcement, copy))
            else:
                untrue.append(MessageId(copy["id"]))
        await messages.cancel(tx, self.post.bot_id, untrue, SendWhy.CALLED_OFF.value)

    async def _work_on_copies(self, tx: Tx, row: sa.RowMapping) -> timedelta:
        """Correct or take back the next copies that were sent."""
        ready, _ = await broadcasts.ready(tx, row["id"], self.post.clock.now_us())
        if ready >= LOW:
            return STEP
        copies = await broadcasts.sent_copies(tx, row["id"], MessageId(row["task_through"]), FEED)
        if not copies:
            if row["task"] == Task.TAKE_BACK and await broadcasts.on_their_way(tx, row["id"]):
                return STEP
            task = Task.TAKEN_BACK if row["task"] == Task.TAKE_BACK else None
            await broadcasts.set_values(tx, row["id"], task=task)
            return timedelta(0)  # what comes next may be the report
        await broadcasts.set_values(tx, row["id"], task_through=copies[-1]["id"])
        announcement = Announcement.from_json(row["payload"])
        make = self._correction if row["task"] == Task.CORRECT else self._deletion
        outs = [out for copy in copies if (out := make(row, announcement, copy)) is not None]
        for out in outs:
            await messages.enqueue(self.post.store, tx, self.post.bot_id, out, self.post.clock.now_us())
        return STEP

    def _correction(self, row: sa.RowMapping, announcement: Announcement, copy: sa.RowMapping) -> Outgoing | None:
        if not self._is_true_of(row, announcement, copy):
            return None  # it would name a visit that there is not
        return self._change(row, copy, Method.EDIT_TEXT, self.payload_for(announcement, copy), f"e{row['round']}")

    def _deletion(self, row: sa.RowMapping, _: Announcement, copy: sa.RowMapping) -> Outgoing | None:
        if copy["sent_us"] is not None and copy["sent_us"] < self.post.clock.now_us() - _TAKE_BACK_US:
            return None
        return self._change(row, copy, Method.DELETE, Payload(), "d")

    def _change(self, row: sa.RowMapping, copy: sa.RowMapping, method: Method, payload: Payload, what: str) -> Outgoing:
        return Outgoing(
            ChatId(copy["chat_id"]),
            Kind.BROADCAST,
            payload,
            f"b:{row['id']}:{what}:{copy['id']}",
            method=method,
            target_id=copy["id"],
            attachment_id=row["attachment_id"],
            broadcast_id=row["id"],
        )

    # --- the rest ---------------------------------------------------------------------------------------------------

    async def _wind_up(self, tx: Tx, row: sa.RowMapping) -> timedelta | None:
        """It has ended: the report, once nothing is on the wire any more."""
        if await broadcasts.on_their_way(tx, row["id"]):
            return STEP
        await self._show(tx, row["id"])
        await Timers(self.post).wake(tx, FILE, row["id"])
        return None

    async def _end(self, tx: Tx, row: sa.RowMapping, state: State, reason: str | None) -> None:
        await broadcasts.drop_pending(tx, row["id"], SendWhy.CALLED_OFF.value)
        now_us = self.post.clock.now_us()
        values: dict[str, object] = {"state": state, "reason": reason, "ended_us": now_us}
        if state is State.CANCELLED:
            values["asking"] = None  # one that was sent may still be corrected by who is writing the new words now
        await broadcasts.set_values(tx, row["id"], **values)
        log.info("broadcast_ended", broadcast_id=row["id"], state=state)

    async def _wake(self, tx: Tx, broadcast_id: int) -> None:
        """Look at it now."""
        await Timers(self.post).wake(tx, BROADCAST, broadcast_id)

    async def _plan(self, tx: Tx, broadcast_id: int, at: datetime) -> None:
        await Timers(self.post).plan(tx, BROADCAST, broadcast_id, at)

    async def _show(self, tx: Tx, broadcast_id: int) -> None:
        """Let the card be drawn anew, by a timer that counts before it locks anything."""
        await Timers(self.post).wake(tx, CARD, broadcast_id)

    async def row(self, tx: Tx, broadcast_id: int) -> sa.RowMapping:
        """An announcement that there is, as it stands now."""
        row = await broadcasts.get(tx, self.post.bot_id, broadcast_id)
        assert row is not None, broadcast_id
        return row

    async def _locked(self, tx: Tx, broadcast_id: int) -> sa.RowMapping | None:
        return await broadcasts.get(tx, self.post.bot_id, broadcast_id, lock=True)

    async def note(self, tx: Tx, who: UserId | None, what: str, broadcast_id: int) -> None:
        """Into the audit."""
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, who, f"broadcast_{what}", broadcast_id, now_us)


_TAKE_BACK_US = int(TAKE_BACK.total_seconds()) * SECOND_US


def _expires_us(now_us: int) -> int:
    lasts_s = KINDS[Kind.BROADCAST].expires_s
    assert lasts_s is not None
    return now_us + lasts_s * SECOND_US
