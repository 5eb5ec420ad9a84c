"""Settings: environment, then .env, then defaults; a bad one is named, and its value never repeated."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, load_settings

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, without settings from the machine the tests run on."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


def test_without_anything_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite+aiosqlite:///data/aftercare.db"
    assert settings.staff_chat_id is None
    assert settings.owner_ids == ()
    assert settings.allow_unsigned is False


def test_the_environment_goes_before_the_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / ".env").write_text("STAFF_CHAT_ID=-100123\nWEB_PORT=9000\nSOMEBODY_ELSES=1\n")
    monkeypatch.setenv("WEB_PORT", "9001")
    settings = load_settings()
    assert (settings.staff_chat_id, settings.web_port) == (-100123, 9001)


def test_the_example_file_is_usable_as_it_stands(empty_folder: Path) -> None:
    example = Path(__file__).parent.parent / ".env.example"
    (empty_folder / ".env").write_text(example.read_text("utf-8"), "utf-8")
    assert load_settings() == Settings(_env_file=None)


def test_an_emptied_line_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert load_settings() == Settings(_env_file=None)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("12", (12,), id="one"),
        pytest.param(" 12 , 34,", (12, 34), id="spaces-and-a-comma-too-many"),
        pytest.param(",", (), id="none"),
    ],
)
def test_owners_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch, written: str, read: tuple[int, ...]) -> None:
    monkeypatch.setenv("OWNER_IDS", written)
    assert load_settings().owner_ids == read


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        pytest.param("WEB_PORT", "eighty", "WEB_PORT: ", id="no-number"),
        pytest.param("WEB_PORT", "70000", "WEB_PORT: ", id="no-port"),
        pytest.param("LOG_LEVEL", "chatty", "LOG_LEVEL: ", id="no-level"),
        pytest.param("OWNER_IDS", "12, olga", "OWNER_IDS: ", id="a-name"),
        pytest.param("OWNER_IDS", "-10012", "that would be a group", id="a-group-for-a-person"),
        pytest.param("STAFF_CHAT_ID", "12", "STAFF_CHAT_ID: the id of a group begins with", id="a-person-for-a-group"),
        pytest.param("DATABASE_URL", "sqlite:///clinic.db", "DATABASE_URL: it begins with", id="wrong-driver"),
        pytest.param("DATABASE_URL", "postgres://a:pa55@host", "DATABASE_URL: it begins with", id="with-a-password"),
        pytest.param("WEBHOOK_URL", "https://bot.example", "WEBHOOK_SECRET: ", id="webhook-without-secret"),
        pytest.param("WEBHOOK_URL", "http://bot.example", "WEBHOOK_URL: it begins with https", id="webhook-in-clear"),
    ],
)
def test_what_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert says in str(error.value)
    assert value not in str(error.value)
    assert ".env.example" in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__, "the library's own error quotes the value"


def test_everything_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "x")
    monkeypatch.setenv("LOG_FORMAT", "y")
    with pytest.raises(SettingsError, match=r"WEB_PORT.*; LOG_FORMAT"):
        load_settings()


@pytest.mark.parametrize(
    ("secret", "good"),
    [
        pytest.param("a-Long_random-w0rd", True, id="as-telegram-wants-it"),
        pytest.param("with space", False, id="space"),
        pytest.param("x" * 257, False, id="too-long"),
    ],
)
def test_a_webhook_needs_a_secret_that_telegram_takes(secret: str, good: bool) -> None:
    wanted = {"webhook_url": "https://bot.example", "webhook_secret": secret}
    if good:
        assert load_settings(**wanted).webhook_secret.get_secret_value() == secret
        return
    with pytest.raises(SettingsError) as error:
        load_settings(**wanted)
    assert secret not in str(error.value)


def test_a_local_telegram_may_post_in_clear() -> None:
    settings = load_settings(
        telegram_api_url="http://127.0.0.1:8082/", webhook_url="http://127.0.0.1:8081", webhook_secret="s3cret"
    )
    assert settings.telegram_api_url == "http://127.0.0.1:8082", "without the slash at the end"


@pytest.mark.parametrize("token", ["", "110201543", "my-bot:AAHdqTcvCH1vGWJx", "110201543:short", ":AAHdqTcvCH1vGWJx"])
def test_what_is_no_token_is_refused_with_a_remedy(token: str) -> None:
    with pytest.raises(SettingsError, match=r"@BotFather.*aftercare demo"):
        load_settings(bot_token=token).require_token()


def test_a_token_tells_the_bots_id_and_shows_in_no_repr() -> None:
    settings = load_settings(
        bot_token=TOKEN, webhook_url="https://a.b", webhook_secret="s3cret", heartbeat_url="https://ping.example/uuid"
    )
    settings.require_token()
    assert settings.bot_id == 110201543
    for secret in (TOKEN, "s3cret", "uuid"):
        assert secret not in repr(settings)
