"""How the local Telegram says no, in Telegram's own words.

Source of the wording: Bot API server (telegram-bot-api/Client.cpp), TDLib, and reports of users for texts that only
Telegram's closed servers produce. PTB and our own code recognise several of them by text.
"""

from bot.errors import AftercareError


class ApiError(AftercareError):
    """A refusal as it goes over the wire."""

    def __init__(
        self, code: int, description: str, *, retry_after: int | None = None, migrate_to: int | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to

    def body(self) -> dict[str, object]:
        """The JSON Telegram answers with (Bot API, "Making requests", ResponseParameters)."""
        out: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            out["parameters"] = {"retry_after": self.retry_after}
        if self.migrate_to is not None:
            out["parameters"] = {"migrate_to_chat_id": self.migrate_to}
        return out


class Impossible(AftercareError):
    """A test or the demo asked for something no person could do, such as pressing a button that is not there."""


def bad_request(text: str) -> ApiError:
    return ApiError(400, f"Bad Request: {text}")


def forbidden(text: str) -> ApiError:
    return ApiError(403, f"Forbidden: {text}")


def too_many_requests(retry_after: int) -> ApiError:
    """`retry_after` in whole seconds, at least 1."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def migrated(new_chat_id: int) -> ApiError:
    return ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to=new_chat_id)


NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
WEBHOOK_TAKES_OVER = "Conflict: terminated by setWebhook request"
