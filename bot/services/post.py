"""Messages to staff that are not about what a patient just wrote, and what happens when a send ends badly."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from bot import logs
from bot.clock import Clock
from bot.core.replies import render
from bot.core.settling import Event
from bot.errors import MarkupError
from bot.markup import split
from bot.model import (
    BotId,
    ChatId,
    ChatKind,
    Kind,
    MessageId,
    Method,
    Outgoing,
    Payload,
    PressIn,
    SendWhy,
    TelegramMessageId,
    UserId,
)
from bot.services.counting import Counted, T
from bot.services.ladder import OWNERS, Ladder, Rungs
from bot.services.library import Library
from bot.store import accounts, chats, messages, people
from bot.store.contacts import Contacts
from bot.store.engine import Store, Tx

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes in one chat: a topic (our row), or under another message (Telegram's id)."""

    chat_id: ChatId
    topic_id: int | None = None
    reply_to_id: TelegramMessageId | None = None


@dataclass(frozen=True)
class Post:
    """The way to the clinic's people: the staff group, or every owner while there is none."""

    store: Store
    clock: Clock
    bot_id: BotId
    library: Library
    contacts: Contacts = field(default_factory=Contacts)
    """Who patients are."""
    counted: Counted | None = None
    """What was counted before the transaction that runs; None: it may count by itself."""

    async def count(self, tx: Tx, key: Hashable, query: Callable[[Tx], Awaitable[T]]) -> T:
        """What a query finds that may take long. Raises NotCounted where it has to be made beforehand."""
        return self.counted.of(key, query) if self.counted is not None else await query(tx)

    def text(self, template: str, /, **extra: str) -> str:
        """A sentence of the clinic's with values filled in; the values are escaped."""
        return render(template, self.library.served.content.clinic, **extra)

    async def enqueue_all(self, tx: Tx, outs: Iterable[Outgoing]) -> None:
        """Owe calls to chats that have a row, edits last."""
        parts = [part for out in outs for part in _parts(out)]
        await messages.enqueue_all(self.store, tx, self.bot_id, parts, self.clock.now_us())

    async def enqueue(self, tx: Tx, out: Outgoing, fallback: int = 0) -> MessageId | None:
        """Owe one call, making sure the chat has a row. None when it is owed already.

        A text too long for one message becomes several; the last has the buttons, and is the row returned. `fallback`
        1 marks a message to an owner in place of the group: failing that, it goes on to who is on call.
        """
        kind = ChatKind.PRIVATE if out.chat_id > 0 else ChatKind.STAFF
        await chats.touch_chat(self.store, tx, self.bot_id, out.chat_id, kind, self.clock.now_us())
        row_id = None
        for part in _parts(out):
            row_id = await messages.enqueue(self.store, tx, self.bot_id, part, self.clock.now_us(), fallback)
        return row_id

    async def staff_chats(self, tx: Tx) -> tuple[ChatId, ...]:
        """Where staff read: the group, or else each owner's private chat."""
        account = await accounts.account(tx, self.bot_id)
        if account["staff_chat_id"] is not None:
            return (ChatId(account["staff_chat_id"]),)
        return tuple(ChatId(owner) for owner in await people.owners(tx, self.bot_id))

    async def tell(
        self,
        tx: Tx,
        kind: Kind,
        payload: Payload,
        dedupe_key: str,
        subject: ChatId | None = None,
        due_at: datetime | None = None,
        method: Method = Method.SEND_TEXT,
        question_id: int | None = None,
        place: Place | None = None,
    ) -> MessageId | None:
        """Tell staff once per `dedupe_key`. Returns the first new row; None when told before, or nobody is there.

        `subject`: the patient's chat it is about; a staff reply to the message goes there. `question_id`: what the
        patient had asked. `place`: where in the group.
        """
        base = Outgoing(
            ChatId(0),
            kind,
            payload,
            "",
            method=method,
            due_at=due_at,
            subject_chat_id=subject,
            question_id=question_id,
        )
        to = await self.staff_chats(tx)
        if not to:
            log.error("no_staff_to_tell", kind=kind)
        made = []
        for chat_id in to:
            rung = 1 if chat_id > 0 else 0
            key = f"{dedupe_key}|1|{chat_id}" if rung else dedupe_key
            out = replace(base, chat_id=chat_id, dedupe_key=key)
            if place is not None and place.chat_id == chat_id:
                out = replace(out, topic_id=place.topic_id, reply_to_id=place.reply_to_id)
            made.append(await self.enqueue(tx, out, rung))
        return next((row for row in made if row is not None), None)

    async def redraw(self, tx: Tx, press: PressIn, payload: Payload) -> None:
        """Let the message of ours that was pressed look like this. As a reply, not as a card: somebody waits for it."""
        assert press.row_id is not None, "a press that was checked says which message it was on"
        key = f"draw:{press.press_id}"
        out = Outgoing(press.chat_id, Kind.RELAY, payload, key, method=Method.EDIT_TEXT, target_id=press.row_id)
        await self.enqueue(tx, out)

    async def reply(self, tx: Tx, press: PressIn, payload: Payload) -> None:
        """Say this under the message that was pressed."""
        key = f"reply:{press.press_id}"
        await self.enqueue(tx, Outgoing(press.chat_id, Kind.RELAY, payload, key, reply_to_id=press.message_id))

    async def tell_owners(self, tx: Tx, text: str, dedupe_key: str) -> None:
        """Tell every owner privately, once per `dedupe_key`; failing that, who is on call."""
        for owner in await people.owners(tx, self.bot_id):
            out = Outgoing(ChatId(owner), Kind.ALERT, Payload(text), f"{dedupe_key}|1|{owner}")
            await self.enqueue(tx, out, fallback=1)


