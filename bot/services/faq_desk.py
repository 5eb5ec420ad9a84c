"""/faq_edit: an answer, a question or one more way to ask, changed in the chat by replying to its card.

What is written waits in a draft (`store.drafts`). Nothing changes for patients until it was tried out and somebody has
pressed *Publish* under what will be; both take seconds, and `edit_publishing` does them beside the inbox.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.model import ChatId, Kind, MediaIn, Outgoing, Payload, PressIn, TextIn, UserId
from bot.services.faq_desk_cards import PARTS, FaqCards
from bot.services.faq_history import FaqHistory
from bot.services.post import Post
from bot.store import drafts
from bot.store.drafts import PUBLISH, TRY, Draft
from bot.store.engine import Tx


@dataclass(frozen=True)
class FaqDesk:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _cards(self) -> FaqCards:
        return FaqCards(self.post)

    def command(self, words: str) -> Payload:
        """What /faq_edit is replied to with: entries that the words may mean, or all groups."""
        return self._cards.search(words) if words.strip() else self._cards.groups()

    async def begin(self, tx: Tx, who: UserId, chat_id: ChatId, draft: Draft, key: str) -> None:
        """Show a draft on a card of its own, in place of whatever its author was about to change."""
        out = Outgoing(chat_id, Kind.RELAY, self._cards.entry(draft), key)
        if (card_id := await self.post.enqueue(tx, out)) is not None:
            one = replace(draft, user_id=who, chat_id=chat_id, card_id=card_id, asking=None)
            await drafts.keep(tx, self.post.bot_id, one, self.post.clock.now_us())

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        what, _, id_ = argument.partition(":")
        if what in {"undo", "undosure"} and id_.isdecimal():
            history = FaqHistory(self.post)
            await (history.ask if what == "undo" else history.undo)(tx, press, int(id_))
            return
        if what in {"groups", "group"}:
            await self.post.redraw(tx, press, self._cards.group(id_) if id_ else self._cards.groups())
        elif what == "open":
            new = Draft(press.sender.user_id, press.chat_id, press.row_id, id_, self.post.library.served.revision_id)
            await self.begin(tx, new.user_id, press.chat_id, new, f"faq:{press.press_id}")
        elif (draft := await drafts.on_card(tx, self.post.bot_id, press.row_id)) is None:
            await self.post.redraw(tx, press, self._cards.groups(self._cards.texts.card_gone))
        elif draft.user_id == press.sender.user_id and (do := self._by_name.get(what)) is not None:
            await do(tx, press, draft)

    @property
    def _by_name(self) -> Mapping[str, Callable[[Tx, PressIn, Draft], Awaitable[None]]]:
        return {
            **{part: self._ask(part) for part in PARTS},
            "show": self._show,
            "drop": self._start_again,
            "try": self._try,
            "retire": self._retire,
            "publish": self._publish,
            "mine": self._mine,
        }

    def _ask(self, part: str) -> Callable[[Tx, PressIn, Draft], Awaitable[None]]:
        async def ask(tx: Tx, press: PressIn, draft: Draft) -> None:
            if draft.item_id in self._cards.content.entries:
                await self._keep(tx, press, replace(draft, asking=part), self._cards.asking(draft, part))

        return ask

    async def _show(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        new = replace(draft, values=_words_of(draft), asking=None)
        await self._keep(tx, press, new, self._cards.entry(new))

    async def _start_again(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        """Throw away what was written, and see the entry as it is now: also how somebody takes another's change."""
        new = replace(draft, values={}, base_id=self.post.library.served.revision_id, asking=None)
        await self._keep(tx, press, new, self._cards.entry(new))

    async def _try(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        await self._want(tx, press, replace(draft, asking=TRY))

    async def _retire(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        await self._want(tx, press, replace(draft, values={"retire": "yes"}, asking=TRY))

    async def _publish(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        await self._want(tx, press, replace(draft, asking=PUBLISH))

    async def _mine(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        """Their own words on top of what somebody else has published, which they have seen."""
        now_id = self.post.library.served.revision_id
        await self._want(tx, press, replace(draft, base_id=now_id, asking=TRY))

    async def _want(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        """Ask for what takes seconds. The card stays one that can be pressed: a killed worker leaves it as it was."""
        said = self._cards.texts.trying if draft.asking == TRY else self._cards.texts.publishing
        await self._keep(tx, press, draft, self._cards.entry(draft, said))

    async def _keep(self, tx: Tx, press: PressIn, draft: Draft, payload: Payload) -> None:
        await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())
        await self.post.redraw(tx, press, payload)

    # --- other words ------------------------------------------------------------------------------------------------

    async def answer(self, tx: Tx, said: TextIn | MediaIn, draft: Draft) -> None:
        """Words for the part of the entry that was asked for, as a reply to its card."""
        texts, key = self._cards.texts, f"faq:{said.chat_id}:{said.message_id}"
        if said.sender.user_id != draft.user_id:
            why_not = texts.not_yours
        elif draft.asking not in PARTS or not isinstance(said, TextIn) or not said.text.strip():
            why_not = texts.press_first
        else:
            await self.begin(tx, draft.user_id, said.chat_id, _with_words(draft, said), key)
            return
        payload = Payload(self.post.text(why_not))
        await self.post.enqueue(tx, Outgoing(said.chat_id, Kind.RELAY, payload, key, reply_to_id=said.message_id))


def _with_words(draft: Draft, said: TextIn) -> Draft:
    part, line = draft.asking or "", " ".join(said.text.split())
    if part == "answer":
        line = said.html.strip()
    elif part == "phrasing":
        line = "\n".join(filter(None, (draft.values.get(part), line)))
    return replace(draft, values={**_words_of(draft), part: line})


def _words_of(draft: Draft) -> dict[str, str]:
    """What was written so far: whoever goes on writing does not take the entry out, or sign it, any more."""
    return {part: words for part, words in draft.values.items() if part in PARTS}
