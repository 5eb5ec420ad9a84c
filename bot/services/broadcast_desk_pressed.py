"""The buttons on the card of a draft: what they ask, and what they set."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.announcement import Audience
from bot.clock import to_us
from bot.core.announcement_check import completed
from bot.core.announcing import Announcement
from bot.core.audience import Wrong, read_line
from bot.core.composing import Choice, named, switched
from bot.model import Payload
from bot.services.broadcast_desk_cards import NOW, parse_time
from bot.services.broadcast_desk_drafts import LINK, TEXT, WHEN, WHO, AtDesk, with_announcement
from bot.services.broadcast_desk_turn import Turn
from bot.services.broadcasts import Broadcasts
from bot.store import broadcasts
from bot.store.engine import Tx


@dataclass(frozen=True)
class Pressed(AtDesk):
    """Does what the buttons of a draft say."""

    @property
    def by_name(self) -> Mapping[str, Callable[[Tx, Turn, sa.RowMapping], Awaitable[None]]]:
        """By what stands in a button."""
        return {
            "show": self._show,
            "template": self._take_template,
            "earlier": self._earlier,
            "again_from": self._take_earlier,
            "text": self._ask_text,
            "link": self._ask_link,
            "nolinks": self._no_links,
            "nophoto": self._no_photo,
            "who": self._ask_who,
            "menu": self._menu,
            "everyone": self._everyone,
            "choose": self._choose,
            "when": self._ask_when,
            "at": self._at,
            "hours": self._hours,
            "discard": self._discard,
        }

    async def _show(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await broadcasts.set_values(tx, row["id"], asking=None)
        await self._drafts.draw(tx, turn, row["id"], await self._cards.draft(tx, row))

    async def _take_template(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        content = self._words.content
        name = named(turn.more, content.templates)
        if name is None:  # it was taken out of the content
            await self._drafts.redrawn(tx, turn, row)
            return
        template, now = content.templates[name], self.post.clock.now()
        text = completed(template.text, content, now.astimezone(content.clinic.zone).date())
        audience = Audience()
        if template.audience is not None:
            meant = read_line(template.audience, await self._words.choices(tx), content.clinic.zone, now)
            if isinstance(meant, Wrong):
                await self._drafts.say(tx, turn, self._words.texts.desk_unread_who, word=meant.word)
            else:
                audience = meant
        await self._set(tx, turn, row, payload=Announcement(text).to_json(), audience=audience.to_json())

    async def _earlier(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._drafts.draw(tx, turn, row["id"], await self._cards.earlier(tx, row["id"]))

    async def _take_earlier(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        earlier = await broadcasts.get(tx, self.post.bot_id, int(turn.more))
        if earlier is not None:
            payload = Announcement.from_json(earlier["payload"]).to_json()
            audience = replace(Audience.from_json(earlier["audience"]), visit_from=None, visit_until=None).to_json()
            if audience != earlier["audience"]:  # those days are over
                await self._drafts.say(tx, turn, self._words.texts.desk_days_over)
            await self._set(tx, turn, row, payload=payload, attachment_id=earlier["attachment_id"], audience=audience)

    async def _ask_text(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._ask(tx, turn, row, TEXT, self._cards.ask(row, self._words.texts.desk_ask_text))

    async def _ask_link(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._ask(tx, turn, row, LINK, self._cards.ask(row, self._words.texts.desk_ask_link))

    async def _ask_who(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._ask(tx, turn, row, WHO, await self._cards.who(tx, row))

    async def _ask_when(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._ask(tx, turn, row, WHEN, self._cards.when(row))

    async def _ask(self, tx: Tx, turn: Turn, row: sa.RowMapping, what: str, payload: Payload) -> None:
        await broadcasts.set_values(tx, row["id"], asking=what)
        await self._drafts.draw(tx, turn, row["id"], payload)

    async def _no_links(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        announcement = Announcement.from_json(row["payload"])
        await self._set(tx, turn, row, payload=with_announcement(row, Announcement(announcement.text)))

    async def _no_photo(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._set(tx, turn, row, attachment_id=None)

    async def _menu(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._drafts.draw(tx, turn, row["id"], await self._cards.who(tx, row, turn.more))

    async def _everyone(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._set_audience(tx, turn, row, Audience())

    async def _choose(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        """One of whom it is for: `on:a:<key>`, `off:vt:`."""
        on, kind, key = turn.more.split(":", 2)
        choice, all_ = Choice(kind), await self._words.choices(tx)
        names = {Choice.AREA: [one.id for one in all_.areas], Choice.PLAN: list(all_.plans)}
        value = named(key, names[choice]) if choice in names else key
        if value is None:  # an area that the content has no more
            await self._drafts.draw(tx, turn, row["id"], await self._cards.who(tx, row, choice))
            return
        today = self.post.clock.now().astimezone(self._words.content.clinic.zone).date()
        audience = switched(Audience.from_json(row["audience"]), choice, value, on == "on", today)
        in_menu = choice in {Choice.AREA, Choice.PLAN, Choice.PODIATRIST}
        await self._set_audience(tx, turn, row, audience, choice if in_menu else "")

    async def _set_audience(self, tx: Tx, turn: Turn, row: sa.RowMapping, audience: Audience, menu: str = "") -> None:
        await self._drafts.change(tx, turn, row, audience=audience.to_json(), asking=WHO)
        row = await self._drafts.row(tx, row["id"])
        await self._drafts.draw(tx, turn, row["id"], await self._cards.who(tx, row, menu))

    async def _at(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        if turn.more == NOW:
            await self._set(tx, turn, row, due_us=None)
        elif await self._drafts.is_possible(tx, turn, at := parse_time(turn.more)):
            await self._set(tx, turn, row, due_us=to_us(at))
        else:
            await self._drafts.redrawn(tx, turn, row)

    async def _hours(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await self._drafts.change(tx, turn, row, any_hour=turn.more == "any", asking=WHEN)
        await self._drafts.draw(tx, turn, row["id"], self._cards.when(await self._drafts.row(tx, row["id"])))

    async def _set(self, tx: Tx, turn: Turn, row: sa.RowMapping, **values: Any) -> None:
        """Set columns; the card shows it where the button was."""
        await self._drafts.change(tx, turn, row, **values)
        await self._drafts.redrawn(tx, turn, row)

    async def _discard(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        await Broadcasts(self.post).cancel(tx, turn.who, row["id"])
        said = self.post.text(self._words.texts.desk_thrown_away, name=turn.name)
        await self._drafts.draw(tx, turn, row["id"], Payload(said))