_NOT_TAKEN = frozenset({Event.UNREACHABLE, Event.REFUSED, Event.BAD_MARKUP})


@dataclass(frozen=True)
class Notices:
    """The outbox's hooks: staff hear of what did not arrive."""

    post: Post
    on_copy_refused: Callable[[Tx, int], Awaitable[None]] | None = None
    """Called with the announcement of a copy that Telegram will not take."""

    on_topic_gone: Callable[[Tx, int, str], Awaitable[None]] | None = None
    """Called with the topic that is made anew, and a word that names this occasion."""

    place_of_relay: Callable[[Tx, sa.RowMapping], Awaitable[Place | None]] | None = None
    """Where staff hear that their own words to a patient did not arrive; None: as of everything else."""

    async def on_event(self, tx: Tx, event: Event, row: sa.RowMapping) -> None:
        """Tell staff, with codes and kinds, never with the text that failed."""
        await self._pass_on(tx, event, row)
        if event is Event.TOPIC_GONE:
            return
        replies = self.post.library.served.content.replies
        say = self.post.text
        is_staff_message = row["subject_chat_id"] is not None or row["chat_kind"] == ChatKind.STAFF or row["fallback"]
        is_relay = row["kind"] == Kind.RELAY and not is_staff_message
        match event:
            case Event.IN_DOUBT | Event.REFUSED:
                text = await self._not_arrived(tx, event, row, is_relay=is_relay)
                if is_staff_message:
                    # Not to the group again, where it just failed, and not about a failed notice for ever.
                    await self._tell_owners_once(tx, event, row, text)
                    return
            case Event.UNREACHABLE if self._is_on_call(row):
                text = say(replies.staff_on_call_unreachable, who=str(row["chat_id"]))
                await self.post.tell(tx, Kind.ALERT, Payload(text), f"on_call:{row['id']}")
                if row["subject_chat_id"] is not None:
                    await self._ladder.copy(tx, row, await self._owners(tx), OWNERS)
                return
            case Event.UNREACHABLE if row["kind"] in {Kind.BROADCAST, Kind.DIGEST}:
                return  # nobody counts on it, and an announcement's own report says who left
            case Event.UNREACHABLE if not is_staff_message:
                text = say(replies.staff_unreachable, code=await self._code(tx, row))
            case Event.BAD_MARKUP if not is_staff_message:
                text = say(replies.staff_bad_markup, what=f"{row['kind']} {row['id']}")
            case Event.TOPIC_STAYS | Event.MEMBER_STAYS:
                text = await self._stays(tx, event, row)
                await self.post.tell(tx, Kind.ALERT, Payload(text), f"{event}:{row['id']}")
                return
            case Event.STAFF_LOST:
                account = await accounts.account(tx, self.post.bot_id)
                text = say(replies.staff_group_lost, reason=account["staff_lost"] or "–")
                await self.post.tell_owners(tx, text, f"lost:{self.post.clock.now().date()}")
                return
            case _:
                log.error("send_lost", event_kind=event, message_id=row["id"], kind=row["kind"])
                return
        # One word for a whole broadcast: a minute without answers would otherwise bury the alerts of that hour.
        about = f"broadcast:{row['broadcast_id']}" if row["broadcast_id"] is not None else row["id"]
        place = await self.place_of_relay(tx, row) if is_relay and self.place_of_relay is not None else None
        subject = ChatId(row["chat_id"])
        await self.post.tell(tx, Kind.ALERT, Payload(text), f"{event}:{about}", subject=subject, place=place)

    async def _stays(self, tx: Tx, event: Event, row: sa.RowMapping) -> str:
        """What the bot may not take out of the group itself: a topic, or somebody who has left the team."""
        content, what = self.post.library.served.content, Payload.from_json(row["payload"]).text
        if event is Event.TOPIC_STAYS:
            return self.post.text(content.rights.staff_topic_stays, name=what)
        name = await people.name_of(tx, self.post.bot_id, UserId(int(what)))
        return self.post.text(content.team.stays, name=name)

    async def _not_arrived(self, tx: Tx, event: Event, row: sa.RowMapping, *, is_relay: bool) -> str:
        """`is_relay`: it was staff's own words to the patient."""
        content, code = self.post.library.served.content, await self._code(tx, row)
        if is_relay and event is Event.REFUSED:
            return self.post.text(content.threads.not_taken, code=code)
        return self.post.text(content.replies.staff_in_doubt, code=code, kind=row["kind"], message=str(row["id"]))

    async def _pass_on(self, tx: Tx, event: Event, row: sa.RowMapping) -> None:
        """Tell those who asked to hear of it."""
        if event is Event.TOPIC_GONE and self.on_topic_gone is not None:
            await self.on_topic_gone(tx, row["topic_id"], str(row["id"]))
        is_copy = row["broadcast_id"] is not None and row["target_id"] is None
        if is_copy and event in _NOT_TAKEN and self.on_copy_refused is not None:
            await self.on_copy_refused(tx, row["broadcast_id"])

    async def on_skipped(self, tx: Tx, row: sa.RowMapping, why: SendWhy) -> None:
        """What found its patient unreachable though somebody counts on it; the rest is as the patient wished."""
        if why is SendWhy.UNREACHABLE and row["kind"] in {Kind.CHECK_IN, Kind.EMERGENCY, Kind.RELAY}:
            await self.on_event(tx, Event.UNREACHABLE, row)

    async def lost(self, tx: Tx, row: sa.RowMapping) -> None:
        """The next people are told: owners, then who is on call."""
        await self._ladder.down(tx, row)

    @property
    def _ladder(self) -> Ladder:
        return Ladder(self.post.store, self.post.clock, self.post.bot_id, self.rungs)

    async def rungs(self, tx: Tx) -> Rungs:
        """Owners, then the clinic's on-call list, but who has left the team."""
        _, removed = await people.standing(tx, self.post.bot_id)
        listed = (person.telegram_id for person in self.post.library.served.content.clinic.on_call)
        on_call = tuple(ChatId(user) for user in listed if user not in removed)
        return Rungs(await self._owners(tx), on_call)

    async def _owners(self, tx: Tx) -> tuple[ChatId, ...]:
        return tuple(ChatId(owner) for owner in await people.owners(tx, self.post.bot_id))

    async def _tell_owners_once(self, tx: Tx, event: Event, row: sa.RowMapping, text: str) -> None:
        """A relay that the staff group may never have seen; an alert goes down the ladder itself."""
        log.error("send_lost", event_kind=event, message_id=row["id"], kind=row["kind"])
        if not row["fallback"] and row["kind"] == Kind.RELAY:
            await self.post.tell_owners(tx, text, f"{event}:{row['id']}")

    def _is_on_call(self, row: sa.RowMapping) -> bool:
        """Whether this was meant for somebody on call, beside the staff group and not in its place."""
        on_call = {person.telegram_id for person in self.post.library.served.content.clinic.on_call}
        return row["chat_id"] in on_call and not row["fallback"]

    async def _code(self, tx: Tx, row: sa.RowMapping) -> str:
        patient = await chats.patient_of(tx, self.post.bot_id, ChatId(row["subject_chat_id"] or row["chat_id"]))
        return patient.code if patient else "–"


def _parts(out: Outgoing) -> Iterator[Outgoing]:
    """`out`, or the messages it takes to say it. Markup that Telegram refuses is left for the outbox to deal with."""
    try:
        texts = split(out.payload.text) if out.method is Method.SEND_TEXT else []
    except MarkupError:
        texts = []
    stem, bar, rung = out.dedupe_key.partition("|")
    for number, text in enumerate(texts[:-1]):
        payload = replace(out.payload, text=text, buttons=(), keys=None)
        yield replace(out, payload=payload, dedupe_key=f"{stem}.{number}{bar}{rung}")
    yield replace(out, payload=replace(out.payload, text=texts[-1])) if len(texts) > 1 else out
