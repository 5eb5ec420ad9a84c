"""What staff do with announcements that went out: pause, go on, cancel the rest, correct, take back, send again.

What cannot be undone is asked once more, in a message of its own: the card of an announcement on its way is drawn anew
every few seconds. What came of it is said with the name of whoever did it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.announcement import Counts
from bot.core.announcement_check import completed, problems
from bot.core.announcing import Announcement
from bot.core.composing import key_of
from bot.core.replies import Html
from bot.model import Button, Payload, TextIn
from bot.services.broadcast_desk_cards import Cards
from bot.services.broadcast_desk_turn import Turn, elsewhere, redraw, reply
from bot.services.broadcast_desk_words import DeskWords, data
from bot.services.broadcast_report import Report, buttons
from bot.services.broadcasts import Broadcasts, Done
from bot.services.post import Post
from bot.store import broadcasts
from bot.store.engine import Tx

CORRECT = "correct"
"""What an answer means after *Correct* (`broadcast.asking`)."""
_CORRECTION = "correction"
"""Where the new text waits to be confirmed, beside the announcement as it is (`broadcast.payload`)…"""
_CORRECTED_BY = "correction_by"
"""…and who wrote it."""


@dataclass(frozen=True)
class Running:
    """Does what the buttons of an announcement that is no draft any more say."""

    post: Post

    @property
    def _words(self) -> DeskWords:
        return DeskWords(self.post)

    @property
    def _broadcasts(self) -> Broadcasts:
        return Broadcasts(self.post)

    @property
    def by_name(self) -> Mapping[str, Callable[[Tx, Turn, sa.RowMapping], Awaitable[None]]]:
        """By what stands in a button."""
        return {
            "open": self._open,
            "leave": self._leave,
            "pause": self._pause,
            "resume": self._resume,
            "cancel": self._ask_cancel,
            "cancelsure": self._cancel,
            "back": self._ask_take_back,
            "backsure": self._take_back,
            "again": self._again,
            "correct": self._ask_correct,
            "correctsure": self._correct,
        }

    async def _open(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await reply(self.post, tx, turn, await Report(self.post).card(tx, row))

    async def _leave(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        if row["asking"] == CORRECT:
            await broadcasts.set_values(tx, row["id"], asking=None)
        await self._tell(tx, turn, row, self._say(self._words.texts.desk_unchanged))

    async def _pause(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        done = await self._broadcasts.pause(tx, turn.who, row["id"])
        await self._tell(tx, turn, row, self._came_of(done, turn, self._words.texts.desk_did_pause))

    async def _resume(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        done = await self._broadcasts.resume(tx, turn.who, row["id"])
        await self._tell(tx, turn, row, self._came_of(done, turn, self._words.texts.desk_did_resume))

    async def _ask_cancel(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        counts = await Report(self.post).counts(tx, row["id"])
        rest = self._words.messages(counts.waiting)
        text = self._words.texts.desk_sure_cancel
        said = self._say(text, title=self._words.title(row), sent=self._words.messages(counts.sent), rest=rest)
        await self._ask(tx, turn, said, Button(self._words.texts.button_sure_cancel, data("cancelsure", row["id"])))

    async def _cancel(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        done = await self._broadcasts.cancel(tx, turn.who, row["id"])
        await self._tell(tx, turn, row, self._came_of(done, turn, self._words.texts.desk_did_cancel))

    async def _ask_take_back(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        counts = await Report(self.post).counts(tx, row["id"])
        text = self._words.texts.desk_sure_take_back
        said = self._say(text, title=self._words.title(row), copies=self._words.messages(counts.sent))
        sure = Button(self._words.texts.button_sure_take_back, data("backsure", row["id"]))
        await self._ask(tx, turn, self._with(said, self._in_doubt(counts)), sure)

    async def _take_back(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        done = await self._broadcasts.take_back(tx, turn.who, row["id"])
        await self._tell(tx, turn, row, self._came_of(done, turn, self._words.texts.desk_did_take_back))

    async def _again(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        done = await self._broadcasts.send_unknown_again(tx, turn.who, row["id"])
        await self._tell(tx, turn, row, self._came_of(done, turn, self._words.texts.desk_did_again))

    # --- another text -----------------------------------------------------------------------------------------------

    async def _ask_correct(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await broadcasts.set_values(tx, row["id"], asking=CORRECT)
        await self._ask(tx, turn, self._say(self._words.texts.desk_ask_correct, title=self._words.title(row)))

    async def hear(self, tx: Tx, turn: Turn, row: sa.RowMapping, said: TextIn) -> None:
        """The new text: shown as patients will see it, and kept until somebody confirms it."""
        content = self._words.content
        today = self.post.clock.now().astimezone(content.clinic.zone).date()
        new = Announcement(completed(said.html, content, today), Announcement.from_json(row["payload"]).links)
        if wrong := problems(new, content, has_photo=row["attachment_id"] is not None):
            await self._ask(tx, turn, "\n".join(self._words.found(wrong)))
            return
        waits = {_CORRECTION: new.text, _CORRECTED_BY: turn.who}
        await broadcasts.set_values(tx, row["id"], asking=None, payload=row["payload"] | waits)
        shown = await Cards(self.post).sample(tx, row, new)
        counts, texts = await Report(self.post).counts(tx, row["id"]), self._words.texts
        copies = self._words.messages(counts.sent)
        asked = self._say(texts.desk_sure_correct, text=Html(shown.text), copies=copies)
        sure = Button(
            texts.button_sure_correct.replace("{copies}", copies), data("correctsure", row["id"], key_of(new.text))
        )
        turns = [turn]
        if content.clinic.broadcast_needs_second:
            asked = self._with(asked, self._say(texts.desk_needs_second))
            turns += await elsewhere(self.post, tx, turn)
        for there in turns:
            await self._ask(tx, there, self._with(asked, self._in_doubt(counts)), sure)

    async def _correct(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        text = row["payload"].get(_CORRECTION)
        if text is None or key_of(text) != turn.more:  # done, or another one was written since
            await self._tell(tx, turn, row, self._say(self._words.texts.desk_unchanged))
            return
        counts = await Report(self.post).counts(tx, row["id"])
        done = await self._broadcasts.correct(tx, turn.who, row["id"], text, row["payload"].get(_CORRECTED_BY))
        if done is Done.NOT_YOU:  # the question stays, for a colleague
            await reply(self.post, tx, turn, Payload(self._say(self._words.texts.desk_not_you)))
            return
        copies = self._words.messages(counts.sent)
        await self._tell(tx, turn, row, self._came_of(done, turn, self._words.texts.desk_did_correct, copies=copies))

    # --- saying it --------------------------------------------------------------------------------------------------

    def _say(self, text: str, /, **values: str) -> str:
        return self.post.text(text, **values)

    def _in_doubt(self, counts: Counts) -> str:
        """What cannot be changed or deleted, as nobody knows under which number Telegram has it, if at all."""
        if not counts.unknown:
            return ""
        return self._say(self._words.texts.desk_in_doubt, copies=self._words.messages(counts.unknown))

    @staticmethod
    def _with(said: str, more: str) -> str:
        return "\n\n".join(filter(None, (said, more)))

    def _came_of(self, done: Done, turn: Turn, text: str, **values: str) -> str:
        """What came of an action. `text`: the sentence where it was done."""
        texts = self._words.texts
        said = {
            Done.DONE: text,
            Done.TOO_OLD: texts.desk_did_take_back_some,
            Done.ALREADY: texts.desk_already,
            Done.NOTHING: texts.desk_nothing,
        }.get(done, texts.desk_gone)
        return self._say(said, name=turn.name, **values)

    async def _ask(self, tx: Tx, turn: Turn, said: str, *sure: Button) -> None:
        """A question in a message of its own."""
        no = Button(self._words.texts.button_leave, data("leave", turn.broadcast_id))
        await reply(self.post, tx, turn, Payload(said, ((*sure, no),)))

    async def _tell(self, tx: Tx, turn: Turn, row: sa.RowMapping, said: str) -> None:
        """In place of the question; under the card, which goes on showing how things stand."""
        row = await broadcasts.get(tx, self.post.bot_id, row["id"]) or row
        if turn.row_id is None or turn.row_id == row["card_id"]:
            await reply(self.post, tx, turn, Payload(said))
        else:
            await redraw(self.post, tx, turn, turn.row_id, await self._with_buttons(tx, row, said))

    async def _with_buttons(self, tx: Tx, row: sa.RowMapping, said: str) -> Payload:
        """With what can be done now."""
        counts = await Report(self.post).counts(tx, row["id"])
        again = self._words.messages(counts.unknown)
        return Payload(said, buttons(row, counts, self._words.texts, again))
