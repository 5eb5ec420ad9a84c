"""Care plans as staff see and change them: /patients, one patient, /notes, and every button of theirs.

Rights and forged presses are checked before (`services/staff.py`). A message that was acted on is drawn anew, so that
everybody who looks at it sees how things stand.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.clock import SECOND_US, from_us
from bot.core.replies import Html
from bot.model import (
    ChatId,
    Kind,
    MediaIn,
    MessageId,
    Method,
    Outgoing,
    Payload,
    PressIn,
    Sender,
    TextIn,
    UserId,
)
from bot.services import pain_chart
from bot.services.alert_view import AlertView
from bot.services.forgetting import Forgetting
from bot.services.note_list import NoteList
from bot.services.patient_view import PatientView
from bot.services.people import People
from bot.services.phone_answers import PhoneAnswers, Wanted, wants_words
from bot.services.plan_actions import Happened, PlanActions
from bot.services.plan_list import ALL, PlanList
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.services.thread_place import ThreadPlace
from bot.services.threads import Threads
from bot.store import accounts, buttons, care, patient_list, people
from bot.store.attachments import keep_file
from bot.store.chats import lock_chat
from bot.store.engine import Tx

PLANS = "pl"
"""What the data of these buttons begins with: `pl:<what>:<id>`, or `pl:<what>:<id>.<more>`, mostly another number."""
COMMANDS = frozenset({"patients", "notes"})

_ARGUMENT = re.compile(r"([a-z]{2,12}):(\d{1,18})(?:\.(\w{1,41}(?::\w{1,41})?))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Press:
    """A press on one of these buttons, already checked."""

    incoming: PressIn
    row_id: MessageId
    """Our row of the message it was on."""
    what: str
    id: int
    """Mostly of an enrolment."""
    more: str = ""
    picture: bytes | None = None

    @property
    def number(self) -> int:
        """The other number; 0 where there is none."""
        return int(self.more) if self.more.isdecimal() else 0

    @property
    def sender(self) -> Sender:
        """Who pressed."""
        return self.incoming.sender


@dataclass(frozen=True)
class PatientList:
    """Lists plans, shows one, and does what its buttons say."""

    post: Post

    @property
    def _view(self) -> PatientView:
        return PatientView(self.post)

    @property
    def _actions(self) -> PlanActions:
        return PlanActions(self.post)

    @property
    def _words(self) -> PlanWords:
        return PlanWords(self.post)

    # --- commands ---------------------------------------------------------------------------------------------------

    async def command(self, tx: Tx, command: str, who: UserId) -> Payload:
        """The reply to /patients (one's own, where there are any) and /notes."""
        if command == "notes":
            return await NoteList(self.post).payload(tx)
        own = await patient_list.page(tx, self.post.bot_id, who, 0, 1)
        return await PlanList(self.post).payload(tx, who if own.count else ALL, 0)

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def prepare(self, incoming: TextIn | MediaIn | PressIn) -> bytes | None:
        """The picture that a press asks for, drawn before anything is locked; None where none is, or can be."""
        press = _read(incoming) if isinstance(incoming, PressIn) else None
        if press is None or press.what != "chart" or not pain_chart.can_draw():
            return None
        chat_id, data = press.incoming.chat_id, press.incoming.data or ""
        async with self.post.store.read() as tx:
            if not await buttons.were_there(tx, self.post.bot_id, chat_id, press.row_id, data):
                return None
            chart, _ = await self._view.chart(tx, press.id)
        return await pain_chart.draw(chart) if chart is not None else None

    async def press(self, tx: Tx, incoming: PressIn, picture: bytes | None = None) -> None:
        """Do what one of our buttons says. The caller has checked who pressed, and that the button was there."""
        press = _read(incoming, picture)
        if press is None or (do := self._by_name.get(press.what)) is None:
            return
        await do(tx, press)

    @property
    def _by_name(self) -> Mapping[str, Callable[[Tx, Press], Awaitable[None]]]:
        return {
            "list": self._turn,
            "mine": self._turn,
            "patients": self._list,
            "notes": self._notes,
            "listnotes": self._notes,
            "done": self._done,
            "did": self._done,
            "view": self._open,
            "show": self._show,
            "pause": self._pause,
            "resume": self._resume,
            "end": self._ask,
            "endsure": self._end,
            "forget": self._ask_to_forget,
            "forgetsure": self._forget,
            "move": self._ask_when,
            "treats": self._ask_who,
            "treated": self._treats,
            "to": self._move,
            "message": self._message,
            "chart": self._chart,
            "answers": self._enter,
            "answer": self._answer,
            "words": self._leave_words,
        }

    async def _turn(self, tx: Tx, press: Press) -> None:
        whose = press.sender.user_id if press.what == "mine" else UserId(press.id)
        await self._redraw(tx, press, await PlanList(self.post).payload(tx, whose, press.number))

    async def _list(self, tx: Tx, press: Press) -> None:
        await self._reply(tx, press, await self.command(tx, "patients", press.sender.user_id))

    async def _notes(self, tx: Tx, press: Press) -> None:
        payload = await NoteList(self.post).payload(tx, press.id)
        await (self._redraw if press.what == "notes" else self._reply)(tx, press, payload)

    async def _done(self, tx: Tx, press: Press) -> None:
        """A note is done; pressed in the list of notes, or on one patient."""
        note = await patient_list.note(tx, self.post.bot_id, press.id)
        if note is None:
            return
        happened = await self._actions.finish_note(tx, press.sender.user_id, press.id)
        said = self._said(happened, self._words.replies.did_note)
        if press.what == "done" or note["enrolment_id"] is None:
            await self._redraw(tx, press, await NoteList(self.post).payload(tx, press.number, said))
        else:
            await self._show(tx, press, note["enrolment_id"], said)

    async def _open(self, tx: Tx, press: Press) -> None:
        """One patient in a message of its own: a reply to that reaches the patient."""
        if (payload := await self._view.payload(tx, press.id)) is None:
            return
        await self._note(tx, press, "plan_view")
        await self._reply(tx, press, payload, await self._view.subject(tx, press.id))

    async def _show(self, tx: Tx, press: Press, enrolment_id: int | None = None, said: str = "") -> None:
        payload = await self._view.payload(tx, press.id if enrolment_id is None else enrolment_id, said)
        if payload is not None:
            await self._redraw(tx, press, payload)

    async def _pause(self, tx: Tx, press: Press) -> None:
        happened = await self._actions.pause(tx, press.sender.user_id, press.id)
        await self._tell(tx, press, self._said(happened, self._words.replies.did_pause), happened)

    async def _resume(self, tx: Tx, press: Press) -> None:
        happened = await self._actions.resume(tx, press.sender.user_id, press.id)
        await self._tell(tx, press, self._said(happened, self._words.replies.did_resume), happened)

    async def _ask(self, tx: Tx, press: Press) -> None:
        """Once more before a plan ends; beside an alert's card, which stays as it is."""
        if (payload := await self._view.asked_to_end(tx, press.id)) is None:
            return
        if await self._alert_of(tx, press) is None:
            await self._redraw(tx, press, payload)
        else:
            await self._reply(tx, press, payload, await self._view.subject(tx, press.id))

    async def _end(self, tx: Tx, press: Press) -> None:
        happened = await self._actions.end(tx, press.sender.user_id, press.id)
        await self._tell(tx, press, self._said(happened, self._words.replies.did_end), happened)

    async def _ask_to_forget(self, tx: Tx, press: Press) -> None:
        await People(self.post).require(tx, press.incoming.chat_id, press.sender, "forget")
        asked = await Forgetting(self.post).ask_on_paper(tx, press.id)
        if isinstance(asked, str):
            await self._reply(tx, press, Payload(asked))
        else:
            await self._redraw(tx, press, asked)

    async def _forget(self, tx: Tx, press: Press) -> None:
        await People(self.post).require(tx, press.incoming.chat_id, press.sender, "forget")
        why_not = await Forgetting(self.post).do_on_paper(tx, press.sender.user_id, press.id)
        if why_not:
            await self._reply(tx, press, Payload(why_not))

    async def _ask_when(self, tx: Tx, press: Press) -> None:
        if (payload := await self._view.moving(tx, press.id)) is not None:
            await self._redraw(tx, press, payload)

    async def _move(self, tx: Tx, press: Press) -> None:
        step = await patient_list.step_by_id(tx, self.post.bot_id, press.id)
        if step is None:
            await self._reply(tx, press, Payload(self._said(Happened.GONE)))
            return
        at, words = from_us(press.number * SECOND_US), self._words
        row = await care.plan_row(tx, self.post.bot_id, step["enrolment_id"])
        assert row is not None, step["enrolment_id"]
        moved = await self._actions.move(tx, press.sender.user_id, press.id, at)
        if moved.why_not is not None:
            said = self.post.text(words.replies.did_not_move, why=words.why_not_move(moved.why_not))
        elif moved.happened is Happened.DONE:
            name = words.step(row["plan_id"], step["part"])
            said = self.post.text(words.replies.did_move, step=name, time=words.time(at, row["zone"]))
        else:
            said = self._said(moved.happened)
        await self._show(tx, press, row["id"], said)

    async def _ask_who(self, tx: Tx, press: Press) -> None:
        if (payload := await self._view.treating(tx, press.id, press.sender.user_id)) is not None:
            await self._redraw(tx, press, payload)

    async def _treats(self, tx: Tx, press: Press) -> None:
        """Only somebody whom the team has: a button may be old, and who it names have left."""
        who = UserId(press.number)
        if who not in {*await People(self.post).who_treat(tx), press.sender.user_id}:
            await self._show(tx, press, said=self._said(Happened.GONE))
            return
        happened = await self._actions.treats(tx, press.sender.user_id, press.id, who)
        name = await people.name_of(tx, self.post.bot_id, who)
        said = self._said(happened, self.post.text(self._words.replies.did_treats, name=name))
        await self._show(tx, press, said=said)

    async def _message(self, tx: Tx, press: Press) -> None:
        row = await care.plan_row(tx, self.post.bot_id, press.id)
        if row is None:
            return
        subject, replies = await self._view.subject(tx, press.id), self._words.replies
        text = self.post.text(replies.write_to if subject is not None else replies.write_to_nobody, code=row["code"])
        if subject is not None and (topic := await self._topic(tx, subject)):
            in_topic = self.post.library.served.content.threads.write_in_topic
            text = self.post.text(in_topic, code=row["code"], topic=topic)
        await self._reply(tx, press, Payload(text), subject)

    async def _topic(self, tx: Tx, chat_id: ChatId) -> Html:
        """The topic of this chat's thread, which is opened; empty in a group without topics."""
        await lock_chat(tx, self.post.bot_id, chat_id)
        await Threads(self.post).open(tx, chat_id)
        return await ThreadPlace(self.post).topic(tx, chat_id)

    async def _chart(self, tx: Tx, press: Press) -> None:
        _, caption = await self._view.chart(tx, press.id)
        if not caption:
            return
        await self._note(tx, press, "plan_chart")
        subject = await self._view.subject(tx, press.id)
        if press.picture is None:
            await self._reply(tx, press, Payload(caption), subject)
            return
        file_id = await keep_file(self.post.store, tx, self.post.bot_id, press.picture, patient_list.CHART)
        await self._reply(tx, press, Payload(caption), subject, file_id)

    # --- on the phone -----------------------------------------------------------------------------------------------

    async def _enter(self, tx: Tx, press: Press) -> None:
        payload = await PhoneAnswers(self.post).begin(tx, press.incoming, press.id)
        if payload is not None:
            await self._ask_on_phone(tx, press, press.id, payload)
        else:
            await self._show(tx, press, said=self.post.text(self._words.replies.answers_none))

    async def _answer(self, tx: Tx, press: Press) -> None:
        enrolment_id = await care.plan_of_check_in(tx, press.id)
        payload = await PhoneAnswers(self.post).answer(tx, press.incoming, press.id, press.more)
        if payload is not None and enrolment_id is not None:
            await self._ask_on_phone(tx, press, enrolment_id, payload)
        elif enrolment_id is not None:
            await self._show(tx, press, enrolment_id, self._said(Happened.GONE))

    async def _ask_on_phone(self, tx: Tx, press: Press, enrolment_id: int, payload: Payload) -> None:
        """The question in place of the last one; one that a reply answers in a message of its own, to be replied to."""
        if wants_words(payload) is None:
            await self._redraw(tx, press, payload)
            return
        await self._show(tx, press, enrolment_id)
        await self._reply(tx, press, payload)

    async def _leave_words(self, tx: Tx, press: Press) -> None:
        """Back from a question that waits for a reply."""
        if (enrolment_id := await care.plan_of_check_in(tx, press.id)) is not None:
            await self._show(tx, press, enrolment_id)

    async def told(self, tx: Tx, said: TextIn | MediaIn, wanted: Wanted) -> Payload:
        """What staff are told who replied with a patient's words. The caller has checked their rights."""
        payload = await PhoneAnswers(self.post).told(tx, said, wanted)
        return payload if payload is not None else Payload(self._said(Happened.GONE))

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _said(self, happened: Happened, done: str = "") -> str:
        """What came of it. `done`: the sentence where it was done."""
        replies = self._words.replies
        return self.post.text(
            {
                Happened.DONE: done or replies.did_nothing,
                Happened.ALREADY: replies.did_nothing,
                Happened.GONE: replies.did_not_gone,
                Happened.DANGER: replies.did_not_danger,
                Happened.NOT_YET: replies.did_not_joining,
            }[happened]
        )

    async def _tell(self, tx: Tx, press: Press, said: str, happened: Happened) -> None:
        """Draw anew what shows the plan: the message that was acted on, and the card of the alert that paused it."""
        subject = await self._view.subject(tx, press.id)
        shown = await self._alert_of(tx, press)
        closed = await patient_list.last_closed(tx, self.post.bot_id, subject) if subject is not None else None
        for alert_id in {one for one in (shown, closed) if one is not None}:
            await AlertView(self.post).draw(tx, alert_id, press.row_id if alert_id == shown else None)
        if shown is None:
            await self._show(tx, press, said=said)
        elif happened is not Happened.ALREADY:
            await self._reply(tx, press, Payload(said), subject)

    async def _alert_of(self, tx: Tx, press: Press) -> int | None:
        """The alert on whose card it was pressed."""
        return await patient_list.alert_shown_in(tx, press.row_id)

    async def _redraw(self, tx: Tx, press: Press, payload: Payload) -> None:
        await self.post.redraw(tx, press.incoming, payload)

    async def _reply(
        self, tx: Tx, press: Press, payload: Payload, subject: ChatId | None = None, file_id: int | None = None
    ) -> None:
        """A message under the one that was pressed on. `subject`: who gets a reply to it; `file_id`: its picture."""
        at = press.incoming
        out = Outgoing(
            at.chat_id,
            Kind.RELAY,
            payload,
            f"said:{at.press_id}",
            method=Method.SEND_TEXT if file_id is None else Method.SEND_PHOTO,
            reply_to_id=at.message_id,
            attachment_id=file_id,
            subject_chat_id=subject,
        )
        await self.post.enqueue(tx, out)

    async def _note(self, tx: Tx, press: Press, action: str) -> None:
        who, now_us = press.sender.user_id, self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, who, action, press.id, now_us)


def _read(incoming: PressIn, picture: bytes | None = None) -> Press | None:
    """What a press of ours says; None for anything else."""
    name, _, argument = (incoming.data or "").partition(":")
    found = _ARGUMENT.fullmatch(argument) if name == PLANS else None
    if found is None or incoming.row_id is None:
        return None
    return Press(incoming, incoming.row_id, found[1], int(found[2]), found[3] or "", picture)
