"""Setting up care plans as staff do it: `/enrol 4821 heel L`, or by buttons; without Telegram; a link; who somebody is.

Rights and forged presses are checked before (`services/staff.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import DAY_US, MINUTE_US, from_us, to_us
from bot.content.plan import Option
from bot.content.sentences import EnrolmentReplies
from bot.core.care.enrolling import Request, Wrong, match_option, read_link, read_request
from bot.model import (
    BotId,
    Button,
    Buttons,
    ChatId,
    Kind,
    Outgoing,
    PatientId,
    Payload,
    PressIn,
    TextIn,
    UserId,
)
from bot.services.enrolment_paper import Paper
from bot.services.enrolment_plans import UNDO_US, Enrolments, NewPlan
from bot.services.post import Post
from bot.services.poster import link_to
from bot.store import accounts, care, chats, enrolling, erasures
from bot.store.engine import Tx
from bot.store.tables import alert, patient

ENROL = "en"
"""What the data of these buttons begins with: `en:n:<number>`, `en:a:<number>:<area>:<more>`, then with the side."""
WHO = "who"
GUESSES = 5
"""So many wrong numbers by one member of staff, and there is a pause."""
_BASE = 36
_SHOWN = 6


@dataclass(frozen=True)
class StaffSide:
    """Does what staff ask for. `bot_name`: the bot's user name at Telegram, without @; empty when nobody could ask."""

    post: Post
    bot_name: str = ""

    @property
    def _texts(self) -> EnrolmentReplies:
        return self.post.library.served.content.enrolment

    @property
    def _enrolments(self) -> Enrolments:
        return Enrolments(self.post)

    def _say(self, text: str, buttons: Buttons = (), /, **values: str) -> Payload:
        return Payload(self.post.text(text, **values), buttons)

    # --- commands ---------------------------------------------------------------------------------------------------

    async def command(self, tx: Tx, row: sa.RowMapping, said: TextIn, words: str) -> Payload:
        """Do what /enrol asks for. Returns the reply."""
        if (code := read_link(words)) is not None:
            return await self._link(tx, said.sender.user_id, code)
        plan, now = self._enrolments.plan, self.post.clock.now()
        if plan is None:
            return self._say(self._texts.staff_no_plan)
        request = read_request(words, plan, self.post.library.served.content.clinic.zone, now)
        if (wrong := self._wrong(request)) is not None:
            return wrong
        if request.no_telegram:
            return await self._on_paper(tx, row, said, request, words)
        if not request.number:
            return await self._which_number(tx, words)
        return await self._enrol(tx, said.sender.user_id, request, words)

    def _wrong(self, request: Request) -> Payload | None:
        match request.wrong:
            case Wrong.UNCLEAR:
                return self._say(self._texts.staff_unclear, word=request.word)
            case Wrong.WHEN:
                return self._say(self._texts.staff_when_wrong, days="14")
            case Wrong.VISIT:
                return self._say(self._texts.staff_visit_past)
            case None:
                return None

    async def _which_number(self, tx: Tx, words: str) -> Payload:
        if words.strip():
            return self._say(self._texts.staff_unclear, word=words.strip())
        shown = await enrolling.numbers_shown(tx, self.post.bot_id, self.post.clock.now_us(), _SHOWN)
        if not shown:
            return self._say(self._texts.staff_no_codes)
        buttons = tuple((Button(number, f"{ENROL}:n:{number}"),) for number in sorted(shown))
        return self._say(self._texts.staff_which_code, buttons)

    # --- a patient with a number ------------------------------------------------------------------------------------

    async def _enrol(self, tx: Tx, who: UserId, request: Request, words: str = "") -> Payload:
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        chat_id = await self._chat(tx, who, request.number, now_us)
        if isinstance(chat_id, Payload):
            return chat_id
        if not request.is_whole:
            if request.label or request.reference:  # those do not fit under a button
                return self._say(self._texts.staff_unclear, word=words.strip())
            return self._what(request)
        await chats.lock_chat(tx, bot_id, chat_id)
        patient_id = await self._patient(tx, chat_id, request.label)
        if isinstance(patient_id, Payload):
            return patient_id
        if not await enrolling.use_number(tx, bot_id, chat_id, request.number):
            return self._wrong_number(request.number)  # somebody else was quicker
        if request.reference:
            await self.post.contacts.save(tx, patient_id, now_us, reference=request.reference)
        new = self._new(request, patient_id, chat_id, who)
        enrolment_id, has_ended = await self._enrolments.make(tx, new)
        await self._enrolments.begin(tx, enrolment_id)
        row = await care.plan_row(tx, bot_id, enrolment_id)
        assert row is not None, enrolment_id
        values = self._enrolments.in_words(new.area, new.side, new.treated_at, new.visit_at)
        text = self.post.text(self._texts.staff_enrolled, code=row["code"], **values)
        ended = (self.post.text(self._texts.staff_old_ended),) if has_ended else ()
        undo = Button(self._texts.button_undo, f"{ENROL}:u:{enrolment_id}")
        return Payload("\n".join((text, *ended)), ((undo,),))

    async def _chat(self, tx: Tx, who: UserId, number: str, now_us: int) -> ChatId | Payload:
        """The chat that shows the number, or what to say instead."""
        bot_id, since_us = self.post.bot_id, now_us - enrolling.NUMBER_LASTS_US
        minutes = str(enrolling.NUMBER_LASTS_US // MINUTE_US)
        if await enrolling.wrong_numbers_since(tx, bot_id, who, since_us) >= GUESSES:
            return self._say(self._texts.staff_guessing, minutes=minutes)
        chat_id = await enrolling.chat_showing(tx, bot_id, number, now_us)
        if chat_id is None:
            await accounts.write_audit(tx, bot_id, who, enrolling.WRONG_NUMBER, None, now_us)
            return self._wrong_number(number)
        return chat_id

    def _wrong_number(self, number: str) -> Payload:
        minutes = str(enrolling.NUMBER_LASTS_US // MINUTE_US)
        return self._say(self._texts.staff_wrong_code, number=number, minutes=minutes)

    def _new(self, request: Request, patient_id: PatientId, chat_id: ChatId, who: UserId) -> NewPlan:
        """The plan that was asked for."""
        treated_at = request.treated_at or self.post.clock.now()
        visit_at, is_child = request.visit_at, request.is_child
        return NewPlan(patient_id, chat_id, request.area, request.side, treated_at, who, visit_at, is_child)

    async def _patient(self, tx: Tx, chat_id: ChatId, label: str) -> PatientId | Payload:
        """Who of a chat is meant; a name that nobody there has is that of another patient on the same phone."""
        store, bot_id, now_us = self.post.store, self.post.bot_id, self.post.clock.now_us()
        await chats.welcome_patient(store, tx, bot_id, chat_id, now_us)
        known = await enrolling.patients_in(tx, bot_id, chat_id)
        if not label:
            if len(known) == 1:
                return known[0].patient_id
            labels = [one.label or one.code for one in known]
            return self._say(self._texts.staff_whom, labels=", ".join(labels), label=labels[-1])
        for one in known:
            name = one.label or (await self.post.contacts.of(tx, one.patient_id)).name or ""
            if name.casefold().split()[:1] == [label.casefold()]:
                return one.patient_id
        if len(known) == 1 and not known[0].has_plans:  # the phone of somebody who never was on a plan
            await enrolling.set_label(tx, bot_id, chat_id, known[0].patient_id, label)
            return known[0].patient_id
        patient_id, _ = await chats.new_patient(store, tx, bot_id, now_us)
        await enrolling.join_chat(store, tx, bot_id, chat_id, patient_id, now_us, label)
        return patient_id

    # --- by buttons -------------------------------------------------------------------------------------------------

    def _what(self, request: Request) -> Payload:
        """Asks for the area, then for the side."""
        plan = self._enrolments.plan
        assert plan is not None, "the caller looks whether there is a plan"
        if not request.area:
            return self._say(self._texts.staff_which_area, self._rows(plan.areas, request), number=request.number)
        return self._say(self._texts.staff_which_side, self._rows(plan.sides, request), number=request.number)

    def _rows(self, options: Sequence[Option], request: Request) -> Buttons:
        more = _pack(request)
        rows = []
        for option in options:
            area, side = (request.area, option.id) if request.area else (option.id, request.side)
            rows.append((Button(option.label, f"{ENROL}:a:{request.number}:{area}:{side}:{more}"),))
        return tuple(rows)

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        what, *parts = argument.split(":")
        who = press.sender.user_id
        if what == "u" and len(parts) == 1 and parts[0].isdecimal():
            await self._undo(tx, press, int(parts[0]))
        elif what == "n" and len(parts) == 1:
            await self.post.redraw(tx, press, await self._enrol(tx, who, Request(number=parts[0])))
        elif what == "a" and len(parts) == 4 and self._enrolments.plan is not None:
            number, area, side, more = parts
            areas, sides = self._enrolments.plan.areas, self._enrolments.plan.sides
            request = _unpack(Request(number, area=match_option(area, areas), side=match_option(side, sides)), more)
            await self.post.redraw(tx, press, await self._enrol(tx, who, request))

    async def _undo(self, tx: Tx, press: PressIn, enrolment_id: int) -> None:
        bot_id = self.post.bot_id
        row = await care.plan_row(tx, bot_id, enrolment_id)
        if row is None:
            return
        if row["chat_id"] != care.NO_CHAT:
            await chats.lock_chat(tx, bot_id, ChatId(row["chat_id"]))
        if await self._enrolments.undo(tx, press.sender.user_id, enrolment_id):
            said = self._say(self._texts.staff_undone, code=row["code"])
        else:
            said = self._say(self._texts.staff_undo_late, minutes=str(UNDO_US // MINUTE_US))
        await self.post.redraw(tx, press, said)

    # --- a patient without Telegram ---------------------------------------------------------------------------------

    async def _on_paper(self, tx: Tx, row: sa.RowMapping, said: TextIn, request: Request, words: str) -> Payload:
        """A plan without messages: a sheet to print, and calls for whoever needs care."""
        if not request.is_whole:
            return self._say(self._texts.staff_unclear, word=words.strip())
        bot_id, now_us, who = self.post.bot_id, self.post.clock.now_us(), said.sender.user_id
        patient_id, code = await chats.new_patient(self.post.store, tx, bot_id, now_us)
        if request.reference or request.label:
            details = {"reference": request.reference or None, "name": request.label or None}
            await self.post.contacts.save(tx, patient_id, now_us, **details)
        new = self._new(request, patient_id, care.NO_CHAT, who)
        new = replace(new, careful=not request.not_careful, state=PlanState.OPEN)
        enrolment_id, _ = await self._enrolments.make(tx, new)
        paper = Paper(self.post)
        times = await paper.plan_calls(tx, enrolment_id) if new.careful else ()
        calls = self._calls(times)
        await paper.send_sheet(tx, enrolment_id, said.chat_id, f"u{row['update_id']}:sheet")
        values = self._enrolments.in_words(new.area, new.side, new.treated_at)
        del values["visit"]
        undo = Button(self._texts.button_undo, f"{ENROL}:u:{enrolment_id}")
        return self._say(self._texts.staff_none, ((undo,),), code=code, calls=calls, **values)

    def _calls(self, times: Sequence[str]) -> str:
        if not times:
            return self._texts.staff_none_no_calls
        return self._texts.staff_none_calls.replace("{times}", ", ".join(times))

    # --- a link, and who somebody is --------------------------------------------------------------------------------

    async def _link(self, tx: Tx, who: UserId, code: str) -> Payload:
        """A link that brings a patient to another phone."""
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        if not self.bot_name:
            return self._say(self._texts.staff_link_no_name)
        patient_id = await enrolling.patient_by_code(tx, bot_id, code)
        if patient_id is None:
            return self._say(self._texts.staff_link_unknown, code=code)
        if await erasures.is_forgotten(tx, bot_id, patient_id):
            return self._say(self._texts.staff_link_forgotten, code=code)
        token = await enrolling.new_link(
            tx, bot_id, patient_id, await waiting_plan_of(tx, bot_id, patient_id), who, now_us
        )
        await accounts.write_audit(tx, bot_id, who, "enrol_link", patient_id, now_us)
        days = str(enrolling.LINK_LASTS_US // DAY_US)
        said = self._say(self._texts.staff_link, code=code, link=link_to(self.bot_name, token), days=days)
        return replace(said, is_secret=True)

    async def show_who(self, tx: Tx, press: PressIn, alert_id: int) -> None:
        """Name, reference and phone of the patient an alert is about, for whoever asked; that they looked is noted."""
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        statement = (
            sa.select(alert.c.patient_id, alert.c.chat_id, patient.c.code)
            .join(patient, patient.c.id == alert.c.patient_id)
            .where(alert.c.bot_id == bot_id, alert.c.id == alert_id)
        )
        row = (await tx.execute(statement)).mappings().one_or_none()
        if row is None:
            return
        contact = await self.post.contacts.of(tx, PatientId(row["patient_id"]))
        none = self._texts.staff_contact_locked if contact.locked else self._texts.staff_contact_unknown
        said = self._say(
            self._texts.staff_contact,
            code=row["code"],
            name=contact.name or none,
            reference=contact.reference or none,
            phone=contact.phone or none,
        )
        await accounts.write_audit(tx, bot_id, press.sender.user_id, "show_who", row["patient_id"], now_us)
        out = Outgoing(
            press.chat_id,
            Kind.RELAY,
            replace(said, is_secret=True),
            f"who:{press.press_id}",
            reply_to_id=press.message_id,
            subject_chat_id=ChatId(row["chat_id"]),
        )
        await self.post.enqueue(tx, out)


async def waiting_plan_of(tx: Tx, bot_id: BotId, patient_id: PatientId) -> int | None:
    """The plan of a patient that no phone has joined yet, as one from a list."""
    plans = await enrolling.running_plans(tx, bot_id, patient_id)
    waits = (row["id"] for row in plans if row["chat_id"] == care.NO_CHAT and row["state"] == PlanState.JOINING)
    return next(waits, None)


def _pack(request: Request) -> str:
    """What was said beside number, area and side, short enough for a button: times in minutes, and whether a child."""
    times = (request.treated_at, request.visit_at)
    treated, visit = ("" if at is None else _in_base(to_us(at) // MINUTE_US) for at in times)
    return f"{treated}.{visit}.{'c' if request.is_child else ''}"


def _unpack(request: Request, more: str) -> Request:
    treated, visit, child = (*more.split("."), "", "")[:3]
    return Request(
        request.number,
        area=request.area,
        side=request.side,
        treated_at=_from_base(treated),
        visit_at=_from_base(visit),
        is_child=child == "c",
    )


def _in_base(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    out = ""
    while number:
        number, rest = divmod(number, _BASE)
        out = digits[rest] + out
    return out


def _from_base(text: str) -> datetime | None:
    return from_us(int(text, _BASE) * MINUTE_US) if text else None
