"""What the page asks people on stage to do, checked and done. Refusals are sentences for the person at the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bot.errors import AftercareError
from bot.markup import MAX_CAPTION, MAX_TEXT, utf16_len
from bot.simulator.errors import Impossible
from bot.simulator.groups import Group, Member
from bot.simulator.people import Participant, Person
from bot.simulator.state import CallbackQuery, Json, Message

if TYPE_CHECKING:
    from bot.simulator.world import World


class BadAct(AftercareError):
    """The page asked for something that makes no sense; the text says what, and nothing has happened."""


@dataclass(frozen=True)
class Cast:
    """Who is on stage, by Telegram id. All must be in the world, the staff in the group."""

    patient_ids: tuple[int, ...]
    staff_ids: tuple[int, ...]
    staff_chat_id: int

    @property
    def chat_ids(self) -> tuple[int, ...]:
        """The chats the page shows: each patient's private one (it has the patient's id), then the staff group."""
        return (*self.patient_ids, self.staff_chat_id)


@dataclass(frozen=True)
class Wish:
    """The fields of one request, read with their types. Each method raises BadAct."""

    fields: Mapping[str, object]

    def number(self, name: str) -> int:
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadAct(f"“{name}” has to be a whole number.")
        return value

    def number_or_none(self, name: str) -> int | None:
        return None if self.fields.get(name) is None else self.number(name)

    def text(self, name: str = "text", limit: int = MAX_TEXT) -> str:
        """Words that are there and that Telegram's apps would send in one message."""
        text = self.text_or_empty(name, limit)
        if not text.strip():
            raise BadAct(f"“{name}” has to be a text that is not empty.")
        return text

    def text_or_empty(self, name: str, limit: int) -> str:
        value = self.fields.get(name, "")
        if not isinstance(value, str):
            raise BadAct(f"“{name}” has to be a text.")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise BadAct(f"“{name}” holds half a character.")
        if utf16_len(value) > limit:
            raise BadAct(f"“{name}” is too long: Telegram takes {limit} characters.")
        return value


Done: TypeAlias = Message | CallbackQuery | None
Act: TypeAlias = Callable[[Participant, Wish], Done]


def perform(world: "World", cast: Cast, fields: Mapping[str, object]) -> Json:
    """Do `fields["do"]` as `fields["who"]`. Returns the id of the new message or press. Raises BadAct."""
    wish = Wish(fields)
    act = _ACTS.get(wish.text("do"))
    if act is None:
        raise BadAct(f"“do” has to be one of {', '.join(_ACTS)}.")
    person = _participant(world, cast, wish.number("who"))
    try:
        done = act(person, wish)
    except Impossible as error:
        raise BadAct(f"That cannot be done: {error}.") from error
    match done:
        case Message():
            return {"message_id": done.message_id}
        case CallbackQuery():
            return {"press_id": done.query_id}
    return {}


def _participant(world: "World", cast: Cast, user_id: int) -> Participant:
    if user_id in cast.patient_ids:
        return Person(world, world.users[user_id], world.chats[user_id])
    if user_id in cast.staff_ids:
        group = Group(world, world.chats[cast.staff_chat_id])
        return Member(group, group.chat.members[user_id])
    raise BadAct(f"Nobody on stage has the id {user_id}.")


def _patient(someone: Participant) -> Person:
    if not isinstance(someone, Person):
        raise BadAct("Only a patient can do that, in the private chat with the bot.")
    return someone


def _say(someone: Participant, wish: Wish) -> Done:
    return someone.says(wish.text(), thread=wish.number_or_none("thread"))


def _reply(someone: Participant, wish: Wish) -> Done:
    return someone.replies(wish.number("message_id"), wish.text())


def _edit(someone: Participant, wish: Wish) -> Done:
    return someone.edits(wish.number("message_id"), wish.text())


def _press(someone: Participant, wish: Wish) -> Done:
    return someone.presses(wish.text("button"), wish.number("message_id"))


def _photo(someone: Participant, wish: Wish) -> Done:
    return someone.sends_photo(wish.text_or_empty("caption", MAX_CAPTION), thread=wish.number_or_none("thread"))


def _document(someone: Participant, wish: Wish) -> Done:
    return someone.sends_document(wish.text_or_empty("caption", MAX_CAPTION), thread=wish.number_or_none("thread"))


def _voice(someone: Participant, wish: Wish) -> Done:
    return someone.sends_voice(thread=wish.number_or_none("thread"))


def _sticker(someone: Participant, wish: Wish) -> Done:
    return someone.sends_sticker(thread=wish.number_or_none("thread"))


def _contact(someone: Participant, wish: Wish) -> Done:
    return _patient(someone).shares_contact()


def _tap(someone: Participant, wish: Wish) -> Done:
    return _patient(someone).taps(wish.text())


def _location(someone: Participant, wish: Wish) -> Done:
    return _patient(someone).sends_location()


def _start(someone: Participant, wish: Wish) -> Done:
    return _patient(someone).starts(wish.text_or_empty("payload", 64))


def _block(someone: Participant, wish: Wish) -> Done:
    _patient(someone).blocks()
    return None


def _unblock(someone: Participant, wish: Wish) -> Done:
    _patient(someone).unblocks()
    return None


_ACTS: Mapping[str, Act] = {
    "say": _say,
    "reply": _reply,
    "edit": _edit,
    "press": _press,
    "photo": _photo,
    "document": _document,
    "voice": _voice,
    "sticker": _sticker,
    "contact": _contact,
    "tap": _tap,
    "location": _location,
    "start": _start,
    "block": _block,
    "unblock": _unblock,
}
