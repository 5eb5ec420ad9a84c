"""What the world tells its watchers: calls of the bot, and changes anybody could see."""

from dataclasses import dataclass
from enum import StrEnum

from bot.simulator.state import CallbackQuery, Message


@dataclass(frozen=True)
class Call:
    """One request to the Bot API. `params` are as sent (JSON stays text, a file is its name); `at_us` machine time."""

    method: str
    params: dict[str, str]
    at_us: int
    error: str | None = None
    """Telegram's description, for a call that was refused."""

    @property
    def chat_id(self) -> int | None:
        try:
            return int(self.params.get("chat_id", ""))
        except ValueError:
            return None


class EventKind(StrEnum):
    MESSAGE = "message"
    """A new message, from anybody."""
    EDITED = "edited"
    """Words or buttons of a message changed."""
    DELETED = "deleted"
    PRESSED = "pressed"
    ANSWERED = "answered"
    """The bot answered a press."""
    ACTION = "action"
    """"typing…"; `detail` is the action."""
    TOPIC = "topic"
    """A topic was created, renamed, closed, reopened or deleted; `thread_id` says which."""
    CHAT = "chat"
    """Membership, block or migration changed."""
    PROFILE = "profile"
    """Commands, name or description of the bot changed."""


@dataclass(frozen=True)
class Event:
    """One change of the world, for observers."""

    kind: EventKind
    chat_id: int = 0
    message: Message | None = None
    query: CallbackQuery | None = None
    thread_id: int | None = None
    detail: str = ""
