"""What staff have changed in the chat, on its way into the texts: tried out, then published, each when they press.

Both take seconds, so a press only notes that it is wanted (`store.drafts`), and `work` does it beside the other loops.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date

from bot.content.edit import ChangeEntry, Edit, Retire, Sign
from bot.content.schema import Entry
from bot.content.sentences import FaqDeskReplies
from bot.core.replies import Html
from bot.markup import MAX_TEXT
from bot.model import Button, Buttons, Kind, Method, Outgoing, Payload
from bot.services.faq_desk_cards import FAQ, FaqCards
from bot.services.impact_words import MOVES, impact_in_words
from bot.services.post import Post
from bot.services.proposing import Proposal
from bot.services.publishing import Conflict, Proposed, Published, Publisher, Refused
from bot.services.review_cards import sign_button
from bot.services.wanted import do_next
from bot.store import accounts, drafts
from bot.store.drafts import TRY, Draft
from bot.store.engine import Tx


@dataclass(frozen=True)
class FaqPublishing:
    """Does what was pressed under a draft."""

    post: Post
    publisher: Publisher
    wake: Callable[[], None]
    """Tells the outbox that there is something to send."""
    _tried: list[Proposal] = field(default_factory=list, repr=False)
    """What was tried out last, which mostly is published next: trying it out again would take as long."""

    async def work(self) -> bool:
        """Do what has been wanted longest. False when there was nothing."""
        bot_id = self.post.bot_id

        def next_one(tx: Tx) -> Awaitable[Draft | None]:
            return drafts.wanted(tx, bot_id)

        def take_up(tx: Tx, draft: Draft) -> Awaitable[bool]:
            return drafts.start(tx, bot_id, draft)

        did = await do_next(self.post.store, next_one, take_up, self._do, self._failed)
        if did:
            self.wake()
        return did

    async def _do(self, draft: Draft) -> None:
        await (self._try if draft.asking == TRY else self._publish)(draft)

    async def _failed(self, draft: Draft) -> None:
        await self._show(draft, Payload(self._texts.failed, self._back))

    @property
    def _texts(self) -> FaqDeskReplies:
        return self.post.library.served.content.faq_desk

    @property
    def _back(self) -> Buttons:
        return ((Button(self._texts.button_change, f"{FAQ}:show"),),)

    async def _try(self, draft: Draft) -> None:
        proposed = await self._propose(draft)
        if not isinstance(proposed, Proposal) or proposed.refusals:
            await self._show(draft, self._why_not(draft, proposed))
            return
        entry = self.post.library.served.whole.entries.get(proposed.item_id)
        body = FaqCards(self.post).shown(entry, draft) if entry is not None else ""
        template = self._texts.tried_retire if "retire" in draft.values else self._texts.tried
        impact = Html(impact_in_words(self.post, proposed.impact))
        publish = Button(self._texts.button_publish, f"{FAQ}:publish")
        text = self.post.text(template, entry=Html(body), impact=impact)
        if len(text) > MAX_TEXT:  # nothing goes live that was not seen whole
            await self._show(draft, self._why_not(draft, Refused((self._texts.too_long,))))
            return
        await self._show(draft, Payload(text, ((publish,), *self._back)))

    async def _publish(self, draft: Draft) -> None:
        if "undo" in draft.values:
            await self._undo(draft, int(draft.values["undo"]))
            return
        proposed = await self._propose(draft)
        if not isinstance(proposed, Proposal) or proposed.refusals:
            await self._show(draft, self._why_not(draft, proposed))
            return
        outcome = await self.publisher.publish(proposed, draft.user_id, self._texts.note)
        if not isinstance(outcome, Published):
            await self._show(draft, self._why_not(draft, outcome))
            return
        await self._settle(draft, outcome, self._done(proposed))

    async def _undo(self, draft: Draft, revision_id: int) -> None:
        """Take back what a revision changed; what was changed since stays."""
        outcome = await self.publisher.undo(revision_id, draft.user_id, self._texts.note_undo)
        match outcome:
            case Published():
                text = self.post.text(self._texts.undone, revision=str(revision_id))
                await self._settle(draft, outcome, Payload(text))
            case Conflict():
                await self._show(draft, Payload(self.post.text(self._texts.undo_conflict)))
            case Refused():
                reasons = "\n".join(outcome.reasons[:MOVES])
                await self._show(draft, Payload(self.post.text(self._texts.refused, reasons=reasons)))

    async def _settle(self, draft: Draft, published: Published, payload: Payload) -> None:
        bot_id, now_us, values = self.post.bot_id, self.post.clock.now_us(), draft.values
        action = "faq_retire" if "retire" in values else "faq_publish"
        if "undo" in values or "sign" in values:
            action = "faq_undo" if "undo" in values else "faq_sign"
        async with self.post.store.write() as tx:
            await accounts.write_audit(tx, bot_id, draft.user_id, action, published.revision_id, now_us)
            await self._redraw(tx, draft, payload)
            await drafts.drop(tx, bot_id, draft.card_id)

    async def _propose(self, draft: Draft) -> Proposed:
        entry = self.post.library.served.whole.entries.get(draft.item_id or "")
        edit = _edit(draft, entry)
        if edit is None:
            return Refused((self._texts.gone,))
        tried = next((one for one in self._tried if one.edit == edit), None)
        self._tried.clear()
        if tried is not None and draft.asking != TRY:
            return tried  # made again by the publisher if the texts have moved on
        proposed = await self.publisher.propose(edit, draft.base_id)
        if isinstance(proposed, Proposal):
            self._tried.append(proposed)
        return proposed

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _done(self, proposal: Proposal) -> Payload:
        """The card that says so."""
        match proposal.edit:
            case Sign() as signed:
                text = self.post.text(self._texts.signed, name=signed.name, registration=signed.registration)
                return Payload(text, ((Button(self._texts.button_next, "rv:next:0"),),))
            case Retire():
                return Payload(self.post.text(self._texts.retired))
            case _:
                entry = proposal.content.entries[proposal.item_id]
                sign = sign_button(self.post, entry)
                return Payload(self.post.text(self._texts.published, question=entry.question), ((sign,),))

    def _why_not(self, draft: Draft, proposed: Proposed | Published) -> Payload:
        if isinstance(proposed, Conflict):
            return self._conflict(draft, proposed)
        reasons = proposed.refusals if isinstance(proposed, Proposal) else ()
        if isinstance(proposed, Refused):
            reasons = proposed.reasons
        return Payload(self.post.text(self._texts.refused, reasons="\n".join(reasons[:MOVES])), self._back)

    def _conflict(self, draft: Draft, conflict: Conflict) -> Payload:
        """Theirs beside what somebody has written, and the choice between them."""
        if not isinstance(conflict.theirs, Entry):
            return Payload(self._texts.gone, self._back)
        theirs = FaqCards(self.post).shown(conflict.theirs, Draft(draft.user_id, draft.chat_id, draft.card_id, None, 0))
        mine = "\n".join(value for part, value in draft.values.items() if part != "retire")
        text = self.post.text(self._texts.conflict, theirs=Html(theirs), mine=mine)
        take = Button(self._texts.button_theirs, f"{FAQ}:drop")
        return Payload(text, ((take,), (Button(self._texts.button_mine, f"{FAQ}:mine"),)))

    async def _show(self, draft: Draft, payload: Payload) -> None:
        async with self.post.store.write() as tx:
            if await drafts.on_card(tx, self.post.bot_id, draft.card_id) is not None:
                await self._redraw(tx, draft, payload)

    async def _redraw(self, tx: Tx, draft: Draft, payload: Payload) -> None:
        key = f"faq:{draft.card_id}:{draft.asking}:{self.post.clock.now_us()}"
        out = Outgoing(draft.chat_id, Kind.RELAY, payload, key, method=Method.EDIT_TEXT, target_id=draft.card_id)
        await self.post.enqueue(tx, out)


def _edit(draft: Draft, entry: Entry | None) -> Edit | None:
    """The edit that a draft asks for; None where the entry is gone."""
    values, item_id = draft.values, draft.item_id or ""
    if "sign" in values:
        on = values["on"]
        return Sign(item_id, values["sign"], values["name"], values["registration"], date.fromisoformat(on))
    if entry is None:
        return None
    if "retire" in values:
        return Retire(item_id)
    added = values.get("phrasing", "").splitlines()
    phrasings = (*entry.phrasings, *added) if added else None
    return ChangeEntry(item_id, values.get("question"), values.get("answer"), phrasings)
