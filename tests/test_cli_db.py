"""`aftercare db`: what the operator reads when a backup is made and put back, and what stands in the way."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.errors import SettingsError, StoreError
from bot.services.backup import made
from bot.settings import Settings
from bot.store import schema

Db = Callable[..., Result]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Db:
    """Runs a command in a folder of its own, with a database and no settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["db", *words])

    assert run("upgrade").stderr == f"The database is at revision {schema.head()}.\n"
    return run


def test_a_backup_is_made_and_put_back(db: Db, tmp_path: Path) -> None:
    result = db("backup", "monday.backup")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Written to monday.backup (" in result.stderr
    assert "it holds what patients wrote. It is not encrypted." in result.stderr
    assert stat.S_IMODE((tmp_path / "monday.backup").stat().st_mode) == 0o600
    again = db("restore", "monday.backup", "--replace")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "The database is as it was on" in again.stderr
    assert "kept as data/aftercare.db.before-" in again.stderr
    assert "Start the bot; it tells staff whom to look at." in again.stderr


def test_without_a_name_it_goes_into_the_folder_for_backups(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    result = db("backup")
    assert isinstance(result.exception, SettingsError)
    assert "aftercare db backup FILE" in str(result.exception)
    monkeypatch.setenv("BACKUP_DIR", "safe")
    assert db("backup").exit_code == 0
    (found,) = made(Path("safe"))
    assert found.size > 0
    assert stat.S_IMODE(Path("safe").stat().st_mode) == 0o700


def test_with_a_key_file_it_is_encrypted_and_wants_that_key_again(
    db: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.key").write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    monkeypatch.setenv("SECRET_KEY_FILE", "secret.key")
    assert "It is encrypted: keep the key file somewhere else." in db("backup", "monday.backup").stderr
    assert db("restore", "monday.backup").exit_code == 0
    monkeypatch.delenv("SECRET_KEY_FILE")
    refused = db("restore", "monday.backup")
    assert isinstance(refused.exception, StoreError)
    assert "is encrypted. Set SECRET_KEY_FILE" in str(refused.exception)


def test_it_overwrites_nothing(db: Db, tmp_path: Path) -> None:
    (tmp_path / "monday.backup").write_text("last week's")
    assert str(db("backup", "monday.backup").exception) == (
        "monday.backup exists already; a backup overwrites nothing."
    )
    assert (tmp_path / "monday.backup").read_text() == "last week's"


def test_there_is_no_database_yet(db: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///nothing.db")
    assert str(db("backup", "monday.backup").exception) == "There is no database at nothing.db yet."
    assert not (tmp_path / "monday.backup").exists()


def test_where_nothing_tells_of_wishes_since_it_warns(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    db("backup", "monday.backup")
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///new.db")
    warned = db("restore", "monday.backup").stderr
    assert "WARNING: nothing tells who said stop, or was deleted, since then. Look for wishes.log first." in warned


def test_a_backup_that_is_not_there_is_wrong_use(db: Db) -> None:
    assert db("restore", "nowhere.backup").exit_code == 2
