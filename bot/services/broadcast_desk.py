"""Writing announcements in the chat of staff: /broadcast, answers to its cards, and their buttons.

Rights and forged presses are checked before (`services/staff.py`). Here it is only decided whose turn it is: a draft's
(`broadcast_desk_typed.py`, `_pressed.py`), that of the last look before it goes (`_sending.py`), or that of one which
went out (`_running.py`). Whoever changed an announcement last is its author, and a change takes back a proposal.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import MediaIn, Payload, PressIn, TextIn
from bot.services.broadcast_desk_cards import is_draft
from bot.services.broadcast_desk_pressed import Pressed
from bot.services.broadcast_desk_running import CORRECT, Running
from bot.services.broadcast_desk_sending import Sending
from bot.services.broadcast_desk_turn import Turn, redraw, reply
from bot.services.broadcast_desk_typed import Typed
from bot.services.broadcast_desk_words import DeskWords
from bot.services.post import Post
from bot.store import broadcasts
from bot.store.engine import Tx

COMMAND = "broadcast"


@dataclass(frozen=True)
class Desk:
    """Turns what staff type and press into drafts, and drafts into announcements."""

    post: Post

    async def command(self, tx: Tx, row: sa.RowMapping, said: TextIn) -> None:
        """A new draft; or the one that these words are of, where they were edited. `row`: the update's."""
        turn = Turn.of_words(row, said)
        await (Typed(self.post).edited if said.edited else Typed(self.post).begin)(tx, turn, said)

    async def answer(self, tx: Tx, row: sa.RowMapping, said: TextIn | MediaIn, broadcast_id: int) -> None:
        """Something written as an answer to one of the desk's messages. `row`: the update's."""
        turn = Turn.of_words(row, said, broadcast_id)
        one = await broadcasts.get(tx, self.post.bot_id, broadcast_id, lock=True)
        if one is None:
            return
        if isinstance(said, TextIn) and said.edited:
            await Typed(self.post).edited(tx, turn, said)
        elif is_draft(one):
            await Typed(self.post).hear(tx, turn, one, said)
        elif one["asking"] == CORRECT and isinstance(said, TextIn):
            await Running(self.post).hear(tx, turn, one, said)
        else:
            await self._over(tx, turn, one)

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of the desk's buttons says."""
        turn = Turn.of_press(press, argument)
        one = await broadcasts.get(tx, self.post.bot_id, turn.broadcast_id, lock=True) if turn is not None else None
        if turn is None:
            return
        if one is None:  # nobody had written a word of it for a day
            if turn.row_id is not None:
                gone = Payload(self.post.text(DeskWords(self.post).texts.desk_gone))
                await redraw(self.post, tx, turn, turn.row_id, gone)
            return
        for_drafts = {**Pressed(self.post).by_name, **Sending(self.post).by_name}
        for_others = Running(self.post).by_name
        if (do := (for_drafts if is_draft(one) else for_others).get(turn.what)) is not None:
            await do(tx, turn, one)
        elif turn.what in for_drafts:
            await self._over(tx, turn, one)

    async def _over(self, tx: Tx, turn: Turn, one: sa.RowMapping) -> None:
        """It is no draft any more: a card that is out of date was pressed, or answered."""
        words = DeskWords(self.post)
        said = self.post.text(words.texts.desk_over, title=words.title(one), state=words.state(one))
        if turn.row_id is None:
            await reply(self.post, tx, turn, Payload(said))
        else:
            await redraw(self.post, tx, turn, turn.row_id, Payload(said))
