"""What staff change, sign and take back in the chat, as edits of the texts; and what the cards say about them."""

from dataclasses import dataclass, replace

from bot.content.edit import Edit, NewEntry, Retire, Sign
from bot.content.lint_text import normalise
from bot.content.schema import Entry
from bot.content.sentences import FaqDeskReplies
from bot.core.replies import Html
from bot.markup import MAX_TEXT
from bot.model import Button, Buttons, Payload
from bot.services.faq_desk import HASH_LETTERS
from bot.services.faq_desk_cards import FAQ, FaqCards
from bot.services.faq_entry_view import EntryView, cut, is_long
from bot.services.faq_history import AGAIN, PUT_BACK, UNDO
from bot.services.faq_written import SEEN, edit_of, is_new
from bot.services.impact_desk import see_button
from bot.services.impact_words import MOVES, impact_in_words
from bot.services.post import Post
from bot.services.proposing import Proposal, Undo
from bot.services.publishing import Conflict, Published, Refused
from bot.services.review_cards import sign_button
from bot.store import accounts
from bot.store.drafts import Draft
from bot.store.engine import Tx

_LEFT = 300
"""Letters left free for the words around what is cut."""


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
        cards = FaqCards(self.post)
        if is_new(draft):
            if cards.group_of(draft) is None:
                return Refused((self._texts.group_gone,))
            if (twin := self._twin(draft)) is not None:
                return Refused((self.post.text(self._texts.question_taken, question=twin.question),))
        edit = edit_of(draft, cards.entry_of(draft))
        return (edit, draft.base_id) if edit is not None else Refused((self._texts.gone,))

    def _twin(self, draft: Draft) -> Entry | None:
        """The entry with the same question as this new one: somebody may have added it meanwhile."""
        said = normalise(draft.values.get("question", ""))
        entries = self.post.library.served.whole.entries.values()
        return next((entry for entry in entries if normalise(entry.question) == said), None)

    def note(self, draft: Draft) -> str:
        """What the history of the texts says."""
        return self._texts.note_undo if "undo" in draft.values else self._texts.note

    def tried(self, draft: Draft, proposal: Proposal) -> Payload:
        """The whole entry as it will be, and what would change. Nothing goes live that was not seen whole."""
        is_out = "retire" in draft.values
        body = EntryView(self.post).shown(FaqCards(self.post).entry_of(draft), draft)
        impact = Html("\n\n".join(filter(None, (impact_in_words(self.post, proposal.impact), self._look(proposal)))))
        template = self._texts.tried_retire if is_out else self._texts.tried
        text, is_cut = self._tried_text(self._texts.tried_new if is_new(draft) else template, body, impact)
        rows: list[tuple[Button, ...]] = []
        if is_cut and not is_out and SEEN not in draft.values:
            text = f"{text}\n\n{self._texts.tried_cut}"
            rows.append((Button(self._texts.button_whole, f"{FAQ}:all"),))
        else:
            rows.append((Button(self._texts.button_publish, f"{FAQ}:publish"),))
        return Payload(text, (*see_button(self.post, proposal.impact), *rows, *self._back))

    def _look(self, proposal: Proposal) -> str:
        """What could be better about it, such as that it is hard to read: it may go live all the same."""
        if isinstance(proposal.edit, Retire) or not proposal.warnings:
            return ""
        lines = "\n".join(f"– {warning.text}" for warning in proposal.warnings[:MOVES])
        return self.post.text(self._texts.look, lines=lines)

    def _tried_text(self, template: str, body: str, impact: Html) -> tuple[str, bool]:
        """With as much of the entry as fits, and whether that is not all."""
        text = self.post.text(template, entry=Html(body), impact=impact)
        if not is_long(text):
            return text, False
        room = MAX_TEXT - _LEFT - len(self.post.text(template, entry="", impact=impact))
        return self.post.text(template, entry=Html(cut(body, room)), impact=impact), True

    def why_not(self, draft: Draft, outcome: Proposal | Conflict | Refused) -> Payload:
        """Why it cannot go live; of a conflict both texts, to choose from."""
        is_undo = "undo" in draft.values
        if isinstance(outcome, Conflict):
            return self._changed_since(draft, outcome) if is_undo else self._conflict(draft, outcome)
        reasons = _reasons(outcome) if isinstance(outcome, Proposal) else outcome.reasons
        text = self.post.text(self._texts.refused, reasons="\n".join(reasons[:MOVES]))
        return Payload(cut(text, MAX_TEXT), () if is_undo else self._back)

    def _changed_since(self, draft: Draft, outcome: Conflict) -> Payload:
        """Why a change cannot be taken back; a second tap finds that the first did it."""
        by = outcome.by
        if by is not None and str(by.undoes_id) == draft.values["undo"]:
            return self._undone(draft, by.id)
        return Payload(self._texts.undo_conflict)

    def _undone(self, draft: Draft, by_id: int) -> Payload:
        """A change is taken back by this revision, and can be put back."""
        if (counts_again := draft.values.get(PUT_BACK)) is not None:
            return Payload(self.post.text(self._texts.put_back, revision=counts_again))
        text = self.post.text(self._texts.undone, revision=draft.values["undo"])
        return Payload(text, ((Button(self._texts.button_put_back, f"{FAQ}:{AGAIN}:{by_id}"),),))

    def failed(self, draft: Draft) -> Payload:
        """It broke, and may be pressed again."""
        if (undone := draft.values.get(UNDO)) is not None:
            return Payload(self._texts.failed, ((Button(self._texts.button_again, f"{FAQ}:{AGAIN}:{undone}"),),))
        return Payload(self._texts.failed, self._back)

    async def settle(self, tx: Tx, draft: Draft, proposal: Proposal | None, published: Published) -> Payload:
        """Note who did it."""
        bot_id, now_us, values = self.post.bot_id, self.post.clock.now_us(), draft.values
        action = "faq_retire" if "retire" in values else "faq_new" if is_new(draft) else "faq_publish"
        if "undo" in values or "sign" in values:
            action = "faq_undo" if "undo" in values else "faq_sign"
        await accounts.write_audit(tx, bot_id, draft.user_id, action, published.revision_id, now_us)
        return self._done(draft, proposal, published)

    def _done(self, draft: Draft, proposal: Proposal | None, published: Published) -> Payload:
        if proposal is None:
            return self._undone(draft, published.revision_id)
        match proposal.edit:
            case Sign() as signed:
                text = self.post.text(self._texts.signed, name=signed.name, registration=signed.registration)
                if signed.review_by is not None:
                    text += " " + self.post.text(self._texts.signed_again, day=signed.review_by.isoformat())
                return Payload(text, ((Button(self._texts.button_next, "rv:next:0"),),))
            case Retire():
                return Payload(self.post.text(self._texts.retired))
            case _:
                entry = proposal.content.entries[proposal.item_id]
                if entry.id != published.item_id:  # others added one whose id came first
                    entry = entry.model_copy(update={"id": published.item_id})
                template = self._texts.added_new if isinstance(proposal.edit, NewEntry) else self._texts.published
                text = self.post.text(template, question=entry.question)
                return Payload(text, ((sign_button(self.post, entry),),))

    def _conflict(self, draft: Draft, conflict: Conflict) -> Payload:
        """Theirs beside what somebody has written, and the choice between them. Each is cut where both are too long
        for a message, and shown whole when asked for."""
        texts, view, entry = self._texts, EntryView(self.post), conflict.theirs
        if not isinstance(entry, Entry):
            return Payload(texts.gone, self._back)
        theirs = view.shown(entry, replace(draft, values={}))
        mine = texts.button_retire if "retire" in draft.values else view.mine(entry, draft)
        text = self.post.text(texts.conflict, theirs=Html(theirs), mine=Html(mine))
        rows = [
            (Button(texts.button_theirs, f"{FAQ}:drop"),),
            (Button(texts.button_mine, f"{FAQ}:mine:{entry.text_hash[:HASH_LETTERS]}"),),
        ]
        if is_long(text):
            half = (MAX_TEXT - _LEFT) // 2
            text = self.post.text(texts.conflict, theirs=Html(cut(theirs, half)), mine=Html(cut(mine, half)))
            rows.insert(0, (Button(texts.button_whole, f"{FAQ}:both"),))
        return Payload(text, tuple(rows))


def _reasons(proposal: Proposal) -> tuple[str, ...]:
    """What keeps it from going live, without the places in files: nobody at the desk opens those."""
    return (*(problem.text for problem in proposal.problems), *proposal.impact.refusals)
