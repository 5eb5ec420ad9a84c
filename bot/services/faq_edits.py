"""What staff change, sign and take back in the chat, as edits of the texts; and what the cards say about them."""

from dataclasses import dataclass
from datetime import date

from bot.content.edit import ChangeEntry, Edit, Retire, Sign
from bot.content.schema import Entry
from bot.content.sentences import FaqDeskReplies
from bot.core.replies import Html
from bot.markup import MAX_TEXT
from bot.model import Button, Buttons, Payload
from bot.services.faq_desk_cards import FAQ, FaqCards
from bot.services.impact_words import MOVES, impact_in_words
from bot.services.post import Post
from bot.services.proposing import Proposal, Undo
from bot.services.publishing import Conflict, Published, Refused
from bot.services.review_cards import sign_button
from bot.store import accounts
from bot.store.drafts import Draft
from bot.store.engine import Tx


@dataclass(frozen=True)
class FaqEdits:
    """The desk of /faq_edit, /faq_history and /review (`edit_publishing.EditDesk`)."""

    post: Post

    @property
    def _texts(self) -> FaqDeskReplies:
        return self.post.library.served.content.faq_desk

    @property
    def _back(self) -> Buttons:
        return ((Button(self._texts.button_change, f"{FAQ}:show"),),)

    def edit(self, draft: Draft) -> tuple[Edit | Undo, int | None] | Refused:
        """What the draft asks for, and the revision its author saw."""
        edit = _edit(draft, self.post.library.served.whole.entries.get(draft.item_id or ""))
        return (edit, draft.base_id) if edit is not None else Refused((self._texts.gone,))

    def note(self, draft: Draft) -> str:
        """What the history of the texts says."""
        return self._texts.note_undo if "undo" in draft.values else self._texts.note

    def tried(self, draft: Draft, proposal: Proposal) -> Payload:
        """The whole entry as it will be, and what would change."""
        entry = self.post.library.served.whole.entries.get(proposal.item_id)
        body = FaqCards(self.post).shown(entry, draft) if entry is not None else ""
        template = self._texts.tried_retire if "retire" in draft.values else self._texts.tried
        impact = Html(impact_in_words(self.post, proposal.impact))
        text = self.post.text(template, entry=Html(body), impact=impact)
        if len(text) > MAX_TEXT:  # nothing goes live that was not seen whole
            return self.why_not(draft, Refused((self._texts.too_long,)))
        return Payload(text, ((Button(self._texts.button_publish, f"{FAQ}:publish"),), *self._back))

    def why_not(self, draft: Draft, outcome: Proposal | Conflict | Refused) -> Payload:
        """Why it cannot go live; of a conflict both texts, to choose from."""
        is_undo = "undo" in draft.values
        if isinstance(outcome, Conflict):
            return Payload(self._texts.undo_conflict) if is_undo else self._conflict(draft, outcome)
        reasons = outcome.refusals if isinstance(outcome, Proposal) else outcome.reasons
        text = self.post.text(self._texts.refused, reasons="\n".join(reasons[:MOVES]))
        return Payload(text, () if is_undo else self._back)

    def failed(self, draft: Draft) -> Payload:
        """It broke, and may be pressed again."""
        return Payload(self._texts.failed, self._back)

    async def settle(self, tx: Tx, draft: Draft, proposal: Proposal | None, published: Published) -> Payload:
        """Note who did it."""
        bot_id, now_us, values = self.post.bot_id, self.post.clock.now_us(), draft.values
        action = "faq_retire" if "retire" in values else "faq_publish"
        if "undo" in values or "sign" in values:
            action = "faq_undo" if "undo" in values else "faq_sign"
        await accounts.write_audit(tx, bot_id, draft.user_id, action, published.revision_id, now_us)
        return self._done(draft, proposal)

    def _done(self, draft: Draft, proposal: Proposal | None) -> Payload:
        if proposal is None:
            return Payload(self.post.text(self._texts.undone, revision=draft.values["undo"]))
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

    def _conflict(self, draft: Draft, conflict: Conflict) -> Payload:
        """Theirs beside what somebody has written, and the choice between them."""
        if not isinstance(conflict.theirs, Entry):
            return Payload(self._texts.gone, self._back)
        theirs = FaqCards(self.post).shown(conflict.theirs, Draft(draft.user_id, draft.chat_id, draft.card_id, None, 0))
        mine = "\n".join(value for part, value in draft.values.items() if part != "retire")
        text = self.post.text(self._texts.conflict, theirs=Html(theirs), mine=mine)
        take = Button(self._texts.button_theirs, f"{FAQ}:drop")
        return Payload(text, ((take,), (Button(self._texts.button_mine, f"{FAQ}:mine"),)))


def _edit(draft: Draft, entry: Entry | None) -> Edit | Undo | None:
    """The edit that a draft asks for; None where the entry is gone."""
    values, item_id = draft.values, draft.item_id or ""
    if "undo" in values:
        return Undo(int(values["undo"]))
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
