"""The commands of the database: its schema, backups, and putting one back. Belongs to `cli.py`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import SystemClock
from bot.errors import SettingsError
from bot.services.backup import backup, name_for
from bot.services.restore import Restored, restore
from bot.settings import load_settings
from bot.store import schema
from bot.store.contacts import Contacts, read_key

db = typer.Typer(help="The database.", no_args_is_help=True)


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema. `aftercare run` does it too."""
    asyncio.run(schema.upgrade(load_settings().database_url))
    _tell(f"The database is at revision {schema.head()}.")


@db.command("backup")
def backup_command(
    to: Annotated[Path | None, typer.Argument(help="The file to write; none: a new one in BACKUP_DIR.")] = None,
) -> None:
    """Copy the database while the bot runs, as of one moment; encrypted with SECRET_KEY_FILE, where that is set."""
    settings, now = load_settings(), datetime.now(UTC)
    if to is None:
        if settings.backup_dir is None:
            raise SettingsError("Say where: `aftercare db backup FILE`, or set BACKUP_DIR in .env.")
        settings.backup_dir.mkdir(mode=0o700, exist_ok=True)
        to = settings.backup_dir / name_for(now)
    key = read_key(settings.secret_key_file)
    made = asyncio.run(backup(settings.database_url, to, key, now))
    closed = "It is encrypted: keep the key file somewhere else." if key else "It is not encrypted."
    _tell(f"Written to {made.file} ({made.size / 1_000_000:.1f} MB).")
    _tell(f"Keep it where the clinic's records are kept: it holds what patients wrote. {closed}")


@db.command("restore")
def restore_command(
    packed: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Even if the database holds data.")] = False,
) -> None:
    """Put a backup in the place of the database, while the bot is stopped."""
    settings = load_settings()
    contacts = Contacts(read_key(settings.secret_key_file))
    folder = settings.backup_dir or packed.parent
    work = restore(settings.database_url, packed, contacts, SystemClock(), replace=replace, folder=folder)
    for line in _in_words(asyncio.run(work)):
        _tell(line)


def _in_words(done: Restored) -> list[str]:
    lines = [f"The database is as it was on {done.made_at:%d %b %Y at %H:%M} UTC: {done.rows} rows."]
    if done.kept is not None:
        lines.append(f"What was there before is kept as {done.kept}. Delete it when you no longer need it.")
    if done.knows_later:
        lines.append(f"Since then {done.erased} patients were deleted and {done.stops} stops changed: done here too.")
        lines.append(f"Members of the team whose rights changed since: {done.team}, done here too.")
    else:
        lines.append("WARNING: nothing tells who said stop, or was deleted, since then. Look for wishes.log first.")
    lines.append(f"Held, as they may have been sent since: {done.held} messages and check-ins.")
    lines.append("Start the bot; it tells staff whom to look at.")
    return lines


def _tell(text: str) -> None:
    typer.echo(text, err=True)
