"""What staff see of an alert, always as it stands in the database: its words, who has it, and the buttons that fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.clock import from_us
from bot.core.outcome import Occasion
from bot.core.replies import Html
from bot.core.voice import excerpt, since_in_words
from bot.errors import MarkupError
from bot.markup import plain
from bot.model import Button, Buttons, ChatId, Level, PatientId, Payload
from bot.services.away import Away
from bot.services.broadcast_report import Report
from bot.services.plan_actions import PlanActions
from bot.services.post import Post
from bot.services.thread_place import ThreadPlace
from bot.store import alerts
from bot.store.care import NO_CHAT
from bot.store.engine import Tx

SAID_MAX = 120
"""Characters of what the bot said: the first line says what the patient was told to do."""
NOBODY = "–"


@dataclass(frozen=True)
class Cards:
    """Draws alerts about red flags."""

    post: Post

    async def payload(self, tx: Tx, alert: sa.RowMapping, *, again: bool = False) -> Payload:
        """The card of an alert. `again`: it was shown before, and nobody has taken it."""
        replies = self.post.library.served.content.replies
        status = {
            "open": replies.staff_status_again if again else replies.staff_status_take,
            "taken": replies.staff_status_taken,
        }.get(alert["state"], replies.staff_status_closed)
        person = await self._person(tx, alert)
        words = await alerts.words_of(tx, alert["id"])
        is_on_paper = alert["chat_id"] == NO_CHAT
        text = self.post.text(
            replies.staff_red_flag_on_paper if is_on_paper else replies.staff_red_flag,
            level=level_of(alert).value.capitalize(),
            code=person["code"],
            status=status,
            id=", ".join(alert["flags"] or ()),
            since=self._since(alert, person),
            said=await self._said(tx, alert, words[-1]["id"] if words else alert["question_id"]),
            phone=Html(self._phone(person)),
            text=excerpt(_lines(words) or NOBODY),
        )
        notes = dict.fromkeys(word["note"] for word in words if word["note"])
        after = await Report(self.post).named(tx, ChatId(alert["chat_id"]), _said_at(alert))
        buttons = self.buttons(alert) or await self._plan_buttons(tx, alert)
        buttons += await self._who(tx, alert)
        first = await Away(self.post).call(tx, alert, person["podiatrist_id"])
        more = filter(None, (first, await self._shared(tx, alert), after, await self._talk(tx, alert)))
        return Payload("\n".join((text, *notes, *more, *self._ending(alert))), buttons)

    def buttons(self, alert: sa.RowMapping) -> Buttons:
        """What can still be done about it."""
        if alert["state"] not in {"open", "taken"}:
            return ()
        replies = self.post.library.served.content.replies
        end = (
            Button(replies.staff_button_done, f"done:{alert['id']}"),
            Button(replies.staff_button_false, f"false:{alert['id']}"),
        )
        take = (Button(replies.staff_button_take, f"take:{alert['id']}"),)
        return (take, end) if alert["state"] == "open" else (end,)

    async def _who(self, tx: Tx, alert: sa.RowMapping) -> Buttons:
        """To see who it is, while somebody has to ring; each look is noted."""
        contact = await self.post.contacts.of(tx, PatientId(alert["patient_id"]))
        if contact.is_empty or alert["state"] not in {"open", "taken"}:
            return ()
        label = self.post.library.served.content.enrolment.button_show_who
        return ((Button(label, f"who:{alert['id']}"),),)

    async def _talk(self, tx: Tx, alert: sa.RowMapping) -> str:
        """The topic where staff talk with the patient; empty without one."""
        topic = await ThreadPlace(self.post).topic(tx, ChatId(alert["chat_id"]))
        return self.post.text(self.post.library.served.content.threads.talk, topic=topic) if topic else ""

    async def _shared(self, tx: Tx, alert: sa.RowMapping) -> str:
        """Who else has this phone, of whom it may be, too; empty where nobody has."""
        codes = await alerts.others_at(tx, self.post.bot_id, ChatId(alert["chat_id"]), alert["patient_id"])
        if not codes:
            return ""
        return self.post.text(self.post.library.served.content.replies.staff_shared_phone, codes=", ".join(codes))

    async def _plan_buttons(self, tx: Tx, alert: sa.RowMapping) -> Buttons:
        """After the call: the care plans that the alert paused, to let go on or to end."""
        if alert["outcome"] != "done":
            return ()
        words = self.post.library.served.content.patient_list
        plans = await PlanActions(self.post).paused_by_alert(tx, alert)
        labels = {plan["id"]: f" {plan['code']}" if len(plans) > 1 else "" for plan in plans}
        return tuple(
            (
                Button(f"{words.button_resume_check_ins}{label}", f"pl:resume:{id_}"),
                Button(f"{words.button_end_check_ins}{label}", f"pl:end:{id_}"),
            )
            for id_, label in labels.items()
        )

    async def more(self, tx: Tx, alert: sa.RowMapping, words: str, note: str) -> Payload:
        """Only the words that were added, for a message under the card."""
        replies = self.post.library.served.content.replies
        person = await self._person(tx, alert)
        text = self.post.text(
            replies.staff_more, code=person["code"], id=", ".join(alert["flags"] or ()), text=excerpt(words or NOBODY)
        )
        return Payload("\n".join(filter(None, (text, note))), self.buttons(alert)[:1])

    async def _person(self, tx: Tx, alert: sa.RowMapping) -> sa.RowMapping:
        return await alerts.person_of(tx, self.post.bot_id, ChatId(alert["chat_id"]), alert["patient_id"])

    def _since(self, alert: sa.RowMapping, person: sa.RowMapping) -> str:
        """Time since the treatment when the patient wrote, and what was treated, as far as both are known."""
        at = _said_at(alert)
        treated_at = from_us(person["treated_us"]) if person["treated_us"] is not None else None
        since = since_in_words(Occasion(now=at, sent_at=at, treated_at=treated_at))
        return f"{since}, {person['area']}" if person["area"] else since

    def _phone(self, person: sa.RowMapping) -> str:
        replies, say = self.post.library.served.content.replies, self.post.text
        contact = self.post.contacts.opened(person)
        if contact.phone:
            return say(replies.staff_phone, phone=contact.phone)
        if contact.reference:
            return say(replies.staff_no_phone_ref, reference=contact.reference)
        return say(replies.staff_no_phone)

    async def _said(self, tx: Tx, alert: sa.RowMapping, question_id: int | None) -> str:
        bot_id, chat_id = self.post.bot_id, ChatId(alert["chat_id"])
        if chat_id == NO_CHAT:
            return self._first_line(self.post.text(self._warning(alert)))
        raw = await alerts.first_reply(tx, bot_id, chat_id, question_id) if question_id is not None else None
        return self._first_line(Payload.from_json(raw).text) if raw is not None else NOBODY

    def _warning(self, alert: sa.RowMapping) -> str:
        """The text of its first red flag; empty where the content has it no more."""
        first = (alert["flags"] or ("",))[0]
        return next((flag.text for flag in self.post.library.served.content.red_flags if flag.id == first), "")

    def _first_line(self, html: str) -> str:
        try:
            lines = [line for line in plain(html).split("\n") if line.strip()]
        except MarkupError:
            return NOBODY
        if len(lines) > 1 and lines[0].endswith(":"):  # whom of a family it was said about
            lines[:2] = [f"{lines[0]} {lines[1]}"]
        return lines[0][:SAID_MAX] if lines else NOBODY

    def _ending(self, alert: sa.RowMapping) -> tuple[str, ...]:
        """Who has it, and what came of it, after an empty line."""
        replies, say, lines = self.post.library.served.content.replies, self.post.text, []
        if alert["taken_by"] is not None:
            lines.append(say(replies.staff_taken, who=alert["taken_name"] or str(alert["taken_by"])))
        closed_by = alert["closed_name"] or str(alert["closed_by"])
        match alert["outcome"]:
            case "done":
                lines.append(say(replies.staff_call_done, who=closed_by))
            case "false_alarm":
                lines.append(say(replies.staff_false_alarm, who=closed_by))
            case "replaced":
                lines.append(say(replies.staff_replaced))
        return ("", *lines) if lines else ()


def _lines(words: Sequence[sa.RowMapping]) -> str:
    """All that was written, each line once: what was read together is stored together too."""
    return "\n".join(dict.fromkeys(line for word in words for line in word["text"].splitlines()))


def _said_at(alert: sa.RowMapping) -> datetime:
    """When the patient wrote it."""
    return from_us(alert["said_us"] or alert["at_us"])


def level_of(alert: sa.RowMapping) -> Level:
    """The level of an alert about a red flag."""
    return Level(alert["level"])
