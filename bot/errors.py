"""One error tree. Each error is a sentence a person can act on, and carries the ids it concerns.

Errors are for broken input or machinery. No match, opted out, too late are values (see `model.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class AftercareError(Exception):
    """Base of everything this package raises on purpose."""


class SettingsError(AftercareError):
    """A setting is missing or makes no sense; the text names the setting and the remedy."""


class StoreError(AftercareError):
    """The database refused, is locked, or is at another schema version."""


class StoreDown(StoreError):
    """The database cannot be used now (gone, full, locked): whatever was tried may be tried again."""


class StoreBusy(StoreError):
    """Another process holds a role that only one process may have (sender, intake)."""


class StaleConversation(StoreError):
    """The conversation moved on between reading and writing; decide again on fresh state."""

    def __init__(self, chat_ids: Sequence[int]) -> None:
        super().__init__(f"a conversation changed while decisions were made: one of {list(chat_ids)}")
        self.chat_ids = chat_ids


class WhyNot(StrEnum):
    """Why somebody may not do what they tried."""

    ROLE = "role"
    """They work here, and others do this."""
    REMOVED = "removed"
    """They worked here once."""
    ANONYMOUS = "anonymous"
    """They wrote as the staff group: nobody can see who it was."""
    SILENT = "silent"
    """A stranger, a bot, another group, a forged button: nobody whom an answer would help."""


class NotAllowed(AftercareError):
    """Somebody without the right tried a staff action; `user_id` and `action` go to the audit table."""

    def __init__(self, user_id: int, action: str, why: WhyNot = WhyNot.SILENT) -> None:
        super().__init__(f"user {user_id} may not {action}: {why}")
        self.user_id = user_id
        self.action = action
        self.why = why


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one content file. `line` counts from 1, or is None when the whole file is meant."""

    file: str
    line: int | None
    text: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.text}"


class ContentError(AftercareError):
    """The content folder cannot be used. Holds every problem at once, in file and line order."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class MarkupError(AftercareError):
    """Telegram would refuse this HTML. `offset` is the character position in the source text, from 0."""

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(text)
        self.offset = offset


class TelegramError(AftercareError):
    """Telegram did not do what was asked. Sending never raises these: there every answer is a `SendResult`."""


class TelegramDown(TelegramError):
    """No usable answer: no network, a server error, or something that is not Telegram."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Telegram cannot be reached ({reason}). It is tried again; if this lasts, check the network and "
            "TELEGRAM_API_URL."
        )
        self.reason = reason


class TelegramBusy(TelegramError):
    """429: ask again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Telegram asks to wait {seconds:g} seconds before the next call.")
        self.seconds = seconds


class TelegramConflict(TelegramError):
    """409: somebody else fetches this bot's updates."""

    def __init__(self) -> None:
        super().__init__(
            "Another program fetches this bot's updates with the same token. Stop it and start this one again; "
            "if nobody knows of one, the token has leaked: revoke it at @BotFather."
        )


class TelegramUnauthorised(TelegramError):
    """401 or 404: Telegram does not know the token."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram does not accept BOT_TOKEN: it is mistyped or was revoked. Get the current one from @BotFather "
            "(/mybots, API Token), or check TELEGRAM_API_URL if you set it."
        )


class TelegramRefused(TelegramError):
    """A definite no, with Telegram's reason as an id (`chat_not_found`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Telegram refused: {reason}. `aftercare doctor` checks the token, chat and rights.")
        self.reason = reason


class UnreadableUpdate(TelegramError):
    """Something that claims to be an update but cannot be read; `update_id` where it has one."""

    def __init__(self, update_id: int | None = None) -> None:
        super().__init__(f"update {update_id} cannot be read" if update_id is not None else "not a Telegram update")
        self.update_id = update_id
