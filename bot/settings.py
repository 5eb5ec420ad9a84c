"""Settings: environment, then `.env`, then these defaults. Every one is explained in `.env.example`."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.model import BotId, ChatId, UserId

TELEGRAM_API_URL = "https://api.telegram.org"
_DATABASES = ("sqlite+aiosqlite:///", "postgresql+psycopg://")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What Telegram takes as `secret_token` (Bot API, setWebhook)."""


class Settings(BaseSettings):
    """All that may differ between two installations. Frozen: a change needs a restart.

    A line left empty (`WEB_PORT=`) means the default.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    bot_token: SecretStr = SecretStr("")
    telegram_api_url: str = TELEGRAM_API_URL
    database_url: str = "sqlite+aiosqlite:///data/aftercare.db"
    content_dir: Path = Path("faq")
    index_dir: Path = Path("data/index")
    semantic_model: str = ""
    staff_chat_id: ChatId | None = None
    owner_ids: Annotated[tuple[UserId, ...], NoDecode] = ()
    allow_unsigned: bool = False
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8081, ge=0, le=65535)
    heartbeat_url: SecretStr = SecretStr("")
    secret_key_file: Path | None = None
    retention_days: int = Field(default=365, ge=30)
    backup_dir: Path | None = None
    backup_keep: int = Field(default=30, ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @field_validator("owner_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("staff_chat_id")
    @classmethod
    def _is_a_group(cls, value: ChatId | None) -> ChatId | None:
        if value is not None and value >= 0:
            raise ValueError("the id of a group begins with a minus sign")
        return value

    @field_validator("owner_ids")
    @classmethod
    def _are_people(cls, value: tuple[UserId, ...]) -> tuple[UserId, ...]:
        if any(user_id <= 0 for user_id in value):
            raise ValueError("the id of a person has no minus sign; that would be a group")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(_DATABASES):
            raise ValueError(f"it begins with {' or '.join(_DATABASES)}")
        return value

    @field_validator("telegram_api_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _webhook_is_whole(self) -> Self:
        """Without its secret there would be no route, and Telegram would post to nobody."""
        if not self.webhook_url:
            return self
        if self.telegram_api_url == TELEGRAM_API_URL and not self.webhook_url.startswith("https://"):
            raise ValueError("WEBHOOK_URL: it begins with https://, Telegram posts to nothing else")
        if not _SECRET.fullmatch(self.webhook_secret.get_secret_value()):
            raise ValueError("WEBHOOK_SECRET: with WEBHOOK_URL it has to be 1 to 256 letters, digits, _ or -")
        return self

    @property
    def bot_id(self) -> BotId:
        """The bot's Telegram id, which is the number before the colon of its token."""
        return BotId(int(self.bot_token.get_secret_value().partition(":")[0]))

    def require_token(self) -> None:
        """Raise SettingsError, with the remedy, unless `BOT_TOKEN` looks like a token from BotFather."""
        number, colon, key = self.bot_token.get_secret_value().partition(":")
        if not (colon and number.isdigit() and len(key) >= 10):
            raise SettingsError(
                "BOT_TOKEN is missing or not a token. Ask @BotFather for one and put it into .env, "
                "or run `aftercare demo`, which needs none."
            )

    def require_staff(self) -> None:
        """Raise SettingsError unless there is somebody to pass a patient's question on to."""
        if self.staff_chat_id is None and not self.owner_ids:
            raise SettingsError(
                "Nobody would read what patients ask: set STAFF_CHAT_ID (the staff group) or OWNER_IDS in .env. "
                "`aftercare doctor` checks both."
            )


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and `.env`. Raises SettingsError naming each bad setting, never its value."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            ": ".join([*(str(part).upper() for part in e["loc"][:1]), e["msg"].removeprefix("Value error, ")])
            for e in error.errors(include_input=False)
        ]
        raise SettingsError("Settings that make no sense (see .env.example): " + "; ".join(lines)) from None
