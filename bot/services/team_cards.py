"""The team as its people see it: the list, and one person with what an owner can change."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.clock import from_us
from bot.content.sentences import TeamReplies
from bot.core.days import whole_day
from bot.core.replies import Html
from bot.model import Button, Buttons, Payload, Role, in_rows
from bot.services.post import Post
from bot.store import people
from bot.store.engine import Tx

TEAM = "tm"
"""What the data of these buttons begins with: `tm:<what>:<Telegram's number of the person>`."""
KEEP = "keep"
"""The button under a question for a registration number; whoever answers that message answers the question."""
_MOST = 60
"""So many people get a button; Telegram takes 100."""


@dataclass(frozen=True)
class TeamCards:
    """Draws what /team shows."""

    post: Post

    @property
    def texts(self) -> TeamReplies:
        """Its sentences."""
        return self.post.library.served.content.team

    async def everybody(self, tx: Tx, *, is_owner: bool, said: str = "") -> Payload:
        """The list, with a button for each person where an owner asks. `said`: what was just done."""
        rows, guests = await people.listed(tx, self.post.bot_id), await people.guests(tx, self.post.bot_id)
        lines = Html("\n".join(self._line(row) for row in rows))
        parts = [said, self.post.text(self.texts.team, lines=lines)]
        if guests:
            parts.append(self.post.text(self.texts.guests, names=", ".join(map(_name, guests))))
        parts.append(self.post.text(self.texts.team_how if is_owner else self.texts.team_read_only))
        shown = (*rows, *guests)[:_MOST] if is_owner else ()
        buttons = in_rows([Button(_name(row)[:40], f"{TEAM}:show:{row['user_id']}") for row in shown], 2)
        return Payload("\n\n".join(filter(None, parts)), buttons)

    def one(self, row: sa.RowMapping, said: str = "") -> Payload:
        """One person, with what an owner can do."""
        line = self._line(row) if row["role"] != people.GUEST else self.post.text(self.texts.guests, names=_name(row))
        text = self.post.text(self.texts.one, line=Html(line), number=str(row["user_id"]))
        return Payload("\n\n".join(filter(None, (said, text))), self._buttons(row))

    def registration(self, row: sa.RowMapping) -> Payload:
        """The question for a clinician's number."""
        text = self.post.text(self.texts.ask_registration, name=_name(row))
        return Payload(text, ((self._button(KEEP, self.texts.button_keep, row),),))

    def removing(self, row: sa.RowMapping) -> Payload:
        """Asked once more before somebody's rights end."""
        text = self.post.text(self.texts.ask_remove, name=_name(row))
        sure = self._button("sure", self.texts.button_remove_sure, row)
        return Payload(text, ((sure,), (self._button("show", self.texts.button_keep, row),)))

    def _line(self, row: sa.RowMapping) -> str:
        texts, zone = self.texts, self.post.library.served.content.clinic.zone
        parts = [self.post.text(texts.person, name=_name(row), role=texts.roles[row["role"]])]
        if row["registration"]:
            parts.append(self.post.text(texts.person_registered, registration=row["registration"]))
        if people.is_away(row, self.post.clock.now_us()):
            until_us = row["away_until_us"]
            day = whole_day(from_us(until_us).astimezone(zone).date()) if until_us is not None else ""
            parts.append(self.post.text(texts.person_away_until, day=day) if day else texts.person_away)
        return "".join(parts)

    def _buttons(self, row: sa.RowMapping) -> Buttons:
        texts = self.texts
        others = [role for role in Role if role != row["role"]]
        roles = tuple(
            self._button(role, texts.button_role.replace("{role}", texts.roles[role]), row) for role in others
        )
        rows: list[tuple[Button, ...]] = [(button,) for button in roles]
        if row["role"] in {Role.OWNER, Role.CLINICIAN}:
            rows.append((self._button("number", texts.button_registration, row),))
        return (
            *rows,
            (self._button("remove", texts.button_remove, row),),
            (self._button("all", texts.button_back, row),),
        )

    def _button(self, what: str, label: str, row: sa.RowMapping) -> Button:
        return Button(label, f"{TEAM}:{what}:{row['user_id']}")


def _name(row: sa.RowMapping) -> str:
    return row["name"] or str(row["user_id"])
