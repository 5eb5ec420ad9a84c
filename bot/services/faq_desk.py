"""/faq_edit: a question, its answer and the ways to ask it, changed or added in the chat by replying to its card.

What is written waits in a draft (`store.drafts`). Nothing changes for patients until it was tried out and somebody has
pressed *Publish* under what will be; both take seconds, and `edit_publishing` does them beside the inbox. What replies
mean is in `faq_desk_replies`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from bot.clock import to_us
from bot.core.faq_writing import joined
from bot.model import ChatId, Kind, Outgoing, Payload, PressIn, TelegramMessageId, UserId
from bot.services.faq_desk_cards import PARTS, FaqCards
from bot.services.faq_entry_view import USE_DAYS, EntryView
from bot.services.faq_history import AGAIN, UNDO, FaqHistory
from bot.services.faq_parts_cards import FaqPartsCards
from bot.services.faq_written import (
    GROUP,
    LISTED,
    REVIEW,
    SEEN,
    TIMES,
    is_new,
    times_value,
    with_value,
    words_of,
)
from bot.services.post import Post
from bot.services.review_dates import REVIEW_AFTER
from bot.store import buttons, drafts, feedback
from bot.store.drafts import IN_WORK, PUBLISH, TRY, Draft
from bot.store.engine import Tx
from bot.store.feedback import Counts

HASH_LETTERS = 8
"""So much of its hash says which text of a colleague's was seen; Telegram takes 64 bytes with a button."""
_ASKED = (*PARTS, "out", "time", "ends", "split")
_Do: TypeAlias = Callable[[Tx, PressIn, Draft, str], Awaitable[None]]


