"""How an announcement goes, as staff see it: a card while it runs, and in the end a file of what became of each copy.

Also its name on the card about a patient who writes soon after it.
"""

import uuid
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.announcement import Counts, State, Task
from bot.clock import SECOND_US, from_us, to_us
from bot.content.sentences import BroadcastReplies
from bot.core.announcement_check import Finding
from bot.core.announcing import lasts, starts_at
from bot.core.replies import Html
from bot.model import (
    Button,
    Buttons,
    ChatId,
    Kind,
    MessageId,
    Method,
    Outgoing,
    Payload,
    TelegramMessageId,
)
from bot.services import broadcast_file
from bot.services.broadcast_desk_words import DeskWords, data
from bot.services.post import Post
from bot.services.topics import alerts_place
from bot.store import broadcasts, messages, recipients
from bot.store.attachments import keep_file
from bot.store.engine import Tx
from bot.store.my_data import REPORT_NAME

REFUSALS = "refusals"
"""Why one is paused that stopped by itself…"""
PROBLEM = "problem"
"""…and one that was planned, and could not go out as it was when its time came."""
BAR = 10
"""Cells of the bar."""
ANSWERS_WITHIN = timedelta(hours=24)
"""Whoever writes so soon after an announcement may be answering it."""


def buttons(
    row: sa.RowMapping | Mapping[str, Any], counts: Counts, texts: BroadcastReplies, copies: str = ""
) -> Buttons:
    """What can be done about an announcement as it stands. `copies`: those nobody knows of, in words."""
    id_, task = row["id"], row["task"]
    rows: list[tuple[Button, ...]] = []
    if row["state"] in {State.RUNNING, State.PAUSED}:
        is_paused = row["state"] == State.PAUSED
        go_on = Button(texts.button_resume, data("resume", id_))
        pause = Button(texts.button_pause, data("pause", id_))
        rows.append((go_on if is_paused else pause, Button(texts.button_cancel, data("cancel", id_))))
    elif counts.unknown and row["state"] == State.DONE and task not in {Task.TAKE_BACK, Task.TAKEN_BACK}:
        rows.append((Button(texts.button_again.replace("{copies}", copies), data("again", id_)),))
    if row["started_us"] is not None and counts.sent and task != Task.TAKE_BACK:
        correct = Button(texts.button_correct, data("correct", id_))
        take_back = Button(texts.button_take_back, data("back", id_))
        rows.append((correct,) if task == Task.TAKEN_BACK else (correct, take_back))
    return tuple(rows)


