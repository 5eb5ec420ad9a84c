"""The last look at a draft, and sending it: by its author, or by a colleague where the clinic wants two people."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.announcement import State
from bot.core.announcement_check import problems
from bot.core.announcing import Announcement
from bot.model import Payload
from bot.services.broadcast_desk_check import LastLook, last_look
from bot.services.broadcast_desk_drafts import AtDesk
from bot.services.broadcast_desk_turn import Turn, elsewhere, reply
from bot.services.broadcasts import Broadcasts, Done
from bot.store import broadcasts
from bot.store.engine import Tx


@dataclass(frozen=True)
class Sending(AtDesk):
    """Does what the buttons of the last look say."""

    @property
    def by_name(self) -> Mapping[str, Callable[[Tx, Turn, sa.RowMapping], Awaitable[None]]]:
        """By what stands in a button."""
        return {"check": self.look, "open": self.look, "propose": self._ask_colleague, "send": self._send}

    async def look(self, tx: Tx, turn: Turn, row: sa.RowMapping, said: str = "") -> None:
        """One copy as patients get it, and below it the card that sends. `said`: stands above its figures."""
        announcement, photo = Announcement.from_json(row["payload"]), row["attachment_id"]
        if problems(announcement, self._words.content, has_photo=photo is not None):
            await self._drafts.redrawn(tx, turn, row)
            return
        await broadcasts.set_values(tx, row["id"], asking=None)
        look = await last_look(self.post, tx, row)
        await reply(self.post, tx, turn, look.copy, "copy", photo)
        await self._drafts.below(tx, turn, row, look.card(said))

    async def _ask_colleague(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        """Propose it. The second of two taps must not confirm what the first proposed."""
        if row["state"] == State.DRAFT:
            await self._send(tx, turn, row)

    async def _send(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        """Send it, or propose it; look again where it is not what was looked at."""
        look = await last_look(self.post, tx, row)
        if look.fingerprint != turn.more:
            await self.look(tx, turn, row, self.post.text(self._words.texts.desk_check_changed))
            return
        done = await Broadcasts(self.post).confirm(tx, turn.who, row["id"])
        if done is Done.DONE:
            await self._sent_off(tx, turn, look)
        elif done is Done.NEEDS_SECOND:
            await self._propose(tx, turn, await self._drafts.row(tx, row["id"]))
        elif done is Done.NOT_YOU:
            said = self.post.text(self._words.texts.desk_not_you)
            await self._drafts.draw(tx, turn, row["id"], look.card(said))

    async def _sent_off(self, tx: Tx, turn: Turn, look: LastLook) -> None:
        text = self.post.text(
            self._words.texts.desk_going,
            name=turn.name,
            title=self._words.title(look.row),
            patients=self._words.patients(look.count),
            start=self._words.when(look.starts_at),
        )
        await self._drafts.draw(tx, turn, look.row["id"], Payload(text))
        await broadcasts.set_values(tx, look.row["id"], card_id=None)  # from now on its card is that of the report

    async def _propose(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        """Where colleagues see it: here, or in the staff group if it was written privately."""
        look = await last_look(self.post, tx, row)
        said = self.post.text(self._words.texts.desk_proposed, name=turn.name)
        others = await elsewhere(self.post, tx, turn)
        if not others:
            await self._drafts.draw(tx, turn, row["id"], look.card(said))
            return
        for there in others:
            await reply(self.post, tx, there, look.copy, "copy", row["attachment_id"])
            await reply(self.post, tx, there, look.card(said), "card")
        await self._drafts.draw(tx, turn, row["id"], Payload(self.post.text(self._words.texts.desk_proposed_elsewhere)))
