"""/review: one text after the other that no clinician has signed as it stands.

Signing is an edit like any other: it is published beside the inbox (`edit_publishing`).
"""

import re
from dataclasses import dataclass

from bot.content.edit import signables
from bot.content.schema import Entry
from bot.model import Button, Payload, PressIn, UserId
from bot.services.people import People
from bot.services.post import Post
from bot.services.review_cards import NOBODY, REVIEW, review_card
from bot.services.review_dates import next_review
from bot.store import drafts, people
from bot.store.drafts import PUBLISH, TRY, Draft
from bot.store.engine import Tx

_ARGUMENT = re.compile(
    r"next:(?P<next>\d{1,4})"
    r"|read:(?P<at>\d{1,4})\.(?P<page>\d{1,3})\.(?P<reader>\d{1,18})\.(?P<start>[0-9a-f]+)"
    r"|sign:(?P<sign>[a-z][a-z0-9_]{0,40}):(?P<hash>[0-9a-f]+)(?:\.(?P<by>\d{1,18}))?"
    r"|retire:(?P<retire>[a-z][a-z0-9_]{0,40})",
    re.ASCII,
)


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
        if found["next"] is not None:
            await self.post.redraw(tx, press, review_card(self.post, int(found["next"])))
        elif found["at"] is not None:
            reader = UserId(int(found["reader"]))
            await self._turn(tx, press, int(found["at"]), int(found["page"]), reader, found["start"])
        elif found["retire"] is not None:
            await self._retire(tx, press, found["retire"])
        else:
            await self._sign(tx, press, found["sign"], found["hash"], found["by"])

    async def _turn(self, tx: Tx, press: PressIn, at: int, number: int, reader: UserId, start: str) -> None:
        """The next page of a long text: who signs it has read every page, so somebody else begins at the first."""
        who, said = press.sender.user_id, ""
        if reader not in {NOBODY, who}:
            number, said = 0, self.post.library.served.content.faq_desk.review_read_first
        await self.post.redraw(tx, press, review_card(self.post, at, said, number, who, start))

    async def _retire(self, tx: Tx, press: PressIn, item_id: str) -> None:
        """Try out what becomes of its questions without it; it goes once *Publish* is pressed under that."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        served, texts, who = self.post.library.served, self.post.library.served.content.faq_desk, press.sender.user_id
        if item_id not in served.whole.entries:
            await self.post.redraw(tx, press, review_card(self.post, said=texts.review_changed))
            return
        values = {"retire": "yes"}
        draft = Draft(who, press.chat_id, press.row_id, item_id, served.revision_id, values, TRY)
        await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())
        again = Button(texts.button_again, f"{REVIEW}:retire:{item_id}")
        await self.post.redraw(tx, press, Payload(self.post.text(texts.review_retire), ((again,),)))

    async def _sign(self, tx: Tx, press: PressIn, item_id: str, start: str, reader: str | None) -> None:
        await People(self.post).require(tx, press.chat_id, press.sender, "sign")
        assert press.row_id is not None, "a press that was checked says which message it was on"
        served, texts = self.post.library.served, self.post.library.served.content.faq_desk
        part = signables(served.whole).get(item_id)
        row = await people.find(tx, self.post.bot_id, press.sender.user_id)
        if row is None or not row["registration"]:
            await self.post.reply(tx, press, Payload(self.post.text(texts.no_registration)))
        elif part is None or not part.text_hash.startswith(start):
            await self.post.redraw(tx, press, review_card(self.post, said=texts.review_changed))
        elif reader is not None and UserId(int(reader)) != press.sender.user_id:
            await self.post.redraw(tx, press, review_card(self.post, said=texts.review_read_first))
        else:
            now = self.post.clock.now()
            on = now.astimezone(served.content.clinic.zone).date()
            name = await people.name_of(tx, self.post.bot_id, press.sender.user_id)
            values = {"sign": part.text_hash, "name": name, "registration": row["registration"], "on": on.isoformat()}
            if isinstance(part, Entry) and (again_on := next_review(part, on)) is not None:
                values["again"] = again_on.isoformat()
            who = press.sender.user_id
            draft = Draft(who, press.chat_id, press.row_id, item_id, served.revision_id, values, PUBLISH)
            await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())
            again = Button(texts.button_again, f"{REVIEW}:sign:{item_id}:{start}")
            await self.post.redraw(tx, press, Payload(texts.signing, ((again,),)))
