"""The questions and answers as staff change them: lists to choose from, and the card of one entry."""

from dataclasses import dataclass

from bot.content.parts import say_length
from bot.content.schema import Content, Entry
from bot.content.sentences import FaqDeskReplies
from bot.core.browse import label
from bot.core.replies import Html, render
from bot.core.text import words as words_of
from bot.markup import MAX_TEXT, escape, plain
from bot.model import Button, Buttons, Payload, in_rows
from bot.services.post import Post
from bot.store.drafts import Draft

FAQ = "fe"
"""What the data of these buttons begins with: `fe:<what>` or `fe:<what>:<id>`."""
PARTS = ("question", "answer", "phrasing")
"""What of an entry one can write anew; of phrasings, one more."""
_MOST = 6
"""So many entries are offered for some words."""


@dataclass(frozen=True)
class FaqCards:
    """Draws what /faq_edit shows."""

    post: Post

    @property
    def texts(self) -> FaqDeskReplies:
        """Its sentences."""
        return self.post.library.served.content.faq_desk

    @property
    def content(self) -> Content:
        """All texts, those that nobody has signed among them."""
        return self.post.library.served.whole

    # --- choosing ---------------------------------------------------------------------------------------------------

    def search(self, words: str) -> Payload:
        """The entries that these words may mean; all groups where there are none."""
        match = self.post.library.served.brain.matcher.match(words)
        said = set(words_of(words.casefold()))
        named = [one.id for one in self.content.entries.values() if said and said <= set(_all_words(one))]
        ids = dict.fromkeys((*(one.entry_id for one in match.candidates), *named))
        found = [self.content.entries[id_] for id_ in ids if id_ in self.content.entries][:_MOST]
        if not found:
            return self.groups(self.texts.nothing_found)
        return Payload(self.post.text(self.texts.found), tuple((_opening(entry),) for entry in found))

    def groups(self, said: str = "") -> Payload:
        """Every group. `said`: a line above."""
        buttons = in_rows([Button(label(one.title), f"{FAQ}:group:{one.id}") for one in self.content.groups], 2)
        return Payload("\n\n".join(filter(None, (said, self.post.text(self.texts.groups)))), buttons)

    def group(self, group_id: str) -> Payload:
        """A group's entries; all groups where it is gone."""
        group = next((one for one in self.content.groups if one.id == group_id), None)
        if group is None:
            return self.groups()
        back = (Button(self.texts.button_groups, f"{FAQ}:groups"),)
        text = self.post.text(self.texts.group, title=group.title)
        return Payload(text, (*((_opening(entry),) for entry in group.entries), back))

    # --- one entry --------------------------------------------------------------------------------------------------

    def entry(self, draft: Draft, said: str = "") -> Payload:
        """The entry with what was written so far, and what one can do with it. `said`: a line above."""
        if (entry := self.content.entries.get(draft.item_id or "")) is None:
            return self.groups(self.texts.gone)
        texts = self.texts
        parts = tuple(Button(getattr(texts, f"button_{part}"), f"{FAQ}:{part}") for part in PARTS)
        rows: list[tuple[Button, ...]] = [parts[:2], parts[2:]]
        if draft.values:
            rows.append((Button(texts.button_try, f"{FAQ}:try"), Button(texts.button_throw_away, f"{FAQ}:drop")))
        else:
            rows.append((Button(texts.button_retire, f"{FAQ}:retire"),))
        return self.fitting(draft, entry, said or texts.entry_said, tuple(rows))

    def fitting(self, draft: Draft, entry: Entry, said: str, buttons: Buttons) -> Payload:
        """The entry under a line, cut where Telegram would not take it."""
        body = self.shown(entry, draft)
        text = f"{self.post.text(said)}\n\n{body}"
        if len(text) > MAX_TEXT:
            text = f"{self.post.text(said)}\n\n{escape(plain(body)[: MAX_TEXT // 2])}…\n\n{self.texts.cut}"
        return Payload(text, buttons)

    def shown(self, entry: Entry, draft: Draft) -> str:
        """An entry as patients will see it with the draft's words, and what staff should know of it, as HTML."""
        values, texts, say = draft.values, self.texts, self.post.text
        lines = [f"<b>{escape(values.get('question', entry.question))}</b>", ""]
        lines.append(render(values.get("answer", entry.answer), self.content.clinic))
        for variant in entry.variants:
            times = say_length(variant.after), say_length(variant.until) if variant.until is not None else texts.later
            lines += ["", say(texts.variant, after=times[0], until=times[1])]
            lines.append(render(variant.answer, self.content.clinic))
        if added := values.get("phrasing"):
            lines += ["", say(texts.added, lines=added)]
        signed = entry.signed.name if entry.signed is not None and entry.is_signed else texts.nobody
        facts = {"count": str(len(entry.phrasings)), "who": signed, "day": entry.review_by.isoformat()}
        return "\n".join((*lines, "", say(texts.facts, **facts)))

    def asking(self, draft: Draft, part: str) -> Payload:
        """The question for other words, which are a reply to this card."""
        entry = self.content.entries[draft.item_id or ""]
        now = {
            "question": escape(entry.question),
            "answer": f"<code>{escape(entry.answer)}</code>",
            "phrasing": escape("\n".join(entry.phrasings[:_MOST])),
        }
        text = self.post.text(getattr(self.texts, f"ask_{part}"), now=Html(now[part]))
        return Payload(text, ((Button(self.texts.button_back, f"{FAQ}:show"),),))


def _opening(entry: Entry) -> Button:
    return Button(label(entry.question), f"{FAQ}:open:{entry.id}")


def _all_words(entry: Entry) -> tuple[str, ...]:
    return words_of(" ".join((entry.question, entry.answer, *entry.phrasings)).casefold())