@dataclass(frozen=True)
class FaqDesk:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _cards(self) -> FaqCards:
        return FaqCards(self.post)

    @property
    def _parts(self) -> FaqPartsCards:
        return FaqPartsCards(self.post)

    def command(self, words: str) -> Payload:
        """What /faq_edit is replied to with: entries that the words may mean, or all groups."""
        return self._cards.search(words) if words.strip() else self._cards.groups()

    def new_values(self) -> dict[str, str]:
        """The values of a draft of a new question, whose group is still to be chosen."""
        today = self.post.clock.now().astimezone(self._cards.content.clinic.zone).date()
        return {GROUP: "", REVIEW: (today + REVIEW_AFTER).isoformat()}

    async def begin(self, tx: Tx, draft: Draft, key: str, under: TelegramMessageId | None) -> None:
        """Show a draft on a card of its own, in place of whatever its author was about to change. `under`: the message
        that it answers, and in whose topic it stands."""
        counts = None if draft.asking == TRY else await self._counts(tx, draft)
        said = self._cards.texts.trying if draft.asking == TRY else ""
        payload = self._cards.entry(draft, said, counts)
        out = Outgoing(draft.chat_id, Kind.RELAY, payload, key, reply_to_id=under)
        if (card_id := await self.post.enqueue(tx, out)) is not None:
            asking = draft.asking or self._cards.next_part(draft)
            await drafts.keep(
                tx, self.post.bot_id, replace(draft, card_id=card_id, asking=asking), self.post.clock.now_us()
            )

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        what, _, id_ = argument.partition(":")
        if what in {UNDO, AGAIN} and id_.isdecimal():
            history = FaqHistory(self.post)
            await (history.undo if what == UNDO else history.again)(tx, press, int(id_))
        elif what in {"groups", "group"}:
            await self.post.redraw(tx, press, self._cards.group(id_) if id_ else self._cards.groups())
        elif what in {"open", "new"}:
            served_id = self.post.library.served.revision_id
            draft = Draft(press.sender.user_id, press.chat_id, press.row_id, id_ if what == "open" else None, served_id)
            if what == "new":
                draft = replace(draft, values={**self.new_values(), GROUP: id_})
            await self.begin(tx, draft, f"faq:{press.press_id}", press.message_id)
        else:
            await self._press_on_draft(tx, press, what, id_)

    async def _press_on_draft(self, tx: Tx, press: PressIn, what: str, argument: str) -> None:
        assert press.row_id is not None, "a press that was checked says which message it was on"
        draft = await drafts.on_card(tx, self.post.bot_id, press.row_id)
        if draft is None or draft.is_line:
            data = press.data or ""
            if await buttons.are_there(tx, self.post.bot_id, press.chat_id, press.row_id, data):  # not pressed twice
                await self.post.redraw(tx, press, self._cards.groups(self._cards.texts.card_gone))
        elif draft.user_id != press.sender.user_id:
            await self.post.reply(tx, press, Payload(self.post.text(self._cards.texts.not_yours)))
        elif (do := self._by_name.get(what)) is not None:
            await do(tx, press, draft, argument)

    @property
    def _by_name(self) -> Mapping[str, _Do]:
        return {
            **{part: self._ask(part) for part in _ASKED},
            "show": self._show,
            "times": self._times,
            "join": self._join,
            "into": self._into,
            "drop": self._start_again,
            "try": self._try,
            "retire": self._retire,
            "publish": self._publish,
            "mine": self._mine,
            "whole": self._whole,
            "all": self._whole_to_publish,
            "both": self._both,
        }

    def _is_there(self, draft: Draft) -> bool:
        return is_new(draft) or self._cards.entry_of(draft) is not None

    def _ask(self, part: str) -> _Do:
        async def ask(tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
            if not self._is_there(draft):
                await self._show(tx, press, draft, "")
                return
            values = words_of(draft)
            if part == "out":
                values[LISTED] = "\n".join(self._parts.listed(draft))
            asking = f"{part}:{argument}" if part in {"time", "ends"} else part
            new = replace(draft, values=values, asking=asking)
            await self._keep(tx, press, new, self._parts.asking(new, part, argument))

        return ask

    async def _show(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        new = replace(draft, values=words_of(draft), asking=self._cards.next_part(draft))
        await self._keep(tx, press, new, self._cards.entry(new, counts=await self._counts(tx, new)))

    async def _times(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        if self._is_there(draft):
            await self._keep(tx, press, replace(draft, asking=None), self._parts.times(draft))
        else:
            await self._show(tx, press, draft, "")

    async def _join(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        variants = self._parts.written(draft).variants
        if argument.isdecimal() and int(argument) < len(variants):
            draft = with_value(draft, TIMES, times_value(joined(variants, int(argument))))
        await self._times(tx, press, draft, "")

    async def _into(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        """The group of a new question."""
        if is_new(draft):
            await self._show(tx, press, with_value(draft, GROUP, argument), "")

    async def _start_again(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        """Throw away what was written, and see the entry as it is now: also how somebody takes another's change."""
        if is_new(draft):
            await drafts.throw_away(tx, self.post.bot_id, draft)
            await self.post.redraw(tx, press, self._cards.groups(self._cards.texts.cancelled))
            return
        new = replace(draft, values={}, base_id=self.post.library.served.revision_id, asking=None)
        await self._show(tx, press, new, "")

    # --- trying out and publishing ----------------------------------------------------------------------------------

    async def _try(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        await self._want(tx, press, replace(draft, asking=TRY))

    async def _retire(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        await self._want(tx, press, replace(draft, values={"retire": "yes"}, asking=TRY))

    async def _publish(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        if draft.asking not in {PUBLISH, IN_WORK[PUBLISH]}:  # somebody may press twice
            await self._want(tx, press, replace(draft, asking=PUBLISH))

    async def _mine(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        """Their own words on top of what somebody else has published: as far as what is there now is what they saw."""
        entry = self._cards.entry_of(draft)
        if entry is not None and entry.text_hash.startswith(argument):
            draft = replace(draft, base_id=self.post.library.served.revision_id)
        await self._want(tx, press, replace(draft, asking=TRY))

    async def _want(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        """Ask for what takes seconds. The card stays one that can be pressed: a killed worker leaves it as it was."""
        if is_new(draft) and self._cards.next_part(draft) is not None:
            await self._show(tx, press, draft, "")
            return
        said = self._cards.texts.trying if draft.asking == TRY else self._cards.texts.publishing
        await self._keep(tx, press, draft, self._cards.entry(draft, said))

    # --- what is too long for one message ---------------------------------------------------------------------------

    async def _whole(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        """All of the entry in as many messages as it takes, and the card anew below."""
        await self._say_whole(tx, press, draft)
        await self.begin(tx, replace(draft, asking=None), f"faq:{press.press_id}", press.message_id)

    async def _whole_to_publish(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        """The same, and below what was tried out, which may go live now that it was seen."""
        await self._say_whole(tx, press, draft)
        seen = replace(draft, values={**draft.values, SEEN: "yes"}, asking=TRY)
        await self.begin(tx, seen, f"faq:{press.press_id}", press.message_id)

    async def _both(self, tx: Tx, press: PressIn, draft: Draft, argument: str) -> None:
        """A colleague's text and what was written here, and the choice between them below."""
        entry, texts, view = self._cards.entry_of(draft), self._cards.texts, EntryView(self.post)
        if entry is not None:
            nothing = replace(draft, values={})
            theirs, mine = view.shown(entry, nothing), view.mine(entry, draft)
            await self._say(tx, press, f"{texts.whole_theirs}\n\n{theirs}", "theirs")
            await self._say(tx, press, f"{texts.whole_mine}\n\n{mine}", "mine")
        await self.begin(tx, replace(draft, asking=TRY), f"faq:{press.press_id}", press.message_id)

    async def _say_whole(self, tx: Tx, press: PressIn, draft: Draft) -> None:
        await self._say(tx, press, EntryView(self.post).shown(self._cards.entry_of(draft), draft), "whole")

    async def _say(self, tx: Tx, press: PressIn, text: str, part: str) -> None:
        key = f"{part}:{press.press_id}"
        out = Outgoing(press.chat_id, Kind.RELAY, Payload(text), key, reply_to_id=press.message_id)
        await self.post.enqueue(tx, out)

    # --- helpers ----------------------------------------------------------------------------------------------------

    async def _keep(self, tx: Tx, press: PressIn, draft: Draft, payload: Payload) -> None:
        await drafts.keep(tx, self.post.bot_id, draft, self.post.clock.now_us())
        await self.post.redraw(tx, press, payload)

    async def _counts(self, tx: Tx, draft: Draft) -> Counts | None:
        """What patients made of the entry lately."""
        entry_id, bot_id = draft.item_id, self.post.bot_id
        if entry_id is None or self._cards.entry_of(draft) is None:
            return None
        since_us = to_us(self.post.clock.now() - timedelta(days=USE_DAYS))

        async def query(tx: Tx) -> Counts:
            return await feedback.of_entry(tx, bot_id, entry_id, since_us)

        return await self.post.count(tx, ("faq_use", entry_id), query)


def begun(who: UserId, chat_id: ChatId, draft: Draft) -> Draft:
    """The draft as somebody goes on with it in a chat."""
    return replace(draft, user_id=who, chat_id=chat_id, asking=None)
