"""Edits of the texts that staff make in the chat, on their way: tried out first, then published, each when they press.

Both take seconds, so a press only notes that it is wanted (`store.drafts`), and `work` does it beside the other loops.
What is tried and what is said about it is for the desk that the draft comes from.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot import logs
from bot.content.edit import Edit
from bot.errors import StoreError
from bot.model import Kind, MessageId, Method, Outgoing, Payload
from bot.services.impact_desk import ImpactDesk
from bot.services.post import Post
from bot.services.proposing import Proposal, Undo
from bot.services.publishing import Conflict, Proposed, Published, Publisher, Refused
from bot.store import drafts
from bot.store.drafts import PUBLISH, SEE, TRY, Draft
from bot.store.engine import Tx

log = logs.get(__name__)


class EditDesk(Protocol):
    """Where drafts of one kind come from."""

    def edit(self, draft: Draft) -> tuple[Edit | Undo, int | None] | Refused:
        """What the draft asks for, and the revision it was made on."""

    def note(self, draft: Draft) -> str:
        """What the history of the texts says."""

    def tried(self, draft: Draft, proposal: Proposal) -> Payload:
        """The card of what can be published."""

    def why_not(self, draft: Draft, outcome: Proposal | Conflict | Refused) -> Payload:
        """The card of what cannot."""

    def failed(self, draft: Draft) -> Payload:
        """The card of what broke: somebody waits for an answer, and may press again."""

    async def settle(self, tx: Tx, draft: Draft, proposal: Proposal | None, published: Published) -> Payload:
        """Note what is published now; the card that says so. `proposal`: what was; None: something was taken back."""


@dataclass(frozen=True)
class EditPublishing:
    """Does what was pressed under a draft."""

    post: Post
    publisher: Publisher
    wake: Callable[[], None]
    """Tells the outbox that there is something to send."""
    desks: Mapping[bool, EditDesk]
    """By whether a draft comes from a patient's question."""

    async def work(self) -> bool:
        """Do what has been wanted longest. False when there was nothing."""
        async with self.post.store.read() as tx:
            draft = await drafts.wanted(tx, self.post.bot_id)
        if draft is None:
            return False
        async with self.post.store.write() as tx:
            if not await drafts.start(tx, self.post.bot_id, draft):
                return True
        desk = self.desks[draft.lesson_id is not None]
        try:
            await self._steps[draft.asking or ""](desk, draft)
        except StoreError:
            raise
        except Exception as error:
            log.error("edit_failed", exc=error, card_id=draft.card_id)
            await self._show(draft, desk.failed(draft))
        self.wake()
        return True

    @property
    def _steps(self) -> Mapping[str, Callable[[EditDesk, Draft], Awaitable[None]]]:
        return {TRY: self._try, PUBLISH: self._publish, SEE: self._see}

    async def _try(self, desk: EditDesk, draft: Draft) -> None:
        proposed = await self._propose(desk, draft)
        if isinstance(proposed, Proposal) and not proposed.refusals:
            await self._show(draft, desk.tried(draft, proposed))
        elif not isinstance(proposed, Undo):
            await self._show(draft, desk.why_not(draft, proposed))

    async def _publish(self, desk: EditDesk, draft: Draft) -> None:
        """Publish it and note that it is done, in one transaction: a worker killed in between leaves neither.

        Of a double tap two workers may take up one each. The card says once that this is published: whoever is second
        publishes nothing.
        """
        proposed = await self._propose(desk, draft)
        who, note = draft.user_id, desk.note(draft)

        async def settle(tx: Tx, published: Published) -> None:
            payload = await desk.settle(tx, draft, proposed if isinstance(proposed, Proposal) else None, published)
            if await self._redraw(tx, draft, payload, _once(draft)) is None:
                raise _PublishedBefore
            await drafts.drop(tx, self.post.bot_id, draft)

        outcome: Proposal | Conflict | Refused | Published
        try:
            if isinstance(proposed, Undo):
                outcome = await self.publisher.undo(proposed.revision_id, who, note, settle)
            elif isinstance(proposed, Proposal) and not proposed.refusals:
                outcome = await self.publisher.publish(proposed, who, note, settle)
            else:
                outcome = proposed
        except _PublishedBefore:
            log.info("edit_published_before", card_id=draft.card_id)
            return
        if not isinstance(outcome, Published):
            await self._show(draft, desk.why_not(draft, outcome))

    async def _see(self, desk: EditDesk, draft: Draft) -> None:
        """Show which questions would be answered otherwise."""
        proposed = await self._propose(desk, draft)
        if isinstance(proposed, Proposal):
            async with self.post.store.write() as tx:
                await ImpactDesk(self.post).show(tx, draft, proposed.impact)
        elif not isinstance(proposed, Undo):
            await self._show(draft, desk.why_not(draft, proposed))

    async def _propose(self, desk: EditDesk, draft: Draft) -> Proposed | Undo:
        """Tried out; taking back is tried out by the publisher."""
        found = desk.edit(draft)
        if isinstance(found, Refused):
            return found
        edit, base_id = found
        if isinstance(edit, Undo):
            return edit
        known = {PUBLISH: self.publisher.take_tried, SEE: self.publisher.last_tried}.get(draft.asking or "")
        return (known(edit) if known is not None else None) or await self.publisher.propose(edit, base_id)

    async def _show(self, draft: Draft, payload: Payload) -> None:
        """If the draft is still there: its author may have gone on, or its question been forgotten."""
        of_lesson = draft.lesson_id is not None
        async with self.post.store.write() as tx:
            if await drafts.on_card(tx, self.post.bot_id, draft.card_id, of_lesson=of_lesson) is not None:
                await self._redraw(tx, draft, payload)

    async def _redraw(self, tx: Tx, draft: Draft, payload: Payload, key: str | None = None) -> MessageId | None:
        """`key`: of what is said once; None is returned when it was."""
        key = key or f"edit:{draft.card_id}:{draft.asking}:{self.post.clock.now_us()}"
        out = Outgoing(draft.chat_id, Kind.RELAY, payload, key, method=Method.EDIT_TEXT, target_id=draft.card_id)
        return await self.post.enqueue(tx, out)


class _PublishedBefore(Exception):
    """Raised to take a transaction back: another worker has published this draft."""


def _once(draft: Draft) -> str:
    """The same key of two taps on a draft, another one once its author has changed it."""
    return f"published:{draft.card_id}:{draft.user_id}:{draft.kept_us}"
