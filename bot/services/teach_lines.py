"""What keeps a line from going among the texts where a patient's question has led to it: nobody may be able to tell
who asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.content.schema import Content
from bot.core.matching.english import english
from bot.core.teaching import LINE_MAX, is_copied, known_words, telling
from bot.markup import plain
from bot.services.post import Post
from bot.services.teach_cards import TeachCards, first_of
from bot.store import people
from bot.store.engine import Tx


@dataclass(frozen=True)
class TeachLines:
    """Looks lines through."""

    post: Post

    async def why_not(self, tx: Tx, line: str, lesson_id: int) -> str:
        """The same as `why_not_of`, of a question that some others may be like."""
        group = first_of(await TeachCards(self.post).groups(tx), lesson_id)
        return await self.why_not_of(tx, line, [row["text"] for row in group.rows] if group is not None else [])

    async def why_not_of(self, tx: Tx, line: str, originals: Sequence[str]) -> str:
        """What is wrong with a line, as HTML; empty where nothing is. `originals`: what patients wrote."""
        texts, content = self.post.library.served.content.teach, self.post.library.served.content
        if not line:
            return self.post.text(texts.line_no_words)
        if len(line) > LINE_MAX:
            return self.post.text(texts.line_long, count=str(len(line)), most=str(LINE_MAX))
        found = telling(line, known_words(_own(content)), await self._names(tx), english().knows)
        if found:
            return self.post.text(texts.line_telling, words=", ".join(found))
        if is_copied(line, originals):
            return self.post.text(texts.line_copied)
        return ""

    async def _names(self, tx: Tx) -> frozenset[str]:
        """Words of the names of people and places that staff may write without thinking, in small letters."""
        clinic = self.post.library.served.content.clinic
        team = (*await people.listed(tx, self.post.bot_id), *await people.guests(tx, self.post.bot_id))
        told = (*(row["name"] or "" for row in team), clinic.name, clinic.address)
        return frozenset(word.casefold() for name in told for word in name.replace(",", " ").split())


def _own(content: Content) -> list[str]:
    """The clinic's own texts, plain: what they say, patients may be heard saying."""
    return [
        text for entry in content.entries.values() for text in (entry.question, *entry.phrasings, plain(entry.answer))
    ]
