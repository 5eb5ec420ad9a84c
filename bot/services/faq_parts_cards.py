"""The cards that ask for one part of a question: other words, ways to ask that are added or go out, answers by time."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.content.lint_text import MAX_LABEL
from bot.core.browse import label
from bot.core.faq_writing import MOST_TIMES
from bot.core.replies import Html
from bot.markup import MAX_TEXT, escape, plain
from bot.model import Button, Payload, in_rows
from bot.services.faq_desk_cards import FAQ, FaqCards
from bot.services.faq_entry_view import EntryView, cut
from bot.services.faq_written import Written, written
from bot.services.post import Post
from bot.store.drafts import Draft

_PAGE = 3000
"""Letters of the ways to ask that stand on one card."""
_NOW = 3000
"""So many letters are shown of how something is now."""
_FIRST = 120
"""Letters that an answer by time is known again by."""


@dataclass(frozen=True)
class FaqPartsCards:
    """Draws them. Every draft has an entry, or is of a new one."""

    post: Post

    @property
    def _cards(self) -> FaqCards:
        return FaqCards(self.post)

    def written(self, draft: Draft) -> Written:
        """What the draft's entry will be."""
        return written(draft, self._cards.entry_of(draft))

    def asking(self, draft: Draft, part: str, argument: str = "") -> Payload:
        """The question for other words, which are a reply to this card. `argument`: which page, or which time."""
        number = int(argument) if argument.isdecimal() else 0
        if part in {"phrasing", "out"}:
            return self._ways(draft, part, number)
        if part in {"time", "ends"}:
            return self._time(draft, part, number)
        texts, one = self._cards.texts, self.written(draft)
        if part == "split":
            return Payload(self.post.text(texts.ask_split), ((self._back("times"),),))
        now = escape(one.question) if part == "question" else _as_written(one.answer)
        text = self.post.text(getattr(texts, f"ask_{part}"), now=Html(now), most=str(MAX_LABEL))
        return Payload(text, ((self._back(),),))

    def _back(self, to: str = "show") -> Button:
        return Button(self._cards.texts.button_back, f"{FAQ}:{to}")

    # --- ways to ask ------------------------------------------------------------------------------------------------

    def listed(self, draft: Draft) -> tuple[str, ...]:
        """The ways to ask as they are numbered, those that go out among them."""
        one = self.written(draft)
        return (*one.listed, *one.added)

    def _ways(self, draft: Draft, part: str, page: int) -> Payload:
        texts, one = self._cards.texts, self.written(draft)
        pages = list(_pages(self.listed(draft), one.out))
        at = min(page, len(pages) - 1)
        text = self.post.text(getattr(texts, f"ask_{part}"), now=Html(pages[at]))
        turning = []
        if at:
            turning.append(Button(texts.button_earlier, f"{FAQ}:{part}:{at - 1}"))
        if at + 1 < len(pages):
            turning.append(Button(texts.button_further, f"{FAQ}:{part}:{at + 1}"))
        other = Button(texts.button_add, f"{FAQ}:phrasing") if part == "out" else Button(texts.button_out, f"{FAQ}:out")
        return Payload(text, tuple(filter(None, (tuple(turning), (other, self._back())))))

    # --- answers by time --------------------------------------------------------------------------------------------

    def times(self, draft: Draft, said: str = "") -> Payload:
        """All answers by time, to choose from. `said`: a line above."""
        texts, variants, view = self._cards.texts, self.written(draft).variants, EntryView(self.post)
        spans = [view.span(one) for one in variants]
        begun = (label_of(plain(one.answer)) for one in variants)
        lines = [f"<b>{span}:</b> {escape(first)}" for span, first in zip(spans, begun, strict=True)]
        text = self.post.text(texts.times, lines=Html("\n".join(lines))) if lines else self.post.text(texts.times_none)
        buttons = in_rows([Button(label(plain(span)), f"{FAQ}:time:{at}") for at, span in enumerate(spans)], 2)
        split = (Button(texts.button_split, f"{FAQ}:split"),) if len(variants) < MOST_TIMES else ()
        return Payload("\n\n".join(filter(None, (said, text))), (*buttons, (*split, self._back())))

    def _time(self, draft: Draft, part: str, at: int) -> Payload:
        texts, variants, view = self._cards.texts, self.written(draft).variants, EntryView(self.post)
        if at >= len(variants):
            return self.times(draft)
        span = Html(f"<b>{view.span(variants[at])}</b>")
        text = self.post.text(getattr(texts, f"ask_{part}"), span=span, now=Html(_as_written(variants[at].answer)))
        if part == "ends":
            return Payload(text, ((self._back("times"),),))
        ends = (Button(texts.button_ends, f"{FAQ}:ends:{at}"),) if variants[at].until is not None else ()
        join = Button(texts.button_join, f"{FAQ}:join:{at}")
        return Payload(text, ((*ends, join), (self._back("times"),)))


def label_of(text: str) -> str:
    """The beginning of an answer, in one line."""
    said = " ".join(text.split())
    return said if len(said) <= _FIRST else f"{said[:_FIRST].rstrip()}…"


def _as_written(answer: str) -> str:
    """An answer with its markup and braces, to be copied."""
    return f"<code>{cut(escape(answer), min(_NOW, MAX_TEXT))}</code>" if answer else "–"


def _pages(lines: tuple[str, ...], out: tuple[str, ...]) -> Iterator[str]:
    """Numbered lines, as many on a page as fit; one page where there are none."""
    page: list[str] = []
    length = 0
    for number, line in enumerate(lines, 1):
        said = escape(line)
        shown = f"{number}. <s>{said}</s>" if line in out else f"{number}. {said}"
        if page and length + len(shown) > _PAGE:
            yield "\n".join(page)
            page, length = [], 0
        page.append(shown)
        length += len(shown) + 1
    yield "\n".join(page) or "–"
