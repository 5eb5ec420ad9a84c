"""/review: one text after the other that no clinician has signed as it stands.

Signing is an edit like any other: it is published beside the inbox (`edit_publishing`).
"""

import re
from dataclasses import dataclass

from bot.content.edit import signables
from bot.model import Button, Payload, PressIn
from bot.services.people import People
from bot.services.post import Post
from bot.services.review_cards import HASH_LETTERS, REVIEW, review_card
from bot.store import drafts, people
from bot.store.drafts import PUBLISH, Draft
from bot.store.engine import Tx

_ARGUMENT = re.compile(r"next:(\d{1,4})|sign:([a-z][a-z0-9_]{0,40}):([0-9a-f]+)", re.ASCII)


@dataclass(frozen=True)
class ReviewDesk:
    """Acts for staff, whose right to look the caller has checked; the right to sign is asked here."""

    post: Post

    def command(self) -> Payload:
        """What /review is replied to with."""
        return review_card(self.post)

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        if (found := _ARGUMENT.fullmatch(argument)) is None:
            return
        if found[1] is not None:
            await self.post.redraw(tx, press, review_card(self.post, int(found[1])))
        else:
            await self._sign(tx, press, found[2], found[3])

    async def _sign(self, tx: Tx, press: PressIn, item_id: str, start: str) -> None:
        await People(self.post).require(tx, press.chat_id, press.sender, "sign")
        assert press.row_id is not None, "a press that was checked says which message it was on"
        served, texts = self.post.library.served, self.post.library.served.content.faq_desk
        part = signables(served.whole).get(item_id)
        row = await people.find(tx, self.post.bot_id, press.sender.user_id)
        if row is None or not row["registration"]:
            await self.post.reply(tx, press, Payload(self.post.text(texts.no_registration)))
        elif part is None or part.text_hash[:HASH_LETTERS] != start:
            await self.post.redraw(tx, press, review_card(self.post, said=texts.review_changed))
        else:
            now = self.post.clock.now()
            on = now.astimezone(served.content.clinic.zone).date().isoformat()
            name = await people.name_of(tx, self.post.bot_id, press.sender.user_id)
            values = {"sign": part.text_hash, "name": name, "registration": row["registration"], "on": on}
            who = press.sender.user_id
            draft = Draft(who, press.chat_id, press.row_id, item_id, served.revision_id, values, PUBLISH)
            await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())
            again = Button(texts.button_again, f"{REVIEW}:sign:{item_id}:{start}")
            await self.post.redraw(tx, press, Payload(texts.signing, ((again,),)))
