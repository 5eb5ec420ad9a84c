"""A line in staff's words, as an edit of the texts; and what the cards of /teach say about it."""

from dataclasses import dataclass, replace

from bot.content.edit import ChangeEntry, Edit, LeaveToPeople
from bot.content.sentences import TeachReplies
from bot.core.replies import Html
from bot.model import Button, Payload
from bot.services.faq_edits import FaqEdits
from bot.services.faq_written import is_new
from bot.services.impact_desk import see_button
from bot.services.impact_words import MOVES, impact_in_words
from bot.services.post import Post
from bot.services.proposing import Proposal, Undo
from bot.services.publishing import Conflict, Published, Refused
from bot.services.teach_answers import TeachAnswers
from bot.services.teach_cards import TEACH
from bot.store import accounts
from bot.store.drafts import Draft
from bot.store.engine import Tx

KIND = "asked_by_patients"
"""The kind in `for_people.yaml` of lines that staff leave to people."""


@dataclass(frozen=True)
class TeachEdits:
    """The desk of /teach (`edit_publishing.EditDesk`). A new question is tried out as /faq_edit does it."""

    post: Post

    @property
    def _faq(self) -> FaqEdits:
        return FaqEdits(self.post)

    @property
    def _texts(self) -> TeachReplies:
        return self.post.library.served.content.teach

    def edit(self, draft: Draft) -> tuple[Edit | Undo, int | None] | Refused:
        """One more way to ask, on what is served: nobody has to see the others before."""
        if is_new(draft):
            return self._faq.edit(draft)
        served, line = self.post.library.served, draft.values["line"]
        if draft.item_id is None:
            return LeaveToPeople(KIND, line), served.revision_id
        entry = served.content.entries.get(draft.item_id)
        if entry is None:
            return Refused((self._texts.entry_gone,))
        return ChangeEntry(draft.item_id, phrasings=(*entry.phrasings, line)), served.revision_id

    def note(self, draft: Draft) -> str:
        """What the history of the texts says."""
        return self._texts.note

    def tried(self, draft: Draft, proposal: Proposal) -> Payload:
        """The line, where it goes, and what would change."""
        if is_new(draft):
            return self._faq.tried(draft, proposal)
        publish = Button(self._texts.button_publish, _data("publish", draft))
        where, impact = Html(self._where(draft)), Html(impact_in_words(self.post, proposal.impact))
        text = self.post.text(self._texts.tried, where=where, text=draft.values["line"], impact=impact)
        card = self._with_buttons(draft, text, publish)
        return replace(card, buttons=(*see_button(self.post, proposal.impact), *card.buttons))

    def why_not(self, draft: Draft, outcome: Proposal | Conflict | Refused) -> Payload:
        """Why it cannot go live."""
        if is_new(draft):
            return self._faq.why_not(draft, outcome)
        if isinstance(outcome, Conflict):
            return self._with_buttons(draft, self.post.text(self._texts.conflict), self._go_on(draft))
        reasons = outcome.refusals if isinstance(outcome, Proposal) else outcome.reasons
        lines = "\n".join(reasons[:MOVES])
        return self._with_buttons(draft, self.post.text(self._texts.refused, text=draft.values["line"], reasons=lines))

    def failed(self, draft: Draft) -> Payload:
        """It broke, and may be pressed again."""
        if is_new(draft):
            return self._faq.failed(draft)
        return self._with_buttons(draft, self._texts.failed, self._go_on(draft))

    async def settle(self, tx: Tx, draft: Draft, proposal: Proposal | None, published: Published) -> Payload:
        """Note who did it, and that questions like this one are learnt."""
        if is_new(draft):
            done = await self._faq.settle(tx, draft, proposal, published)
            learnt = await self._learnt(tx, replace(draft, item_id=published.item_id), published)
            return Payload(f"{done.text}\n\n{learnt.text}", (*learnt.buttons, *done.buttons))
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        await accounts.write_audit(tx, bot_id, draft.user_id, "teach_publish", published.revision_id, now_us)
        return await self._learnt(tx, draft, published)

    async def _learnt(self, tx: Tx, draft: Draft, published: Published) -> Payload:
        return await TeachAnswers(self.post).learnt(tx, draft, published.revision_id)

    def _where(self, draft: Draft) -> str:
        entry = self.post.library.served.content.entries.get(draft.item_id or "")
        return self.post.text(self._texts.to_entry, question=entry.question) if entry else self._texts.to_people

    def _go_on(self, draft: Draft) -> Button:
        return Button(self._texts.button_again, _data("go", draft))

    def _with_buttons(self, draft: Draft, text: str, *first: Button) -> Payload:
        return Payload(text, ((*first, Button(self._texts.button_change, _data("line", draft))),))


def _data(what: str, draft: Draft) -> str:
    return f"{TEACH}:{what}:{draft.lesson_id}:{draft.values['to']}"
