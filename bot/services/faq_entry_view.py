"""A question and its answer in words: as patients will see it, with what staff should know of it; cut where it is too
long for a message."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.content.schema import Content, Entry, Variant
from bot.content.sentences import FaqDeskReplies
from bot.core.replies import Html, render
from bot.markup import MAX_TEXT, escape, plain, split, utf16_len
from bot.services.faq_written import REVIEW, Written, is_new, written
from bot.services.post import Post
from bot.store.drafts import Draft
from bot.store.feedback import Counts

USE_DAYS = 90
"""So many days of what patients said are counted."""
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class EntryView:
    """Puts entries into words."""

    post: Post

    @property
    def _texts(self) -> FaqDeskReplies:
        return self.post.library.served.content.faq_desk

    @property
    def _content(self) -> Content:
        return self.post.library.served.whole

    def shown(self, entry: Entry | None, draft: Draft, counts: Counts | None = None) -> str:
        """An entry with the draft's words, as HTML. None: a new one. `counts`: what patients made of it."""
        one, texts, say = written(draft, entry), self._texts, self.post.text
        lines = [f"<b>{escape(one.question)}</b>"] if one.question else []
        if one.variants and one.answer:
            lines += ["", say(texts.variant, span=texts.always)]
        elif one.answer:
            lines.append("")
        lines += self._answers(one)
        lines += self._ways(one, draft)
        facts = self._facts(entry, one, draft)
        if counts is not None:
            facts.append(self._use(counts))
        return "\n".join([*lines, "", *facts] if facts else lines)

    def mine(self, entry: Entry | None, draft: Draft) -> str:
        """Only what was written, as HTML."""
        one, values = written(draft, entry), draft.values
        lines = [f"<b>{escape(one.question)}</b>"] if "question" in values else []
        if "answer" in values:
            lines.append(render(one.answer, self._content.clinic))
        lines += [] if entry is not None and one.variants == entry.variants else self._times(one.variants)
        return "\n".join([*lines, *self._ways(one, draft)]).strip()

    def span(self, variant: Variant) -> str:
        """When an answer is given, in words, as a value for a text: "Day 2 to 3"."""
        texts, say = self._texts, self.post.text
        after, until = variant.after, variant.until
        if after % _DAY or (until is not None and until % _DAY):
            first, last = self._length(after), self._length(until) if until is not None else ""
            if until is None:
                return say(texts.span_later_hours, first=first)
            return say(texts.span_hours, first=first, last=last) if after else say(texts.span_first_hours, last=last)
        first_day = str(after // _DAY + 1)
        if until is None:
            return say(texts.span_later_days, first=first_day) if after else texts.always
        last_day = str(until // _DAY)
        if first_day == last_day:
            return say(texts.span_day, first=first_day) if after else texts.span_first_day
        if not after:
            return say(texts.span_first_days, count=last_day)
        return say(texts.span_days, first=first_day, last=last_day)

    def _length(self, length: timedelta) -> str:
        """ "36 hours", or "3 days"."""
        is_days = length >= 2 * _DAY and not length % _DAY
        template = self._texts.length_days if is_days else self._texts.length_hours
        return self.post.text(template, count=f"{length / (_DAY if is_days else _HOUR):g}")

    def _answers(self, one: Written) -> list[str]:
        always = [render(one.answer, self._content.clinic)] if one.answer else []
        return [*always, *self._times(one.variants)]

    def _times(self, variants: Iterable[Variant]) -> list[str]:
        lines: list[str] = []
        for variant in variants:
            head = self.post.text(self._texts.variant, span=Html(self.span(variant)))
            lines += ["", head, render(variant.answer, self._content.clinic)]
        return lines

    def _ways(self, one: Written, draft: Draft) -> list[str]:
        texts, say, lines = self._texts, self.post.text, []
        if one.added:
            added = Html("\n".join(map(escape, one.added)))
            lines += ["", say(texts.ways if is_new(draft) else texts.added, lines=added)]
        if one.out:
            lines += ["", say(texts.taken_out, lines=Html("\n".join(f"<s>{escape(line)}</s>" for line in one.out)))]
        return lines

    def _facts(self, entry: Entry | None, one: Written, draft: Draft) -> list[str]:
        if entry is None:
            by = draft.values.get(REVIEW)
            return [self.post.text(self._texts.new_facts, day=by)] if by and one.answer else []
        signed = entry.signed.name if entry.signed is not None and entry.is_signed else self._texts.nobody
        facts = {"count": str(len(one.phrasings)), "who": signed, "day": _day(entry.review_by)}
        lines = [self.post.text(self._texts.facts, **facts)]
        today = self.post.clock.now().astimezone(self._content.clinic.zone).date()
        return (
            [*lines, self.post.text(self._texts.overdue, day=_day(entry.review_by))]
            if entry.review_by < today
            else lines
        )

    def _use(self, counts: Counts) -> str:
        return self.post.text(
            self._texts.use,
            days=str(USE_DAYS),
            given=str(counts.answered + counts.chosen),
            helped=str(counts.helped),
            wrong=str(counts.not_asked),
            team=str(counts.team),
        )


def is_long(html: str) -> bool:
    """Whether Telegram would not take it in one message."""
    return utf16_len(plain(html)) > MAX_TEXT


def cut(html: str, limit: int) -> str:
    """`html`, as far as it fits into `limit` letters: up to the end of a line, if possible, and "…"."""
    if utf16_len(plain(html)) <= limit:
        return html
    return f"{split(html, limit - 2)[0]}\n…"


def _day(day: date) -> str:
    return day.isoformat()
