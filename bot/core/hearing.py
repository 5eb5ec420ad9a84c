"""What was said, before it is understood: a command, part of a question in several messages, a correction."""

import re

from bot.core.outcome import Held, Occasion, State
from bot.core.text import normalise
from bot.markup import tail
from bot.model import Decision, TextIn, Understanding

STAFF_COMMANDS = frozenset(
    {
        "status",
        "alerts",
        "missed",
        "oncall",
        "release",
        "patients",
        "notes",
        "enrol",
        "preview",
        "broadcast",
        "teach",
        "faq_edit",
        "faq_history",
        "review",
        "team",
        "audit",
        "away",
        "back",
        "closed",
        "record",
    }
)
"""Commands that do something only for staff; `services.staff` has dealt with those before a patient is thought of."""
COMMANDS = STAFF_COMMANDS | frozenset(
    {"start", "help", "faq", "plan", "human", "stop", "resume", "privacy", "mydata", "forget", "language"}
)


JOIN = "join"
"""What the link on the clinic's poster says behind /start."""
_TOKEN_LETTERS = 22
"""Of a personal link: 128 bits."""


def is_payload(words: str) -> bool:
    """Whether the words behind /start come from one of our links."""
    said = words.strip()
    return said == JOIN or (len(said) == _TOKEN_LETTERS and re.fullmatch(r"[\w-]+", said, re.ASCII) is not None)


def split_command(text: str) -> tuple[str, str | None]:
    """A message's words, and its command in lower case without the bot's name, if it begins with one."""
    head, *rest = text.split(maxsplit=1) or [""]
    if not head.startswith("/") or len(head) < 2:
        return text, None
    return "".join(rest), head[1:].partition("@")[0].lower()


def html_behind_command(said: TextIn) -> str:
    """The words of a message with their formatting, as HTML, without the command it may begin with."""
    words, _ = split_command(said.text)
    return tail(said.html, len(said.text) - len(words))


def words_and_command(text: str) -> tuple[str, str | None]:
    """The same for what a patient wrote: an unknown word after a slash, with more behind it, is just a word."""
    words, command = split_command(text)
    return (text, None) if words and command not in COMMANDS else (words, command)


def is_wish(understanding: Understanding) -> bool:
    """A wish that stands by itself, whatever was said a second before. Thanks and greetings do not."""
    return understanding.decision is Decision.META and understanding.id not in {"thanks", "greeting"}


def read_together(said: TextIn, words: str, state: State, occasion: Occasion) -> tuple[Held, ...]:
    """The messages to read as one, this one in its place; empty when no reply waits for it.

    By their own dates too: what was said hours apart, and read together after a downtime, is not one question.
    """
    waits = state.held_until is not None and state.held_until > occasion.now
    if not waits or not state.recent_texts(occasion.sent_at):
        return ()
    this = Held(said.message_id, words, said.media)
    if not said.edited:
        return (*state.held, this)
    if said.message_id not in {held.message_id for held in state.held}:
        return ()
    return tuple(this if held.message_id == said.message_id else held for held in state.held)


def is_same(occasion: Occasion, understanding: Understanding) -> bool:
    """Whether an edit changes nothing about the decision; then silence is the kind reply.

    A question that nobody understood may have become another one all the same: staff need its new words.
    """
    earlier = occasion.earlier
    if earlier is None or (earlier.decision, earlier.id) != (understanding.decision, understanding.id):
        return False
    return understanding.id is not None or normalise(earlier.text) == normalise(understanding.text)
