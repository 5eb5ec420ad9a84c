"""What staff reply to a card of /faq_edit: words for the part that was asked for. The next card has them, unless
something is wrong: then the reply says what, and the card waits for better words."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.content.lint_faq import MIN_PHRASINGS
from bot.content.lint_text import MAX_LABEL, normalise
from bot.core.faq_writing import lines_in, named, parted, read_length, with_end
from bot.model import Buttons, Kind, MediaIn, Outgoing, Payload, TextIn
from bot.services.faq_desk import FaqDesk, begun
from bot.services.faq_desk_cards import FaqCards, opening
from bot.services.faq_parts_cards import FaqPartsCards
from bot.services.faq_written import LISTED, OUT, TIMES, times_value, with_value
from bot.services.post import Post
from bot.services.teach_lines import TeachLines
from bot.store.drafts import Draft
from bot.store.engine import Tx

MAX_LINE = 300
"""Letters of a way to ask (`content.parts.Line`)."""
MAX_ANSWER = 4096
"""Letters of an answer with its markup (`content.parts.Text`)."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What is wrong with the words, as HTML."""

    text: str
    buttons: Buttons = ()


@dataclass(frozen=True)
class FaqReplies:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _cards(self) -> FaqCards:
        return FaqCards(self.post)

    async def answer(self, tx: Tx, said: TextIn | MediaIn, draft: Draft) -> None:
        """Words for the part of the entry that was asked for, as a reply to its card."""
        key = f"faq:{said.chat_id}:{said.message_id}"
        found = await self._read(tx, said, draft)
        if isinstance(found, Draft):
            await FaqDesk(self.post).begin(tx, begun(draft.user_id, said.chat_id, found), key, said.message_id)
            return
        payload = Payload(found.text, found.buttons)
        await self.post.enqueue(tx, Outgoing(said.chat_id, Kind.RELAY, payload, key, reply_to_id=said.message_id))

    async def _read(self, tx: Tx, said: TextIn | MediaIn, draft: Draft) -> Draft | WhyNot:
        texts, say = self._cards.texts, self.post.text
        if said.sender.user_id != draft.user_id:
            return WhyNot(say(texts.not_yours))
        part, _, number = (draft.asking or "").partition(":")
        read = self._by_part.get(part)
        if read is None or not isinstance(said, TextIn) or not said.text.strip():
            return WhyNot(say(texts.press_first))
        return await read(tx, said, draft, int(number or 0))

    @property
    def _by_part(self) -> Mapping[str, Callable[[Tx, TextIn, Draft, int], Awaitable[Draft | WhyNot]]]:
        return {
            "question": self._question,
            "answer": self._answer,
            "phrasing": self._phrasings,
            "out": self._out,
            "time": self._time,
            "ends": self._ends,
            "split": self._split,
        }

    # --- the question and the ways to ask it ------------------------------------------------------------------------

    async def _question(self, tx: Tx, said: TextIn, draft: Draft, _: int) -> Draft | WhyNot:
        texts, say, line = self._cards.texts, self.post.text, " ".join(said.text.split())
        if len(line) > MAX_LABEL:
            return WhyNot(say(texts.question_long, count=str(len(line)), most=str(MAX_LABEL)))
        for entry in self._cards.content.entries.values():
            if entry.id != draft.item_id and normalise(entry.question) == normalise(line):
                return WhyNot(say(texts.question_taken, question=entry.question), ((opening(entry),),))
        if why_not := await self._tells(tx, draft, line):
            return WhyNot(why_not)
        return with_value(draft, "question", line)

    async def _phrasings(self, tx: Tx, said: TextIn, draft: Draft, _: int) -> Draft | WhyNot:
        texts, say, one = self._cards.texts, self.post.text, FaqPartsCards(self.post).written(draft)
        known = {normalise(line) for line in (*one.listed, *one.added)}
        lines = [line for line in lines_in(said.text) if normalise(line) not in known]
        if not lines:
            return WhyNot(say(texts.phrasing_known))
        taken = {
            normalise(line): entry
            for entry in self._cards.content.entries.values()
            if entry.id != draft.item_id
            for line in entry.phrasings
        }
        for line in lines:
            if len(line) > MAX_LINE:
                return WhyNot(say(texts.phrasing_long, count=str(len(line)), most=str(MAX_LINE)))
            if (other := taken.get(normalise(line))) is not None:
                return WhyNot(say(texts.phrasing_taken, text=line, question=other.question), ((opening(other),),))
            if why_not := await self._tells(tx, draft, line):
                return WhyNot(why_not)
        return with_value(draft, "phrasing", "\n".join((*one.added, *lines)))

    async def _tells(self, tx: Tx, draft: Draft, line: str) -> str:
        """What in a line could tell which patient the question came from; empty where it came from none."""
        if draft.lesson_id is None:
            return ""
        return await TeachLines(self.post).why_not(tx, line, draft.lesson_id)

    async def _out(self, tx: Tx, said: TextIn, draft: Draft, _: int) -> Draft | WhyNot:
        """Take out what is named; what goes out already, and is named again, stays."""
        texts, say, one = self._cards.texts, self.post.text, FaqPartsCards(self.post).written(draft)
        listed = draft.values.get(LISTED, "").splitlines()
        found = named(listed, said.text)
        if found.unknown:
            return WhyNot(say(texts.out_unknown, words=", ".join(found.unknown)))
        lines = {listed[place] for place in found.places}
        added = [line for line in one.added if line not in lines]
        out = [line for line in one.listed if (line in one.out) != (line in lines)]
        new = with_value(with_value(draft, "phrasing", "\n".join(added)), OUT, "\n".join(out))
        if lines and len(FaqPartsCards(self.post).written(new).phrasings) < MIN_PHRASINGS:
            return WhyNot(say(texts.out_too_few, least=str(MIN_PHRASINGS)))
        return new

    # --- the answer, at any time and by time ------------------------------------------------------------------------

    async def _answer(self, tx: Tx, said: TextIn, draft: Draft, _: int) -> Draft | WhyNot:
        return with_value(draft, "answer", said.html.strip())

    async def _time(self, tx: Tx, said: TextIn, draft: Draft, at: int) -> Draft | WhyNot:
        variants, answer = FaqPartsCards(self.post).written(draft).variants, said.html.strip()
        if at >= len(variants):
            return WhyNot(self.post.text(self._cards.texts.press_first))
        if len(answer) > MAX_ANSWER:
            return WhyNot(self.post.text(self._cards.texts.time_long))
        changed = variants[at].model_copy(update={"answer": answer})
        return with_value(draft, TIMES, times_value((*variants[:at], changed, *variants[at + 1 :])))

    async def _ends(self, tx: Tx, said: TextIn, draft: Draft, at: int) -> Draft | WhyNot:
        variants, until = FaqPartsCards(self.post).written(draft).variants, read_length(said.text)
        if until is None:
            return WhyNot(self.post.text(self._cards.texts.length_unread))
        moved = with_end(variants, at, until) if at + 1 < len(variants) else None
        if moved is None:
            return WhyNot(self.post.text(self._cards.texts.length_wrong))
        return with_value(draft, TIMES, times_value(moved))

    async def _split(self, tx: Tx, said: TextIn, draft: Draft, _: int) -> Draft | WhyNot:
        one, begins = FaqPartsCards(self.post).written(draft), read_length(said.text)
        if begins is None:
            return WhyNot(self.post.text(self._cards.texts.length_unread))
        two = parted(one.variants, one.answer, begins)
        if two is None:
            return WhyNot(self.post.text(self._cards.texts.length_wrong))
        return replace(with_value(draft, TIMES, times_value(two)), asking=None)
