"""How an alert is shown: its card in the staff group and privately, drawn anew whenever something about it changes."""

import zlib
from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import ChatId, Kind, MessageId, Method, Outgoing, Payload
from bot.services.cards import Cards
from bot.services.post import Place, Post
from bot.services.ticks import Handler
from bot.services.topics import alerts_place
from bot.store import alerts, care, messages
from bot.store.engine import Tx

LINKED = "alert_linked"
"""The kind of the timer after which a card leads to the topic of its thread."""


@dataclass(frozen=True)
class AlertView:
    """Puts the cards of alerts where they belong."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {LINKED: self._linked}

    @property
    def cards(self) -> Cards:
        """How they look."""
        return Cards(self.post)

    async def show(self, tx: Tx, alert_id: int, key: str, *, again: bool = False) -> None:
        """Put the card into the staff group (in its topic for alerts), or to the owners where there is none."""
        alert = await self.alert(tx, alert_id)
        payload = await self.cards.payload(tx, alert, again=again)
        row_id = await self.post.tell(
            tx,
            Kind.ALERT,
            payload,
            key,
            subject_of(alert),
            question_id=alert["question_id"],
            place=await alerts_place(self.post, tx),
        )
        if row_id is None:
            return
        await alerts.add_card(self.post.store, tx, alert_id, row_id)
        if not again:
            await alerts.set_values(tx, alert_id, message_id=row_id)

    async def show_in(self, tx: Tx, alert_id: int, chat_id: ChatId, key: str) -> bool:
        """Put the card into a chat of staff's once more, on request. False when there is no such alert."""
        alert = await alerts.by_id(tx, self.post.bot_id, alert_id)
        if alert is None or alert["level"] is None:
            return False
        payload = await self.cards.payload(tx, alert, again=True)
        out = Outgoing(
            chat_id, Kind.CARD, payload, key, subject_chat_id=subject_of(alert), question_id=alert["question_id"]
        )
        row_id = await self.send(tx, alert_id, out)
        if row_id is not None and alert["message_id"] is None:
            await alerts.set_values(tx, alert_id, message_id=row_id)
        return True

    async def send(self, tx: Tx, alert_id: int, out: Outgoing, fallback: int = 0) -> MessageId | None:
        """Put the card into one chat. None when it is owed there already."""
        row_id = await self.post.enqueue(tx, out, fallback)
        if row_id is not None:
            await alerts.add_card(self.post.store, tx, alert_id, row_id)
        return row_id

    async def _linked(self, tx: Tx, row: sa.RowMapping) -> None:
        alert = await alerts.by_id(tx, self.post.bot_id, row["ref"], lock=True)
        if alert is not None and alert["chat_id"] != care.NO_CHAT:
            await self.draw(tx, alert["id"])

    async def draw(self, tx: Tx, alert_id: int, seen: MessageId | None = None) -> None:
        """Bring up to date what staff see of it: the card, the last repeat, what went to people privately, and the
        message that was acted on. Older repeats are brought up to date when somebody presses on them."""
        alert = await self.alert(tx, alert_id)
        cards = await alerts.cards_of(tx, alert_id)
        in_groups = [card["id"] for card in cards if card["chat_id"] < 0]
        shown = {alert["message_id"], seen, *in_groups[:1], *(card["id"] for card in cards if card["chat_id"] > 0)}
        for card_id in sorted(one for one in shown if one is not None):
            card = await messages.by_id(tx, self.post.bot_id, MessageId(card_id))
            if card is None:
                continue
            payload = await self.cards.payload(tx, alert, again=card_id != alert["message_id"])
            version = zlib.crc32(repr(payload.to_json()).encode())
            await self.edit(tx, ChatId(card["chat_id"]), MessageId(card_id), payload, f"card:{card_id}:{version}")

    async def edit(self, tx: Tx, chat_id: ChatId, row_id: MessageId, payload: Payload, key: str) -> None:
        """Let a card look like this."""
        out = Outgoing(chat_id, Kind.CARD, payload, key, method=Method.EDIT_TEXT, target_id=row_id)
        await self.post.enqueue(tx, out)

    async def newest(self, tx: Tx, alert_id: int) -> Place | None:
        """Under the newest message in the group that shows it, if Telegram's id of that is known."""
        cards = [card for card in await alerts.cards_of(tx, alert_id) if card["chat_id"] < 0 and card["tg_message_id"]]
        return Place(ChatId(cards[0]["chat_id"]), None, cards[0]["tg_message_id"]) if cards else None

    async def alert(self, tx: Tx, alert_id: int) -> sa.RowMapping:
        """An alert that is there."""
        alert = await alerts.by_id(tx, self.post.bot_id, alert_id)
        assert alert is not None, alert_id
        return alert


def subject_of(alert: sa.RowMapping) -> ChatId | None:
    """Where staff's answers go; None: to a patient without Telegram none can."""
    return ChatId(alert["chat_id"]) if alert["chat_id"] != care.NO_CHAT else None
