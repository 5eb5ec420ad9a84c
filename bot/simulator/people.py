"""What people do in the local Telegram. Every action produces the updates the bot would get from the real one.

Actions nobody could do (writing while the bot is blocked, pressing a button that is not there) raise `Impossible`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.markup import Parsed, escape, parse
from bot.simulator import media, wire
from bot.simulator.errors import Impossible
from bot.simulator.events import Event, EventKind
from bot.simulator.state import CallbackQuery, Chat, Key, Media, Membership, Message, Status, User, Words

if TYPE_CHECKING:
    from bot.simulator.world import World


def spoken(text: str, is_html: bool = False) -> Words:
    """Words as a person types them; a leading command is marked. `is_html`: with what they formatted, written so."""
    words = parse(text) if is_html else Parsed(text, ())
    html = text if is_html else escape(text)
    return Words(words.text, (*wire.command_entities(words.text), *words.entities), html)


class Participant(ABC):
    """One person in one chat."""

    def __init__(self, world: "World", user: User, chat: Chat) -> None:
        self.world = world
        self.user = user
        self.chat = chat

    @property
    def user_id(self) -> int:
        return self.user.user_id

    @property
    def chat_id(self) -> int:
        return self.chat.chat_id

    @property
    def last(self) -> Message:
        """The newest message of the bot here. Raises LookupError if there is none."""
        message = next((m for m in self.chat.newest_first() if m.sender is self.world.bot_user and not m.service), None)
        if message is None:
            raise LookupError(f"the bot wrote nothing in chat {self.chat_id}")
        return message

    def says(
        self, text: str, thread: int | None = None, reply_to: int | None = None, *, is_html: bool = False
    ) -> Message:
        """Write a text, in a topic or as a reply to a message (its id) if given; formatted, if it is HTML."""
        return self._post(thread, reply_to, spoken(text, is_html))

    def replies(self, message: Message | int, text: str, *, is_html: bool = False) -> Message:
        """Answer one message, in its topic."""
        answered = self._find(message if isinstance(message, int) else message.message_id)
        return self.says(text, thread=answered.thread_id, reply_to=answered.message_id, is_html=is_html)

    def sends_photo(
        self,
        caption: str = "",
        data: bytes = media.PNG,
        thread: int | None = None,
        reply_to: int | None = None,
        *,
        is_html: bool = False,
    ) -> Message:
        photo = media.photo(self.world.files.put("photo", "photo.png", data))
        return self._post(thread, reply_to, spoken(caption, is_html), photo)

    def sends_document(
        self, caption: str = "", name: str = "letter.pdf", data: bytes = b"%PDF-1.4\n", thread: int | None = None
    ) -> Message:
        return self._send(media.document(self.world.files.put("document", name, data)), caption, thread)

    def sends_voice(self, seconds: int = 4, thread: int | None = None) -> Message:
        return self._send(media.voice(self.world.files.put("voice", "voice.ogg", media.OGG), seconds), "", thread)

    def sends_video(self, caption: str = "", seconds: int = 4, thread: int | None = None) -> Message:
        stored = self.world.files.put("video", "video.mp4", b"\0\0\0\x18ftypmp42")
        return self._send(media.video(stored, seconds), caption, thread)

    def sends_sticker(self, emoji: str = "👍", thread: int | None = None) -> Message:
        return self._send(media.sticker(self.world.files.put("sticker", "sticker.webp", b"RIFF"), emoji), "", thread)

    def shares_contact(self, phone: str = "+15550100", name: str | None = None) -> Message:
        """Share a contact: the person's own card, or somebody else's by `name`."""
        own = None if name else self.user_id
        return self._send(media.contact(phone, name or self.user.first_name, own), "", None)

    def sends_location(self, latitude: float = 52.09, longitude: float = 5.12) -> Message:
        return self._send(media.location(latitude, longitude), "", None)

    def edits(self, message: Message | int, text: str, *, is_html: bool = False) -> Message:
        """Change the words of one's own message."""
        mine = self._find(message if isinstance(message, int) else message.message_id)
        if mine.sender is not self.user:
            raise Impossible(f"message {mine.message_id} is not {self.user.first_name}'s")
        self._may_write()
        self.world.edit(self.chat, mine, spoken(text, is_html), mine.keyboard)
        return mine

    def deletes(self, message: Message | int) -> None:
        """Delete a message for both sides. The bot is not told."""
        self.world.delete(self.chat, self._find(message if isinstance(message, int) else message.message_id))

    def taps(self, label: str) -> Message:
        """Tap a key of the keyboard that the bot put in place of one's own: it types its label, or shares one's own
        phone number. Raises Impossible when there is no such key."""
        shares = dict(self.chat.typed_keys).get(label)
        if shares is None:
            raise Impossible(f"no key {label!r} in chat {self.chat_id}")
        return self.shares_contact() if shares else self.says(label)

    def presses(self, button: str, message_id: int | None = None) -> CallbackQuery:
        """Press the inline button with this label (or data), on one message or the newest that has it.

        Works on a message that was deleted or is too old: the press then arrives as inaccessible. Raises Impossible
        when there is no such button, or it only opens a link.
        """
        self._may_write()
        message, key = self._find_key(button, message_id)
        if key.data is None:
            raise Impossible(f"button {key.label!r} opens {key.url}; the bot never hears of it")
        return self.world.press(self.chat, self.user, message.message_id, key.data)

    def _find_key(self, button: str, message_id: int | None) -> tuple[Message, Key]:
        candidates: Iterable[Message] = self.chat.newest_first()
        if message_id is not None:
            found = self.chat.find(message_id)
            candidates = [] if found is None else [found]
        for message in candidates:
            for key in message.keys:
                if button in {key.label, key.data}:
                    return message, key
        raise Impossible(f"no button {button!r} in chat {self.chat_id}")

    def _find(self, message_id: int) -> Message:
        message = self.chat.find(message_id)
        if message is None or message.deleted:
            raise Impossible(f"no message {message_id} in chat {self.chat_id}")
        return message

    def _send(self, what: Media, caption: str, thread: int | None) -> Message:
        return self._post(thread, None, spoken(caption), what)

    def _post(self, thread: int | None, reply_to: int | None, words: Words, what: Media | None = None) -> Message:
        self._may_write()
        return self.world.post(
            self.chat, self.user, words=words, media=what, thread_id=thread, reply_to=reply_to, as_group=self._as_group
        )

    @property
    def _as_group(self) -> bool:
        return False

    @abstractmethod
    def _may_write(self) -> None:
        """Raise Impossible if this person cannot write here now."""


