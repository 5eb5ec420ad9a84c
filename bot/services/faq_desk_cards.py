"""The questions and answers as staff change them: lists to choose from, and the card of one entry."""

from dataclasses import dataclass

from bot.content.lint_faq import MIN_PHRASINGS
from bot.content.lint_text import MAX_ANSWER, MAX_LABEL
from bot.content.schema import Content, Entry, Group
from bot.content.sentences import FaqDeskReplies
from bot.core.browse import label
from bot.core.text import words as words_of
from bot.markup import MAX_TEXT
from bot.model import Button, Buttons, Payload, in_rows
from bot.services.faq_entry_view import EntryView, cut, is_long
from bot.services.faq_written import GROUP, is_new, is_written, written
from bot.services.post import Post
from bot.store.drafts import Draft
from bot.store.feedback import Counts

FAQ = "fe"
"""What the data of these buttons begins with: `fe:<what>` or `fe:<what>:<id>`."""
PARTS = ("question", "answer", "phrasing")
"""What one writes of a question, in this order where it is new."""
_MOST = 6
"""So many entries are offered for some words."""
_LEFT = 200
"""Letters left free under what is cut."""


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

    def entry_of(self, draft: Draft) -> Entry | None:
        """The entry that a draft is about, if it is there."""
        return self.content.entries.get(draft.item_id or "")

    def group_of(self, draft: Draft) -> Group | None:
        """The group that a new question joins, if it was chosen and is there."""
        return next((one for one in self.content.groups if one.id == draft.values.get(GROUP)), None)

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
        return Payload(self.post.text(self.texts.found), (*((opening(entry),) for entry in found), self._new()))

    def groups(self, said: str = "") -> Payload:
        """Every group. `said`: a line above."""
        buttons = in_rows([Button(label(one.title), f"{FAQ}:group:{one.id}") for one in self.content.groups], 2)
        text = "\n\n".join(filter(None, (said, self.post.text(self.texts.groups))))
        return Payload(text, (*buttons, self._new()))

    def group(self, group_id: str) -> Payload:
        """A group's entries; all groups where it is gone."""
        group = next((one for one in self.content.groups if one.id == group_id), None)
        if group is None:
            return self.groups()
        back = Button(self.texts.button_groups, f"{FAQ}:groups")
        text = self.post.text(self.texts.group, title=group.title)
        return Payload(text, (*((opening(entry),) for entry in group.entries), (*self._new(group.id), back)))

    def _new(self, group_id: str = "") -> tuple[Button, ...]:
        return (Button(self.texts.button_new, f"{FAQ}:new:{group_id}" if group_id else f"{FAQ}:new"),)

    # --- one entry --------------------------------------------------------------------------------------------------

    def entry(self, draft: Draft, said: str = "", counts: Counts | None = None) -> Payload:
        """The entry with what was written so far, and what one can do with it. `said`: a line above, as HTML."""
        if is_new(draft):
            return self._new_entry(draft, said)
        if (entry := self.entry_of(draft)) is None:
            return self.groups(self.texts.gone)
        texts = self.texts
        rows = [*self._parts(*PARTS, "times")]
        if is_written(draft):
            rows.append((Button(texts.button_try, f"{FAQ}:try"), Button(texts.button_throw_away, f"{FAQ}:drop")))
        else:
            rows.append((Button(texts.button_retire, f"{FAQ}:retire"),))
        shown = EntryView(self.post).shown(entry, draft, counts)
        return self._fitting(said or self.post.text(texts.entry_said), shown, tuple(rows))

    def next_part(self, draft: Draft) -> str | None:
        """What a new question lacks most."""
        one = written(draft, None)
        if not is_new(draft) or self.group_of(draft) is None:
            return None
        if not one.question:
            return "question"
        if not one.answer:
            return "answer"
        return "phrasing" if len(one.phrasings) < MIN_PHRASINGS else None

    def _new_entry(self, draft: Draft, said: str) -> Payload:
        texts, one = self.texts, written(draft, None)
        cancel = Button(texts.button_cancel, f"{FAQ}:drop")
        if (group := self.group_of(draft)) is None:
            titles = [Button(label(one.title), f"{FAQ}:into:{one.id}") for one in self.content.groups]
            text = "\n\n".join(filter(None, (said, self.post.text(texts.new_group))))
            return Payload(text, (*in_rows(titles, 2), (cancel,)))
        if (lacking := self.next_part(draft)) is None:
            rows = (*self._parts(*PARTS, "times"), (Button(texts.button_try, f"{FAQ}:try"), cancel))
            head = said or self.post.text(texts.new_ready)
        else:
            there = [part for part in PARTS[: PARTS.index(lacking)] if getattr(one, part)]
            rows = (*self._parts(*there), (cancel,))
            missing = str(MIN_PHRASINGS - len(one.phrasings))
            template = getattr(texts, f"new_{lacking}")
            most = str(MAX_ANSWER if lacking == "answer" else MAX_LABEL)
            asked = self.post.text(template, group=group.title, most=most, count=missing)
            head = "\n\n".join(filter(None, (said, asked)))
        return self._fitting(head, EntryView(self.post).shown(None, draft), rows)

    def _parts(self, *parts: str) -> Buttons:
        """A button for each, two side by side."""
        return in_rows([Button(getattr(self.texts, f"button_{part}"), f"{FAQ}:{part}") for part in parts], 2)

    def _fitting(self, said: str, body: str, buttons: Buttons) -> Payload:
        """The entry under a line; where Telegram would not take it, cut, with a button that shows it whole."""
        text = "\n\n".join(filter(None, (said, body)))
        if is_long(text):
            whole = (Button(self.texts.button_whole, f"{FAQ}:whole"),)
            text = f"{cut(text, MAX_TEXT - _LEFT)}\n\n{self.texts.cut}"
            return Payload(text, (whole, *buttons))
        return Payload(text, buttons)

    def shown(self, entry: Entry, draft: Draft) -> str:
        """An entry as patients will see it with the draft's words, and what staff should know of it, as HTML."""
        return EntryView(self.post).shown(entry, draft)


def opening(entry: Entry) -> Button:
    """Opens an entry."""
    return Button(label(entry.question), f"{FAQ}:open:{entry.id}")


def _all_words(entry: Entry) -> tuple[str, ...]:
    return words_of(" ".join((entry.question, entry.answer, *entry.phrasings)).casefold())
