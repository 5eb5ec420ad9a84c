"""Finding an answer without typing: /faq shows groups, a group its questions, a question its answer."""

from collections.abc import Sequence
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
    entries = content.entries  # made anew each time it is asked for
    return tuple(
        (Button(label(entries[entry_id].question), f"{action}:{entry_id}"),)
        for entry_id in entry_ids
        if entry_id in entries
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
                text = answer(content, (entry_id,), since_treatment)
                back = (Button(content.replies.button_back, f"group:{found.id}"),)
                return text, (*under_entry(content, entry_id), back)
    return None


def answer(content: Content, entry_ids: Sequence[str], since_treatment: timedelta | None) -> str:
    """The answers of these entries, each under its question, and the footer. KeyError when one is gone."""
    by_id = content.entries
    entries = [by_id[entry_id] for entry_id in entry_ids]
    bodies = [render(answer_for(entry, since_treatment), content.clinic) for entry in entries]
    # The first line may show on a locked screen: it names nothing. The questions come below.
    parts = [render(content.replies.answer_intro, content.clinic)]
    for entry, body in zip(entries, bodies, strict=True):
        parts += [f"<b>{escape(entry.question)}</b>", body]
    # An answer that gives the number itself needs no footer that gives it again.
    if not any(content.clinic.phone in body for body in bodies):
        parts.append(render(content.replies.answer_footer, content.clinic))
    return "\n\n".join(parts)


def under_entry(content: Content, entry_id: str, *, team: bool = True) -> Buttons:
    """Buttons to related questions and, with `team`, to the clinic's people."""
    related = entry_buttons(content, content.entries[entry_id].see_also)
    return (*related, (_ask_team(content, entry_id),)) if team else related


def under_answer(content: Content, entry_ids: Sequence[str]) -> Buttons:
    """Buttons under the answer to a question in words: also what the patient made of it. Of two, nothing related."""
    best = entry_ids[0]
    related = under_entry(content, best, team=False) if len(entry_ids) == 1 else ()
    verdict = (
        Button(content.replies.button_helped, f"helped:{best}"),
        Button(content.replies.button_not_asked, f"not:{best}"),
    )
    return (*related, verdict, (_ask_team(content, best),))


def offer(content: Content, entry_ids: tuple[str, ...]) -> Buttons:
    """Questions to choose from, and none of them."""
    none = (Button(content.replies.button_none_of_these, "none"),)
    return (*entry_buttons(content, entry_ids, "pick"), none)


def _ask_team(content: Content, entry_id: str) -> Button:
    return Button(content.replies.button_ask_team, f"team:{entry_id}")
