"""A line in staff's words on its way into the texts: tried out first, then published, each when staff press for it.

Both take seconds, so a press only notes that it is wanted (`store.rewrites`), and `work` does it beside the other
loops.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.content.edit import ChangeEntry, Edit, LeaveToPeople
from bot.content.sentences import TeachReplies
from bot.core.replies import Html
from bot.model import Button, Kind, Method, Outgoing, Payload
from bot.services.impact_words import MOVES, impact_in_words
from bot.services.post import Post
from bot.services.proposing import Proposal
from bot.services.publishing import Proposed, Published, Publisher, Refused
from bot.services.teach_answers import TeachAnswers
from bot.services.teach_cards import TEACH
from bot.services.wanted import do_next
from bot.store import accounts, rewrites
from bot.store.engine import Tx
from bot.store.rewrites import Rewrite, Step

KIND = "asked_by_patients"
"""The kind in `for_people.yaml` of lines that staff leave to people."""


@dataclass(frozen=True)
class TeachPublishing:
    """Does what was pressed under a line."""

    post: Post
    publisher: Publisher
    wake: Callable[[], None]
    """Tells the outbox that there is something to send."""
    _tried: list[Proposal] = field(default_factory=list, repr=False)
    """What was tried out last, which mostly is published next: trying it out again would take as long."""

    async def work(self) -> bool:
        """Do what has been wanted longest. False when there was nothing."""
        bot_id = self.post.bot_id

        def next_one(tx: Tx) -> Awaitable[Rewrite | None]:
            return rewrites.wanted(tx, bot_id)

        def take_up(tx: Tx, rewrite: Rewrite) -> Awaitable[bool]:
            return rewrites.start(tx, bot_id, rewrite)

        did = await do_next(self.post.store, next_one, take_up, self._do, self._failed)
        if did:
            self.wake()
        return did

    async def _do(self, rewrite: Rewrite) -> None:
        await (self._try if rewrite.step is Step.TRY else self._publish)(rewrite)

    async def _failed(self, rewrite: Rewrite) -> None:
        await self._show(rewrite, self._with_buttons(rewrite, self._texts.failed, self._go_on(rewrite)))

    @property
    def _texts(self) -> TeachReplies:
        return self.post.library.served.content.teach

    async def _try(self, rewrite: Rewrite) -> None:
        proposed = await self._propose(rewrite)
        if not isinstance(proposed, Proposal) or proposed.refusals:
            await self._show(rewrite, self._refused(rewrite, proposed))
            return
        publish = Button(self._texts.button_publish, f"{TEACH}:publish:{rewrite.lesson_id}:{rewrite.to}")
        where, impact = Html(self._where(rewrite)), Html(impact_in_words(self.post, proposed.impact))
        text = self.post.text(self._texts.tried, where=where, text=rewrite.line, impact=impact)
        await self._show(rewrite, self._with_buttons(rewrite, text, publish))

    async def _publish(self, rewrite: Rewrite) -> None:
        proposed = await self._propose(rewrite)
        if not isinstance(proposed, Proposal) or proposed.refusals:
            await self._show(rewrite, self._refused(rewrite, proposed))
            return
        outcome = await self.publisher.publish(proposed, rewrite.user_id, self._texts.note)
        if not isinstance(outcome, Published):
            await self._show(rewrite, self._refused(rewrite, outcome))
            return
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        async with self.post.store.write() as tx:
            await accounts.write_audit(tx, bot_id, rewrite.user_id, "teach_publish", outcome.revision_id, now_us)
            learnt = await TeachAnswers(self.post).learnt(tx, rewrite, outcome.revision_id)
            await self._redraw(tx, rewrite, learnt)
            await rewrites.drop(tx, bot_id, rewrite.card_id)

    async def _propose(self, rewrite: Rewrite) -> Proposed:
        served = self.post.library.served
        edit: Edit = LeaveToPeople(KIND, rewrite.line)
        if rewrite.entry_id is not None:
            entry = served.content.entries.get(rewrite.entry_id)
            if entry is None:
                return Refused((self._texts.entry_gone,))
            edit = ChangeEntry(rewrite.entry_id, phrasings=(*entry.phrasings, rewrite.line))
        tried = next((one for one in self._tried if one.edit == edit), None)
        self._tried.clear()
        if tried is not None and rewrite.step is Step.PUBLISH:
            return tried  # made again by the publisher if the texts have moved on
        proposed = await self.publisher.propose(edit, served.revision_id)
        if isinstance(proposed, Proposal):
            self._tried.append(proposed)
        return proposed

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _where(self, rewrite: Rewrite) -> str:
        entry = self.post.library.served.content.entries.get(rewrite.entry_id or "")
        return self.post.text(self._texts.to_entry, question=entry.question) if entry else self._texts.to_people

    def _refused(self, rewrite: Rewrite, proposed: Proposed) -> Payload:
        if isinstance(proposed, Proposal):
            reasons = proposed.refusals
        elif isinstance(proposed, Refused):
            reasons = proposed.reasons
        else:
            return self._with_buttons(rewrite, self.post.text(self._texts.conflict), self._go_on(rewrite))
        lines = "\n".join(reasons[:MOVES])
        return self._with_buttons(rewrite, self.post.text(self._texts.refused, text=rewrite.line, reasons=lines))

    def _go_on(self, rewrite: Rewrite) -> Button:
        return Button(self._texts.button_again, f"{TEACH}:go:{rewrite.lesson_id}:{rewrite.to}")

    def _with_buttons(self, rewrite: Rewrite, text: str, *first: Button) -> Payload:
        change = Button(self._texts.button_change, f"{TEACH}:line:{rewrite.lesson_id}:{rewrite.to}")
        return Payload(text, ((*first, change),))

    async def _show(self, rewrite: Rewrite, payload: Payload) -> None:
        async with self.post.store.write() as tx:
            if await rewrites.is_there(tx, self.post.bot_id, rewrite.card_id):
                await self._redraw(tx, rewrite, payload)

    async def _redraw(self, tx: Tx, rewrite: Rewrite, payload: Payload) -> None:
        key = f"teach:{rewrite.card_id}:{rewrite.step}:{self.post.clock.now_us()}"
        out = Outgoing(rewrite.chat_id, Kind.RELAY, payload, key, method=Method.EDIT_TEXT, target_id=rewrite.card_id)
        await self.post.enqueue(tx, out)
