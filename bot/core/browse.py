"""Finding an answer without typing: /faq shows groups, a group its questions, a question its answer."""

from datetime import timedelta

from bot.content.schema import Content
from bot.core.replies import render
from bot.core.understand import answer_for
from bot.markup import escape
from bot.model import Button, Buttons

LABEL_MAX = 60
"""Longer questions are cut on a button; Telegram itself shows about this much."""


def label(text: str) -> str:
    """A question as a button's label."""
    return text if len(text) <= LABEL_MAX else text[: LABEL_MAX - 1].rstrip() + "…"


def entry_buttons(content: Content, entry_ids: tuple[str, ...], action: str = "entry") -> Buttons:
    """One button a row for each entry that exists."""
    return tuple(
        (Button(label(content.entries[entry_id].question), f"{action}:{entry_id}"),)
        for entry_id in entry_ids
        if entry_id in content.entries
    )


def groups(content: Content) -> tuple[str, Buttons]:
    """The first page: every group."""
    rows = tuple((Button(label(group.title), f"group:{group.id}"),) for group in content.groups)
    return render(content.replies.faq_intro, content.clinic), rows


def group(content: Content, group_id: str) -> tuple[str, Buttons] | None:
    """A group's questions and a way back; None when the group is gone."""
    for found in content.groups:
        if found.id == group_id:
            back = (Button(content.replies.button_back, "faq"),)
            rows = entry_buttons(content, tuple(entry.id for entry in found.entries), "page")
            return render(content.replies.faq_group, content.clinic, title=found.title), (*rows, back)
    return None


def page(content: Content, entry_id: str, since_treatment: timedelta | None) -> tuple[str, Buttons] | None:
    """One answer inside the browser, with a way back to its group; None when the entry is gone."""
    for found in content.groups:
        for entry in found.entries:
            if entry.id == entry_id:
                text, buttons = answer(content, entry_id, since_treatment)
                return text, (*buttons, (Button(content.replies.button_back, f"group:{found.id}"),))
    return None


def answer(content: Content, entry_id: str, since_treatment: timedelta | None) -> tuple[str, Buttons]:
    """An entry's question, answer and footer, with buttons to related questions and to the team. KeyError when gone."""
    entry = content.entries[entry_id]
    body = render(answer_for(entry, since_treatment), content.clinic)
    # An answer that gives the number itself needs no footer that gives it again.
    footer = "" if content.clinic.phone in body else "\n\n" + render(content.replies.answer_footer, content.clinic)
    # The first line may show on a locked screen: it names nothing. The question comes second.
    heading = f"{render(content.replies.answer_intro, content.clinic)}\n\n<b>{escape(entry.question)}</b>"
    ask_team = (Button(content.replies.button_ask_team, f"team:{entry.id}"),)
    return f"{heading}\n\n{body}{footer}", (*entry_buttons(content, entry.see_also), ask_team)
