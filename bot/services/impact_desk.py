"""*See them* under an edit that was tried out: which questions of patients it would answer otherwise, in their words.

Nothing else shows an edit's author what patients wrote.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.clock import to_us
from bot.markup import MAX_TEXT
from bot.model import Button, Buttons, Kind, MessageId, Outgoing, Payload, PressIn
from bot.services.faq_entry_view import cut
from bot.services.impact import DAYS, Impact
from bot.services.impact_words import shifts_in_words
from bot.services.post import Post
from bot.store import accounts, drafts, messages, revisions
from bot.store.drafts import IN_WORK, PUBLISH, SEE, Draft
from bot.store.engine import Tx

IMPACT = "im"
"""What the data of these buttons begins with: `im:see`, or `im:more:<the draft's card>.<how many were shown>`."""
_SEE = "see"
_MORE = re.compile(r"more:(?P<card>\d{1,18})\.(?P<first>\d{1,4})", re.ASCII)
_FIRST = "see_from"
"""In a draft's values: how many were shown before those that are asked for."""


def see_button(post: Post, impact: Impact) -> Buttons:
    """A row with the button; none where nothing would change."""
    return ((Button(post.library.served.content.teach.button_see, f"{IMPACT}:{_SEE}"),),) if impact.shifts else ()


@dataclass(frozen=True)
class ImpactDesk:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Ask for them. What was tried out may be at hand in another worker, or have to be tried again."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        found = _MORE.fullmatch(argument)
        if found is None and argument != _SEE:
            return
        card_id, first = (MessageId(int(found["card"])), found["first"]) if found else (press.row_id, "0")
        draft = await drafts.on_card(tx, self.post.bot_id, card_id)
        is_going_live = draft is not None and draft.asking in {PUBLISH, IN_WORK[PUBLISH]}
        if draft is None or draft.user_id != press.sender.user_id or is_going_live:
            await self.post.reply(tx, press, Payload(self.post.text(self.post.library.served.content.teach.see_gone)))
            return
        now_us = self.post.clock.now_us()
        wanted = replace(draft, values={**draft.values, _FIRST: first}, asking=SEE)
        await drafts.keep(tx, self.post.bot_id, wanted, now_us)
        await accounts.write_audit(tx, self.post.bot_id, press.sender.user_id, "faq_see", None, now_us)

    async def show(self, tx: Tx, draft: Draft, impact: Impact) -> None:
        """As many as fit, in a message under the draft's card."""
        since_us = to_us(self.post.clock.now() - timedelta(days=DAYS))
        texts = [shift.text for shift in impact.shifts]
        codes = await revisions.asked_by(tx, self.post.bot_id, since_us, texts)
        card = await messages.by_id(tx, self.post.bot_id, draft.card_id)
        text, shown = shifts_in_words(self.post, impact, codes, int(draft.values.get(_FIRST, "0")))
        further = self.post.library.served.content.teach.button_see_more
        more = ((Button(further, f"{IMPACT}:more:{draft.card_id}.{shown}"),),) if shown is not None else ()
        payload = Payload(cut(text, MAX_TEXT), more)
        key = f"see:{draft.card_id}:{self.post.clock.now_us()}"
        under = card["tg_message_id"] if card is not None else None
        await self.post.enqueue(tx, Outgoing(draft.chat_id, Kind.RELAY, payload, key, reply_to_id=under))