@dataclass(frozen=True)
class Report:
    """Tells staff of one announcement. Rows are those of `broadcast`."""

    post: Post

    @property
    def _words(self) -> DeskWords:
        return DeskWords(self.post)

    # --- while it goes ----------------------------------------------------------------------------------------------

    async def show(self, tx: Tx, row: sa.RowMapping, payload: Payload) -> None:
        """The card, which looks like this now: sent once, edited later."""
        if row["card_id"] is None:
            card_id = await self.post.tell(tx, Kind.CARD, payload, f"announcement:{row['id']}:card")
            await broadcasts.set_values(tx, row["id"], card_id=card_id)
            return
        card = await messages.by_id(tx, self.post.bot_id, MessageId(row["card_id"]))
        if card is None:
            return
        key = f"announcement:{row['id']}:card:{uuid.uuid4().hex}"  # it may look again as it did before
        chat_id, target_id = ChatId(card["chat_id"]), MessageId(card["id"])
        out = Outgoing(chat_id, Kind.CARD, payload, key, method=Method.EDIT_TEXT, target_id=target_id)
        await self.post.enqueue(tx, out)

    async def card(self, tx: Tx, row: sa.RowMapping) -> Payload:
        """How far it is, in words and as a bar, with the buttons that fit."""
        now_us = self.post.clock.now_us()
        counts = await self.counts(tx, row["id"])
        ready, pending = await broadcasts.ready(tx, row["id"], now_us)
        return self.progress(row, counts, pending - ready if row["state"] == State.RUNNING else 0)

    async def counts(self, tx: Tx, broadcast_id: int) -> Counts:
        """What became of its copies."""
        return await self.post.count(tx, broadcast_id, lambda tx: broadcasts.counts(tx, broadcast_id))

    def progress(self, row: sa.RowMapping, counts: Counts, later: int = 0) -> Payload:
        """The same from its counts. `later`: copies that wait for a later time."""
        say, texts, words = self.post.text, self._words.texts, self._words
        lines = [say(texts.report_title, title=words.title(row)), self._state(row, counts), ""]
        if row["frozen_us"] is not None:
            lines += [*self._figures(row, counts, later), ""]
        lines.append(self._people(row))
        return Payload("\n".join(lines), buttons(row, counts, texts, words.messages(counts.unknown)))

    async def tell_stopped(self, tx: Tx, row: sa.RowMapping, sent: int, refused: int) -> None:
        """It stopped by itself: at once, and where alerts go. `sent`, `refused`: since somebody looked last."""
        texts, words = self._words.texts, self._words
        given = {"title": words.title(row), "refused": f"{refused:,}", "count": f"{sent + refused:,}"}
        payload = Payload(self.post.text(texts.report_alarm, **given), buttons(_paused(row), Counts(), texts))
        key = f"announcement:{row['id']}:stopped:{row['judged_sent'] + sent}:{row['judged_refused'] + refused}"
        await self.post.tell(tx, Kind.ALERT, payload, key, place=await alerts_place(self.post, tx))

    async def tell_wrong_by_now(self, tx: Tx, row: sa.RowMapping, wrong: Iterable[Finding]) -> None:
        """One that waited for its time does not go out: what is wrong with it, and where alerts go."""
        texts, words = self._words.texts, self._words
        given = {"title": words.title(row), "lines": Html("\n".join(words.found(wrong)))}
        payload = Payload(self.post.text(texts.report_alarm_wrong, **given), buttons(_paused(row), Counts(), texts))
        key = f"announcement:{row['id']}:wrong:{self.post.clock.now_us()}"
        await self.post.tell(tx, Kind.ALERT, payload, key, place=await alerts_place(self.post, tx))

    # --- its lines --------------------------------------------------------------------------------------------------

    def _state(self, row: sa.RowMapping, counts: Counts) -> str:
        say, texts = self.post.text, self._words.texts
        match row["task"]:
            case Task.TAKE_BACK:
                return say(texts.report_taking_back)
            case Task.TAKEN_BACK:
                return say(texts.report_taken_back)
            case Task.CORRECT:
                return say(texts.report_correcting)
        match row["state"]:
            case State.PAUSED if row["reason"] == REFUSALS:
                refused, sent = counts.refused - row["judged_refused"], counts.sent - row["judged_sent"]
                return say(texts.report_stopped, refused=f"{refused:,}", count=f"{sent + refused:,}")
            case State.PAUSED if row["reason"] == PROBLEM:
                return say(texts.report_wrong_by_now)
            case State.PAUSED:
                return say(texts.report_paused)
            case State.RUNNING if row["frozen_us"] is None:
                return say(texts.report_getting_ready)
            case State.RUNNING if row["started_us"] is None:
                return say(texts.report_waits, time=self._at(self._starts_at(row)), zone=self._words.zone_name)
            case State.RUNNING:
                return say(texts.report_running)
            case state:
                template = texts.report_done if state == State.DONE else texts.report_cancelled
                return say(template, time=self._at(from_us(row["ended_us"])), zone=self._words.zone_name)

    def _figures(self, row: sa.RowMapping, counts: Counts, later: int) -> Iterator[str]:
        """A line for each thing there is to say, the bar first."""
        say, texts = self.post.text, self._words.texts
        waiting = counts.waiting
        all_ = counts.sent + counts.refused + counts.unknown + counts.cancelled + waiting
        if all_ == 0:
            yield say(texts.report_nobody)
        else:
            percent = 100 * (all_ - waiting) // all_
            cells = BAR * (all_ - waiting) // all_
            yield say(texts.report_bar, bar="▓" * cells + "░" * (BAR - cells), percent=str(percent))
            yield say(texts.report_sent, sent=f"{counts.sent:,}", count=f"{all_:,}")
        for template, count in (
            (texts.report_to_go, waiting),
            (texts.report_later, min(later, waiting)),
            (texts.report_refused, counts.refused),
            (texts.report_unknown, counts.unknown),
            (texts.report_not_sent, counts.cancelled),
        ):
            if count:
                yield say(template, count=f"{count:,}")
        yield from self._left_out(counts)
        if row["state"] == State.RUNNING and row["started_us"] is not None and waiting > later:
            yield self._pace(row["started_us"], counts.sent, waiting)

    def _left_out(self, counts: Counts) -> Iterator[str]:
        skipped, words = Counter[str](), broadcast_file.reasons(self._words.texts)
        # Left out beforehand or in the last moment: the same to whoever reads it.
        for reason, count in (counts.skipped or {}).items():
            skipped[words.get(reason, self._words.texts.report_why_other)] += count
        if skipped:
            yield self.post.text(self._words.texts.report_left_out, count=f"{skipped.total():,}")
        for why, count in skipped.most_common():
            yield self.post.text(self._words.texts.report_left_out_line, count=f"{count:,}", why=why)

    def _pace(self, started_us: int, sent: int, waiting: int) -> str:
        """How fast it went so far, pauses included, and how long the rest takes at the rate that Telegram allows."""
        now = self.post.clock.now()
        rate = sent * SECOND_US / max(to_us(now) - started_us, SECOND_US)
        left = lasts(waiting)
        return self.post.text(
            self._words.texts.report_pace,
            rate=f"{rate:.0f}" if rate >= 1 else "<1",
            left=self._words.lasts(left),
            time=self._at(now + left),
            zone=self._words.zone_name,
        )

    def _people(self, row: sa.RowMapping) -> str:
        texts, author = self._words.texts, row["created_name"] or str(row["created_by"])
        if row["approved_by"] in {None, row["created_by"]}:
            return self.post.text(texts.report_by, name=author)
        second = row["approved_name"] or str(row["approved_by"])
        return self.post.text(texts.report_by_two, name=author, second=second)

    def _starts_at(self, row: sa.RowMapping) -> datetime:
        wished = from_us(row["due_us"]) if row["due_us"] is not None else None
        return starts_at(self._words.content.clinic, wished, self.post.clock.now(), row["any_hour"])

    def _at(self, at: datetime) -> str:
        return self._words.at(at, self.post.clock.now())

    # --- at the end -------------------------------------------------------------------------------------------------

    async def file(self, tx: Tx, row: sa.RowMapping) -> broadcast_file.Made:
        """What became of each copy. Of 100,000 it takes some seconds to write down."""
        return await broadcast_file.draw(tx, row, self._words.content)

    async def send(self, tx: Tx, row: sa.RowMapping, made: broadcast_file.Made) -> None:
        """Send staff that file. The same one is sent once."""
        words = self._words
        if not made.lines:
            return
        given = {"title": words.title(row), "patients": words.patients(made.sent), "count": f"{made.lines:,}"}
        caption = self.post.text(words.texts.report_caption, **given)
        name = REPORT_NAME.format(id=row["id"])
        file_id = await keep_file(self.post.store, tx, self.post.bot_id, made.content, name)
        version = zlib.crc32(made.content, zlib.crc32(caption.encode()))
        for chat_id in await self.post.staff_chats(tx):
            key = f"announcement:{row['id']}:report:{version}:{chat_id}"
            out = Outgoing(
                chat_id, Kind.CARD, Payload(caption), key, method=Method.SEND_DOCUMENT, attachment_id=file_id
            )
            await self.post.enqueue(tx, out)

    # --- answers to it ----------------------------------------------------------------------------------------------

    async def named(self, tx: Tx, chat_id: ChatId, at: datetime, reply_to: TelegramMessageId | None = None) -> str:
        """A line for the card about what a patient wrote at this time: the announcement it answers, or came soon after.

        In Telegram's HTML; empty when there is none. `reply_to`: the message that was answered.
        """
        row = await self._answered(tx, chat_id, reply_to) if reply_to is not None else None
        if row is None:
            row = await recipients.last_announcement(tx, self.post.bot_id, chat_id, to_us(at - ANSWERS_WITHIN))
            if row is None or row["sent_us"] >= to_us(at) + SECOND_US:  # Telegram dates messages by whole seconds
                return ""
        return self.post.text(self._words.texts.report_answers, title=self._words.title(row))

    async def _answered(self, tx: Tx, chat_id: ChatId, reply_to: TelegramMessageId) -> sa.RowMapping | None:
        copy = await messages.by_telegram_id(tx, self.post.bot_id, chat_id, reply_to)
        if copy is None or copy["broadcast_id"] is None:
            return None
        return await broadcasts.get(tx, self.post.bot_id, copy["broadcast_id"])


def _paused(row: sa.RowMapping) -> Mapping[str, Any]:
    """The row as it is once it is paused, with the two buttons that are all it takes then."""
    return {**row, "state": State.PAUSED, "task": Task.TAKE_BACK}
