"""What staff see of /teach: one group of questions, where it may belong, and what is asked about a rewritten line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.clock import from_us
from bot.content.schema import Content
from bot.content.sentences import TeachReplies
from bot.core.replies import Html, local_time
from bot.core.teaching import COPIED, LINE_MAX, Asked, grouped, is_word_for_word
from bot.model import Button, Buttons, Payload
from bot.services.post import Post
from bot.store import lessons
from bot.store.engine import Tx

TEACH = "te"
"""What the data of its buttons begins with: `te:<what>:<first question of the group>:<where to>`."""
PEOPLE = "p"
"""Where to, of a line that is left to people…"""
NEW = "n"
"""…and of one that begins a new question; otherwise the number of a candidate."""
LIKELIEST = 3
SHOWN = 5
"""So many of a group's questions are shown…"""
WORDS = 300
"""…and so many letters of each."""
LABEL = 60
ASKING = "stop"
"""The button under a message that asks for a line."""
_ARGUMENT = re.compile(r"([a-z]{2,8}):(\d{1,18})(?::(\d|p|n))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pressed:
    """What the data of one of these buttons says."""

    what: str
    id: int
    to: str = ""


def read(argument: str) -> Pressed | None:
    """What stands behind `te:`; None where it is none of ours."""
    found = _ARGUMENT.fullmatch(argument)
    return Pressed(found[1], int(found[2]), found[3] or "") if found else None


def asked_for(payload: Payload) -> Pressed | None:
    """The line that a message of ours asks for; None for other messages."""
    for button in (button for row in payload.buttons for button in row):
        name, _, argument = button.data.partition(":")
        pressed = read(argument) if name == TEACH else None
        if pressed is not None and pressed.what == ASKING:
            return pressed
    return None


@dataclass(frozen=True)
class Group:
    """Questions that are nearly the same, oldest first."""

    rows: Sequence[sa.RowMapping]

    @property
    def id(self) -> int:
        """What it is named by."""
        return int(self.rows[0]["id"])

    @property
    def question_ids(self) -> list[int]:
        return [row["id"] for row in self.rows]

    def entry_id(self, content: Content, to: str) -> str | None:
        """The candidate of this number, if it is still there."""
        candidates = self.rows[0]["why"]["candidates"]
        if not to.isdecimal() or int(to) >= len(candidates):
            return None
        entry_id: str = candidates[int(to)][0]
        return entry_id if entry_id in content.entries else None


def first_of(groups: Sequence[Group], group_id: int) -> Group | None:
    """The group with this name, if it is among them."""
    return next((group for group in groups if group.id == group_id), None)


@dataclass(frozen=True)
class TeachCards:
    """Draws them."""

    post: Post

    @property
    def content(self) -> Content:
        return self.post.library.served.content

    @property
    def texts(self) -> TeachReplies:
        return self.content.teach

    async def groups(self, tx: Tx) -> list[Group]:
        """What there is to teach, the biggest group first."""
        rows = {row["id"]: row for row in await lessons.still_open(tx, self.post.bot_id)}
        found = grouped([Asked(row["id"], row["text"]) for row in rows.values()])
        return [Group([rows[one.question_id] for one in group]) for group in found]

    def group(self, groups: Sequence[Group], at: int = 0, said: str = "") -> Payload:
        """The card of one group, under what was just done; behind the last one comes the first."""
        if not groups:
            return Payload("\n\n".join(filter(None, (said, self.texts.nothing))))
        group = groups[at % len(groups)]
        shown = [self._line(row) for row in reversed(group.rows)][:SHOWN]
        if len(group.rows) > SHOWN:
            shown.append(self.post.text(self.texts.more, count=str(len(group.rows) - SHOWN)))
        title = self.texts.card_once if len(group.rows) == 1 else self.texts.card
        text = self.post.text(title, count=str(len(group.rows)), left=str(len(groups)), lines=Html("\n".join(shown)))
        return Payload("\n\n".join(filter(None, (said, text))), self._buttons(group, has_more=len(groups) > 1))

    def _line(self, row: sa.RowMapping) -> str:
        time = local_time(self.content.clinic, from_us(row["at_us"]), self.post.clock.now())
        reason = self.texts.reasons[row["reason"]]
        return self.post.text(self.texts.line, text=_short(row["text"]), code=row["code"], time=time, reason=reason)

    def _buttons(self, group: Group, *, has_more: bool) -> Buttons:
        texts, id_ = self.texts, group.id
        likeliest = []
        for number in range(LIKELIEST):
            if (entry_id := group.entry_id(self.content, str(number))) is not None:
                label = texts.button_add.replace("{question}", self.content.entries[entry_id].question)
                likeliest.append((Button(label[:LABEL], f"{TEACH}:line:{id_}:{number}"),))
        new = Button(texts.button_new, f"{TEACH}:line:{id_}:{NEW}")
        people = Button(texts.button_people, f"{TEACH}:line:{id_}:{PEOPLE}")
        ignore = Button(texts.button_ignore, f"{TEACH}:ignore:{id_}")
        following = (Button(texts.button_next, f"{TEACH}:next:{id_}"),) if has_more else ()
        return (*likeliest, (new, people), (ignore, *following))

    # --- a line in staff's words ------------------------------------------------------------------------------------

    def ask(self, group: Group, to: str, why_not: str = "") -> Payload:
        """Ask for the line; `why_not`: what was wrong with the last one."""
        where, line = Html(self._where(group, to)), Html(self._line(group.rows[-1]))
        text = self.post.text(self.texts.ask, most=str(LINE_MAX), short=str(COPIED), where=where, line=line)
        stop = Button(self.texts.button_stop, f"{TEACH}:{ASKING}:{group.id}:{to}")
        return Payload("\n\n".join(filter(None, (why_not, text))), ((stop,),))

    def sure(self, group: Group, to: str, line: str) -> Payload:
        """The line as it was typed, and whether it tells who wrote it; said where a patient wrote it just so."""
        is_theirs = is_word_for_word(line, (row["text"] for row in group.rows))
        template = self.texts.sure_theirs if is_theirs else self.texts.sure
        text = self.post.text(template, text=line, where=Html(self._where(group, to)))
        go_on = Button(self.texts.button_go_on, f"{TEACH}:go:{group.id}:{to}")
        change = Button(self.texts.button_change, f"{TEACH}:line:{group.id}:{to}")
        return Payload(text, ((go_on, change),))

    def _where(self, group: Group, to: str) -> str:
        if to == NEW:
            return self.texts.to_new
        entry_id = group.entry_id(self.content, to)
        if entry_id is None:
            return self.texts.to_people
        return self.post.text(self.texts.to_entry, question=self.content.entries[entry_id].question)


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= WORDS else f"{said[:WORDS]} […]"
