"""/faq_history: the last changes of the texts, and one tap that takes one back.

Taking back is an edit like any other: it is tried out and published beside the inbox (`edit_publishing`).
"""

from dataclasses import dataclass

from bot.clock import from_us
from bot.content.edit import signables
from bot.content.schema import Entry
from bot.content.sentences import FaqDeskReplies
from bot.core.replies import Html, full_time
from bot.model import Button, Payload, PressIn
from bot.services.faq_desk_cards import FAQ
from bot.services.post import Post
from bot.store import drafts, people, revisions
from bot.store.drafts import PUBLISH, Draft
from bot.store.engine import Tx
from bot.store.revisions import Revision

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

    async def ask(self, tx: Tx, press: PressIn, revision_id: int) -> None:
        """Whether that is meant, in a message of its own that says what comes back."""
        found = await revisions.get(tx, self.post.bot_id, revision_id)
        if found is None or found.parent_id is None:
            return
        text = self.post.text(self._texts.undo_ask, line=Html(await self._line(tx, found)))
        sure = Button(self._texts.button_undo_sure, f"{FAQ}:undosure:{revision_id}")
        await self.post.reply(tx, press, Payload(text, ((sure,),)))

    async def undo(self, tx: Tx, press: PressIn, revision_id: int) -> None:
        """Ask for it. The button stays: a press again asks again, for what a killed worker left."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        who, values = press.sender.user_id, {"undo": str(revision_id)}
        served_id = self.post.library.served.revision_id
        draft = Draft(who, press.chat_id, press.row_id, None, served_id, values, PUBLISH)
        await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())
        again = Button(self._texts.button_again, f"{FAQ}:undosure:{revision_id}")
        await self.post.redraw(tx, press, Payload(self._texts.publishing, ((again,),)))

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
