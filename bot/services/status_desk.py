"""/status beyond the counts: what is late, who cannot be reached, and messages in doubt, which staff settle one by one.

A message is in doubt where Telegram took it or not and nobody can know, or where a backup was put back and it may have
gone out since (`services/restore.py`). By then whatever is pressing has been sent a second time, and alerts have gone
on to the next people; what is left is for somebody to look at.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from bot.clock import from_us
from bot.content.sentences import StatusReplies
from bot.core.replies import Html, full_time, local_time
from bot.markup import plain
from bot.model import Button, Buttons, ChatId, Kind, MessageId, Payload, PressIn, UserId
from bot.services.backups import TEST_FAILED, TESTED
from bot.services.post import Post
from bot.store import accounts, audits, chats, doubts, messages, people
from bot.store.engine import Tx

STATUS = "st"
"""What the data of its buttons begins with: `st:<what>:<our row>`."""
LATE = timedelta(minutes=1)
"""From here on a message that should be out is mentioned."""
CODES = 10
WORDS = 1000
"""Letters of a message that are shown."""
_ARGUMENT = re.compile(r"([a-z]{2,8}):(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class StatusDesk:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _texts(self) -> StatusReplies:
        return self.post.library.served.content.status

    async def payload(self, tx: Tx, above: Sequence[str], below: Sequence[str]) -> Payload:
        """How things stand: between these lines what there is to say about messages, patients out of reach and the
        last test of a backup, with the button to what is in doubt."""
        lines = [*above, await self._late(tx), await self._blocked(tx), await self._tested(tx)]
        count = await doubts.count(tx, self.post.bot_id)
        if count:
            lines.append(self.post.text(self._texts.in_doubt, count=str(count)))
        see = Button(self._texts.button_see, f"{STATUS}:see:0")
        return Payload("\n".join(filter(None, (*lines, *below))), ((see,),) if count else ())

    async def _late(self, tx: Tx) -> str:
        due_us = await messages.next_due_us(tx, self.post.bot_id)
        waited = self.post.clock.now() - from_us(due_us) if due_us is not None else timedelta(0)
        if waited < LATE:
            return ""
        return self.post.text(self._texts.late, minutes=str(waited // timedelta(minutes=1)))

    async def _blocked(self, tx: Tx) -> str:
        codes = await doubts.blocked(tx, self.post.bot_id)
        if not codes:
            return ""
        shown = ", ".join(codes[:CODES]) + (" …" if len(codes) > CODES else "")
        return self.post.text(self._texts.blocked, count=str(len(codes)), codes=shown)

    async def _tested(self, tx: Tx) -> str:
        row = await audits.last_done(tx, self.post.bot_id, (TESTED, TEST_FAILED))
        if row is None:
            return self._texts.never_tested
        text = self._texts.tested if row["action"] == TESTED else self._texts.test_failed
        return self.post.text(text, time=full_time(from_us(row["at_us"]), self.post.library.served.content.clinic.zone))

    # --- one after the other ----------------------------------------------------------------------------------------

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Show the first one below, or do what was pressed and show the next one in its place."""
        found = _ARGUMENT.fullmatch(argument)
        if found is None:
            return
        what, message_id = found[1], MessageId(int(found[2]))
        if what == "see":
            await self.post.reply(tx, press, await self._card(tx, 0))
        elif what == "next":
            await self.post.redraw(tx, press, await self._card(tx, message_id))
        elif (do := self._by_name.get(what)) is not None:
            row = await messages.by_id(tx, self.post.bot_id, message_id)
            said = await do(tx, press, row) if row is not None else self._texts.settled
            await self.post.redraw(tx, press, await self._card(tx, message_id, said))

    @property
    def _by_name(self) -> Mapping[str, Callable[[Tx, PressIn, sa.RowMapping], Awaitable[str]]]:
        """What each does with a message. Returns what to say about it."""
        return {"arrived": self._arrived, "again": self._again, "drop": self._drop}

    async def _arrived(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> str:
        if not await doubts.arrived(tx, self.post.bot_id, row["id"]):
            return self._texts.settled
        await self._note(tx, press, "doubt_arrived", row)
        return self.post.text(self._texts.did_arrived, who=await self._whom(tx, row))

    async def _again(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> str:
        now_us, kind = self.post.clock.now_us(), Kind(row["kind"])
        if not _has_words(row) or not await doubts.send_again(tx, self.post.bot_id, row["id"], kind, now_us):
            return self._texts.settled
        await self._note(tx, press, "doubt_again", row)
        return self.post.text(self._texts.did_again, who=await self._whom(tx, row))

    async def _drop(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> str:
        if not await doubts.drop(tx, self.post.bot_id, row["id"]):
            return self._texts.settled
        await self._note(tx, press, "doubt_drop", row)
        return self.post.text(self._texts.did_drop, who=await self._whom(tx, row))

    async def _note(self, tx: Tx, press: PressIn, action: str, row: sa.RowMapping) -> None:
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, press.sender.user_id, action, row["id"], now_us)

    # --- the card ---------------------------------------------------------------------------------------------------

    async def _card(self, tx: Tx, after_id: int, said: str = "") -> Payload:
        """The next one behind this row, or else the first; under what was just done."""
        bot_id, texts = self.post.bot_id, self._texts
        row = await doubts.next_after(tx, bot_id, after_id) or await doubts.next_after(tx, bot_id, 0)
        if row is None:
            return Payload("\n\n".join(filter(None, (said, texts.none_left))))
        count = await doubts.count(tx, bot_id)
        clinic = self.post.library.served.content.clinic
        text = self.post.text(
            texts.card,
            count=str(count),
            who=await self._whom(tx, row),
            kind=texts.kinds[row["kind"]],
            time=local_time(clinic, from_us(row["planned_us"]), self.post.clock.now()),
            text=Html(self._shown(row)),
        )
        return Payload("\n\n".join(filter(None, (said, text))), self._buttons(row, count))

    def _shown(self, row: sa.RowMapping) -> str:
        """Its words, as far as staff may see them."""
        payload = Payload.from_json(row["payload"])
        if payload.copy_message_id is not None:
            return self._texts.a_copy
        if not _has_words(row):
            return self._texts.a_secret
        words = plain(payload.text)
        return self.post.text("{text}", text=words if len(words) <= WORDS else f"{words[:WORDS]} […]")

    def _buttons(self, row: sa.RowMapping, count: int) -> Buttons:
        texts, id_ = self._texts, row["id"]
        again = (Button(texts.button_again, f"{STATUS}:again:{id_}"),) if _has_words(row) else ()
        settle = (
            Button(texts.button_arrived, f"{STATUS}:arrived:{id_}"),
            *again,
            Button(texts.button_drop, f"{STATUS}:drop:{id_}"),
        )
        return (settle, (Button(texts.button_next, f"{STATUS}:next:{id_}"),)) if count > 1 else (settle,)

    async def _whom(self, tx: Tx, row: sa.RowMapping) -> str:
        """A patient by code, a person of the team by name, or the group."""
        if row["chat_id"] < 0:
            return self._texts.the_group
        chat_id = ChatId(row["chat_id"])
        patient = await chats.patient_of(tx, self.post.bot_id, chat_id)
        if patient is not None and row["subject_chat_id"] is None:
            return patient.code
        return await people.name_of(tx, self.post.bot_id, UserId(chat_id))


def _has_words(row: sa.RowMapping) -> bool:
    """False for what leaves our database once it was sent: names, phone numbers, personal links."""
    payload = Payload.from_json(row["payload"])
    return not payload.is_secret and bool(payload.text or payload.copy_message_id)
