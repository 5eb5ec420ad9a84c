"""What follows when a patient uses their rights: the file with all we keep, check-ins again, being forgotten.

All of it is timers, `ref` the patient's chat, so that a file or an erasure is one transaction of its own. Each looks at
things as they then are: what was taken back meanwhile asks for nothing any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import logs
from bot.care import PlanState
from bot.clock import from_us, to_us
from bot.core import rights
from bot.core.replies import local_time, time_in_words
from bot.model import ChatId, Kind, Method, Outgoing, Payload, Scope, UserId
from bot.services.data_file import DataFile
from bot.services.effects import Decided, Effects, look_for_timer
from bot.services.forgetting import Forgetting
from bot.services.plan_actions import STAFF
from bot.services.planner import Planner
from bot.services.post import Post
from bot.services.ticks import Handler
from bot.store import accounts, alerts, care, chats, dues, erasing, erasures, patient_list
from bot.store import my_data as files
from bot.store.attachments import keep_file
from bot.store.engine import Tx
from bot.store.tables import audit, enrolment

log = logs.get(__name__)

FILE_GONE = "my_data_gone"
"""The due kind: our copy of a file that was sent is deleted."""
FILE_GONE_AFTER = timedelta(minutes=10)
FILE_KEPT = timedelta(days=2)
"""A file that could not be sent by then is deleted all the same."""
LOOK_AGAIN = timedelta(hours=1)
"""How often it is looked whether the alert in the way was closed, or the file has gone."""
REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class _Back:
    """A plan that goes on after STOP or silence."""

    next_us: int
    """When its next check-in is due."""
    is_paused: bool
    """It waits until staff let it go on."""


@dataclass(frozen=True)
class Rights:
    """Handlers for the due kinds of `core/rights.py`."""

    post: Post
    retention_days: int
    backup_days: int

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {
            rights.MY_DATA: self._send_file,
            FILE_GONE: self._drop_files,
            rights.SURE: self._ask_again,
            rights.MOVED: self._ask_here,
            rights.ERASE: self._erase,
            rights.LAPSED: self._lapse,
            rights.RESTART: self._restart,
            rights.RESTART_IF_ANY: self._restart,
        }

    # --- what we keep -----------------------------------------------------------------------------------------------

    async def _send_file(self, tx: Tx, row: sa.RowMapping) -> None:
        post, chat_id = self.post, ChatId(row["ref"])
        await chats.lock_chat(tx, post.bot_id, chat_id)
        content = post.library.served.content
        data = await files.my_data(tx, post.bot_id, chat_id)
        drawer = DataFile(content, post.contacts, self.retention_days, self.backup_days)
        page = drawer.draw(data, post.clock.now())
        file_id = await keep_file(post.store, tx, post.bot_id, page, files.FILE_NAME)
        caption = Payload(post.text(content.rights.my_data_caption))
        key = f"my_data:{row['id']}"
        out = Outgoing(chat_id, Kind.REPLY, caption, key, method=Method.SEND_DOCUMENT, attachment_id=file_id)
        await post.enqueue(tx, out)
        await accounts.write_audit(tx, post.bot_id, None, "my_data", chat_id, post.clock.now_us())
        await plan_drop(post, tx)
        log.info("my_data_made", due_id=row["id"], size=len(page))

    async def _drop_files(self, tx: Tx, _row: sa.RowMapping) -> None:
        if await files.drop_files(tx, self.post.bot_id, to_us(self.post.clock.now() - FILE_KEPT)):
            await self._look_later(tx, FILE_GONE, LOOK_AGAIN)

    # --- check-ins again --------------------------------------------------------------------------------------------

    async def _restart(self, tx: Tx, row: sa.RowMapping) -> None:
        """Let check-ins go on that STOP or silence ended, where any are still to come."""
        post, chat_id = self.post, ChatId(row["ref"])
        await chats.lock_chat(tx, post.bot_id, chat_id)
        off = await chats.opted_out(tx, post.bot_id, chat_id) & {Scope.ALL, Scope.CHECK_INS}
        texts, now, said = post.library.served.content.rights, post.clock.now(), ""
        for plan in await self._quiet_plans(tx, chat_id) if not off else ():
            if (back := await self._reopen(tx, plan)) is not None:
                time = time_in_words(from_us(back.next_us), now=now, zone=ZoneInfo(plan["zone"]))
                said = said or (
                    post.text(texts.restarted_paused) if back.is_paused else post.text(texts.restarted, time=time)
                )
        if not said and row["kind"] == rights.RESTART:
            said = post.text(texts.not_restarted)
        if said:
            await post.enqueue(tx, Outgoing(chat_id, Kind.REPLY, Payload(said), f"restart:{row['id']}"))

    async def _quiet_plans(self, tx: Tx, chat_id: ChatId) -> list[sa.RowMapping]:
        """The newest plan of each patient of the chat, where STOP ended it or nobody replied any more."""
        statement = (
            sa.select(enrolment)
            .where(enrolment.c.bot_id == self.post.bot_id, enrolment.c.chat_id == chat_id)
            .order_by(enrolment.c.treated_us, enrolment.c.id)
        )
        newest = {row["patient_id"]: row for row in (await tx.execute(statement)).mappings()}
        return [row for row in newest.values() if row["agreed_us"] and (_is_stopped(row) or _is_silent(row))]

    async def _reopen(self, tx: Tx, plan: sa.RowMapping) -> _Back | None:
        """Open it again, paused where staff have to let it go on. None: no check-in is left, and it stays ended."""
        state: dict[str, str | None] = {"state": PlanState.OPEN, "reason": None}
        if await alerts.is_paused(tx, self.post.bot_id, plan["chat_id"]):
            state = {"state": PlanState.PAUSED, "reason": care.ALERT}
        elif plan["reason"] == rights.STOPPED_PAUSED:
            state = {"state": PlanState.PAUSED, "reason": STAFF}  # of all reasons the one that only staff lift
        await care.set_plan(tx, plan["id"], ended_us=None, silent_us=None, **state)
        await Planner(self.post).plan(tx, plan["id"])
        steps = await patient_list.steps_of(tx, self.post.bot_id, plan["id"])
        if steps:
            return _Back(int(steps[0]["due_us"]), state["state"] == PlanState.PAUSED)
        old = {name: plan[name] for name in ("state", "reason", "ended_us", "silent_us")}
        await care.set_plan(tx, plan["id"], **old)
        return None

    # --- being forgotten --------------------------------------------------------------------------------------------

    async def _ask_again(self, tx: Tx, row: sa.RowMapping) -> None:
        """Ten minutes after the first yes."""
        seen, served = await look_for_timer(self.post, tx, ChatId(row["ref"])), self.post.library.served
        if seen is None:
            return
        outcome = served.conversation.on_forget_due(seen.state, seen.occasion.now)
        if outcome is None:
            return
        await Effects(self.post, tx, served.revision_id).apply([Decided(row["id"], None, seen, outcome)])

    async def _ask_here(self, tx: Tx, row: sa.RowMapping) -> None:
        """On a new phone, after they had asked on the one before."""
        seen, served = await look_for_timer(self.post, tx, ChatId(row["ref"])), self.post.library.served
        if seen is None or not await erasures.open_requests(tx, self.post.bot_id, ChatId(row["ref"])):
            return
        outcome = rights.Rights(served.content).asked_elsewhere(seen.state, seen.occasion)
        await Effects(self.post, tx, served.revision_id).apply([Decided(row["id"], None, seen, outcome)])

    async def _lapse(self, tx: Tx, row: sa.RowMapping) -> None:
        """A day went by and they did not say that they are sure: nothing is deleted, and staff know."""
        bot_id, chat_id = self.post.bot_id, ChatId(row["ref"])
        await chats.lock_chat(tx, bot_id, chat_id)
        until_us = to_us(self.post.clock.now() - rights.LAPSES_AFTER)
        asked = [one for one in await erasures.open_requests(tx, bot_id, chat_id) if one["state"] == erasures.ASKED]
        if not asked or asked[0]["asked_us"] > until_us:
            return
        await erasures.withdraw(tx, bot_id, chat_id)
        text = self.post.library.served.content.rights.staff_forget_lapsed
        await self._tell_staff(tx, text, _codes(asked), f"lapsed:{asked[0]['id']}")

    async def _erase(self, tx: Tx, row: sa.RowMapping) -> None:
        """Erase what was asked for, unless staff are still seeing to an alert."""
        post, chat_id = self.post, ChatId(row["ref"])
        await chats.lock_chat(tx, post.bot_id, chat_id)
        asked = [
            one for one in await erasures.open_requests(tx, post.bot_id, chat_id) if one["state"] == erasures.WAITING
        ]
        if not asked:
            return  # taken back, or done
        if await alerts.live(tx, post.bot_id, chat_id) is not None:
            await self._wait(tx, chat_id, asked)
            return
        await chats.stop(tx, post.bot_id, chat_id, Scope.ALL, post.clock.now_us())
        counts = await Forgetting(post).forget(tx, None, chat_id, asked)
        await self._receipt(tx, chat_id, asked, counts)

    async def _wait(self, tx: Tx, chat_id: ChatId, asked: list[sa.RowMapping]) -> None:
        """Say once why it is not done yet, and look again."""
        texts, first = self.post.library.served.content.rights, asked[0]["id"]
        payload = Payload(self.post.text(texts.forget_alert))
        await self.post.enqueue(tx, Outgoing(chat_id, Kind.REPLY, payload, f"{erasing.OURS}{first}:waits"))
        await self._tell_staff(tx, texts.staff_forget_waits, _codes(asked), f"waits:{first}")
        await self._look_later(tx, rights.ERASE, LOOK_AGAIN, chat_id)

    async def _receipt(self, tx: Tx, chat_id: ChatId, asked: list[sa.RowMapping], counts: dict[str, int]) -> None:
        texts, now = self.post.library.served.content.rights, self.post.clock.now()
        clinic, first = self.post.library.served.content.clinic, asked[0]["id"]
        gone_at = now + timedelta(days=self.backup_days)
        shown = {name: str(counts[name]) for name in ("questions", "messages", "contacts", "cards")}
        parts = [self.post.text(texts.forget_done, backups=local_time(clinic, gone_at, now), **shown)]
        if counts[erasures.RECORD]:
            parts.append(self.post.text(texts.forget_record, record_years=str(clinic.record_years)))
        key = f"{erasing.OURS}{first}:done"
        await self.post.enqueue(tx, Outgoing(chat_id, Kind.REPLY, Payload("\n\n".join(parts)), key))
        await Forgetting(self.post).tell_staff(tx, _codes(asked), counts, str(first))

    # --- helpers ----------------------------------------------------------------------------------------------------

    async def _tell_staff(self, tx: Tx, template: str, codes: str, key: str) -> None:
        text = self.post.text(template, code=codes)
        await self.post.tell(tx, Kind.CARD, Payload(text), f"{erasing.OURS}{key}")

    async def _look_later(self, tx: Tx, kind: str, after: timedelta, chat_id: ChatId | None = None) -> None:
        at = self.post.clock.now() + after
        timer = dues.Due(kind, at, f"{kind}:{chat_id}:{to_us(at)}", ref=chat_id)
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)


def _codes(asked: Iterable[sa.RowMapping]) -> str:
    return ", ".join(one["code"] for one in asked)


async def plan_drop(post: Post, tx: Tx) -> None:
    """Have our copy of a file about a patient deleted once it was sent."""
    at = post.clock.now() + FILE_GONE_AFTER
    await dues.plan(post.store, tx, post.bot_id, dues.Due(FILE_GONE, at, f"{FILE_GONE}:{to_us(at)}"))


@dataclass(frozen=True)
class LockedRecords:
    """What owners do with care records that were locked as somebody was forgotten."""

    post: Post

    async def release(self, tx: Tx, who: UserId, words: str) -> str:
        """Delete a locked record before its time: `P-7F3K reason`. Returns what to tell the owner, whose right the
        caller has checked."""
        post, texts = self.post, self.post.library.served.content.rights
        code, _, reason = words.strip().partition(" ")
        if not code or not reason.strip():
            return post.text(texts.staff_release_how)
        code = chats.full_code(code)
        rows = await erasures.locked(tx, post.bot_id, code)
        if not rows:
            return post.text(texts.staff_release_unknown, code=code)
        if rows[0]["chat_id"] != care.NO_CHAT:
            await chats.lock_chat(tx, post.bot_id, ChatId(rows[0]["chat_id"]))
        await erasing.release(tx, rows)
        values = {"action": "record_released", "ref": rows[0]["id"], "detail": {"reason": reason.strip()[:REASON_MAX]}}
        now_us = post.clock.now_us()
        await tx.execute(audit.insert().values(bot_id=post.bot_id, actor_id=who, at_us=now_us, **values))
        log.info("record_released", erasure_id=rows[0]["id"])
        return post.text(texts.staff_released, code=code)


def _is_stopped(plan: sa.RowMapping) -> bool:
    return plan["state"] == PlanState.ENDED and plan["reason"] in {rights.STOPPED, rights.STOPPED_PAUSED}


def _is_silent(plan: sa.RowMapping) -> bool:
    return plan["state"] == PlanState.OPEN and plan["silent_us"] is not None