class Person(Participant):
    """Somebody in the private chat with the bot, usually a patient."""

    def starts(self, payload: str = "") -> Message:
        """Press Start, or follow a link with `payload`; a blocked bot is unblocked by it."""
        if self.chat.blocked:
            self.unblocks()
        return self.says(f"/start {payload}".strip())

    def blocks(self) -> None:
        """Stop and block the bot."""
        self._set_blocked(True)

    def unblocks(self) -> None:
        """Unblock the bot, without a word ("Restart" also sends /start: that is `starts`)."""
        self._set_blocked(False)

    def deactivates(self) -> None:
        """Delete the Telegram account."""
        self.user.deactivated = True
        self.world.emit(Event(EventKind.CHAT, self.chat_id, detail="deactivated"))

    def _set_blocked(self, blocked: bool) -> None:
        if self.chat.blocked == blocked:
            raise Impossible(f"{self.user.first_name} has {'already' if blocked else 'not'} blocked the bot")
        seat = Membership(self.world.bot_user, Status.MEMBER if blocked else Status.KICKED)

        def change() -> None:
            seat.status = Status.KICKED if blocked else Status.MEMBER
            self.chat.blocked = blocked

        self.world.change_member(self.chat, self.user, seat, change)

    def _may_write(self) -> None:
        if self.chat.blocked or self.user.deactivated:
            raise Impossible(f"{self.user.first_name} cannot write to the bot: blocked or deactivated")
        self.chat.started = True  # whoever writes first has pressed Start before, perhaps long ago
