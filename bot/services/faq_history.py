"""/faq_history: the last changes of the texts, and one tap that takes one back.

Taking back is an edit like any other: it is tried out and published beside the inbox (`edit_publishing`), and can be
taken back itself with one more tap.
"""

from dataclasses import dataclass

from bot.clock import from_us
from bot.content.edit import signables
from bot.content.schema import Entry
from bot.content.sentences import FaqDeskReplies
from bot.core.replies import Html, full_time
from bot.model import Button, Kind, MessageId, Outgoing, Payload, PressIn
from bot.services.faq_desk_cards import FAQ
from bot.services.post import Post
from bot.store import drafts, people, revisions
from bot.store.drafts import IN_WORK, PUBLISH, Draft
from bot.store.engine import Tx
from bot.store.revisions import Revision

UNDO, PUT_BACK = "undo", "put_back"
"""Values of such a draft: the change to take back; where that took one back itself, which: it will count again."""
AGAIN = "undosure"
"""The button on such a card."""
_ON_ITS_WAY = frozenset({PUBLISH, IN_WORK[PUBLISH]})
SHOWN = 10
UNDOABLE = 3
"""So many of them have a button; an older one is taken back after those."""
_NAMED = 3
"""So many of the texts that one changed are named."""


@dataclass(frozen=True)
class FaqHistory:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _texts(self) -> FaqDeskReplies:
        return self.post.library.served.content.faq_desk

    async def command(self, tx: Tx) -> Payload:
        """What /faq_history is replied to with, newest first."""
        found = await revisions.history(tx, self.post.bot_id, None, SHOWN)
        lines = [await self._line(tx, one) for one in found]
        undo = [one for one in found if one.parent_id is not None][:UNDOABLE]
        label = self._texts.button_undo
        buttons = tuple((Button(label.replace("{revision}", str(one.id)), f"{FAQ}:undo:{one.id}"),) for one in undo)
        return Payload(self.post.text(self._texts.history, lines=Html("\n".join(lines))), buttons)

    async def undo(self, tx: Tx, press: PressIn, revision_id: int) -> None:
        """Take a change back at once, and say so on a card of its own: the history keeps its other buttons."""
        found = await revisions.get(tx, self.post.bot_id, revision_id)
        if found is None or found.parent_id is None:
            return
        before = await drafts.of_user(tx, self.post.bot_id, press.sender.user_id)
        if before is not None and before.values.get(UNDO) == str(revision_id) and before.asking in _ON_ITS_WAY:
            return  # a double tap, and the card says that it is being done
        payload = await self._doing(tx, found)
        out = Outgoing(press.chat_id, Kind.RELAY, payload, f"undo:{press.press_id}", reply_to_id=press.message_id)
        if (card_id := await self.post.enqueue(tx, out)) is not None:
            await self._want(tx, press, card_id, found)

    async def again(self, tx: Tx, press: PressIn, revision_id: int) -> None:
        """The same on the card that was pressed: to put back what was taken back there, and for what a killed worker
        left."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        found = await revisions.get(tx, self.post.bot_id, revision_id)
        if found is None or found.parent_id is None:
            return
        await self._want(tx, press, press.row_id, found)
        await self.post.redraw(tx, press, await self._doing(tx, found))

    async def _want(self, tx: Tx, press: PressIn, card_id: MessageId, one: Revision) -> None:
        values = {UNDO: str(one.id)}
        if one.undoes_id is not None:
            values[PUT_BACK] = str(one.undoes_id)
        served_id = self.post.library.served.revision_id
        draft = Draft(press.sender.user_id, press.chat_id, card_id, None, served_id, values, PUBLISH)
        await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())

    async def _doing(self, tx: Tx, one: Revision) -> Payload:
        """The card meanwhile, which says what is being taken back."""
        text = self.post.text(self._texts.undoing, line=Html(await self._line(tx, one)))
        return Payload(text, ((Button(self._texts.button_again, f"{FAQ}:{AGAIN}:{one.id}"),),))

    async def _line(self, tx: Tx, one: Revision) -> str:
        texts, content = self._texts, self.post.library.served.whole
        who = texts.by_folder
        if one.author_id is not None:
            who = await people.name_of(tx, self.post.bot_id, one.author_id)
        return self.post.text(
            texts.history_undone if one.undoes_id is not None else texts.history_line,
            revision=str(one.id),
            time=full_time(from_us(one.at_us), content.clinic.zone),
            who=who,
            what=self._what(one),
            undone=str(one.undoes_id),
        )

    def _what(self, one: Revision) -> str:
        """The texts it changed, by their titles."""
        if not one.touched:
            return self._texts.all_texts
        known = signables(self.post.library.served.whole)
        titles = [part.question if isinstance(part := known.get(id_), Entry) else id_ for id_ in one.touched]
        return ", ".join(titles[:_NAMED]) + (" …" if len(titles) > _NAMED else "")
