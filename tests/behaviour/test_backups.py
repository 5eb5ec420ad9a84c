"""Backups as the clinic meets them: made at night, tried once a month, put back without writing to anybody twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.errors import StoreError
from bot.model import ChatId, Kind, Outgoing, Payload
from bot.services import backups as module
from bot.services.backup import made, name_for
from bot.services.restore import restore
from bot.services.wishes import read
from bot.simulator.house import Cast, House, open_house
from bot.store.coming import Coming, coming
from bot.store.tables import message, question
from tests.on_a_plan import enrol

NIGHT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)


@pytest.fixture
def folder(fast_dir: Path) -> Path:
    return fast_dir / "backups"


@pytest.fixture
async def keeping(
    cast: Cast, database_url: str, content_dir: Path, clock: ManualClock, folder: Path
) -> AsyncIterator[House]:
    """The bot with BACKUP_DIR set; owner and patient have pressed Start."""
    async with open_house(cast, database_url, content_dir, clock, backup_dir=folder) as made_house:
        made_house.owner.starts()
        made_house.patient.starts()
        await made_house.settle()
        yield made_house


async def status(house: House) -> str:
    house.owner.says("/status")
    await house.settle()
    return house.owner.last.text


async def first_of_december(house: House) -> None:
    """Its morning; the days before were quiet."""
    house.clock.tick(timedelta(days=7, hours=12))
    await house.pass_time(hours=10)


def told(house: House, words: str) -> list[str]:
    return [text for text in house.staff_texts if words in text]


async def test_one_is_made_every_night_and_shown(keeping: House, folder: Path) -> None:
    assert "Last backup: none yet" in await status(keeping)
    await keeping.pass_time(days=2)
    assert [backup.at for backup in made(folder)] == [NIGHT, NIGHT + timedelta(days=1)]
    assert "Last backup: 03:30, 0." in await status(keeping)
    assert told(keeping, "backup did not work") == []


async def test_without_a_folder_status_says_that_there_are_none(house: House) -> None:
    assert "Backups: switched off (BACKUP_DIR)" in await status(house)


async def test_old_ones_are_deleted(keeping: House, folder: Path) -> None:
    for days in (40, 10):
        (folder / name_for(NIGHT - timedelta(days=days))).touch()
    await keeping.pass_time(days=1)
    assert [backup.at for backup in made(folder)] == [NIGHT - timedelta(days=10), NIGHT]


async def test_a_night_that_was_missed_is_made_up_for(
    keeping: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock, folder: Path
) -> None:
    clock.tick(timedelta(days=1))  # off at 03:30
    async with open_house(cast, database_url, content_dir, clock, backup_dir=folder) as again:
        await again.settle()
    assert [backup.at.date() for backup in made(folder)] == [clock.now().date()]


async def test_a_failure_is_told_once_in_the_morning_and_tried_again(
    keeping: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreError("There is not enough room on the disk; nothing was changed.")

    with monkeypatch.context() as broken:
        broken.setattr(module, "backup", full)
        await keeping.pass_time(hours=20)  # until 08:00
        assert told(keeping, "did not work") == [], "nobody is woken"
        await keeping.pass_time(hours=5)
        (text,) = told(keeping, "Tonight's backup did not work")
        assert "There is not enough room on the disk" in text
        assert made(folder) == []
    await keeping.pass_time(hours=1)
    assert len(made(folder)) == 1


async def test_a_last_backup_that_is_too_old_is_pointed_out(keeping: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await keeping.pass_time(days=1)

    async def broken(*_: object) -> None:
        raise ValueError("words that nobody may read")

    monkeypatch.setattr(module, "backup", broken)
    await keeping.pass_time(days=2)
    assert "That is too long ago" in await status(keeping)
    assert "ValueError" in told(keeping, "did not work")[-1]
    assert "nobody may read" not in told(keeping, "did not work")[-1]


async def test_once_a_month_one_is_put_back_to_try_it(keeping: House, fast_dir: Path) -> None:
    await enrol(keeping)
    await first_of_december(keeping)
    (text,) = told(keeping, "Monthly test of the backups")
    assert "good. I put the newest copy into an empty database." in text
    assert not list(fast_dir.glob("*scratch*"))


async def test_a_copy_that_lacks_something_is_no_good(keeping: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    async def lacking(*args: Any) -> Coming:
        nonlocal calls
        calls += 1
        found = dict(await coming(*args))
        if calls == 2:  # what the copy has
            found.pop(min(found))
        return found

    monkeypatch.setattr(module, "coming", lacking)
    await first_of_december(keeping)
    (text,) = told(keeping, "Monthly test of the backups")
    assert "not good" in text
    assert "show this to whoever looks after me" in text


# --- put back --------------------------------------------------------------------------------------------------------


async def test_after_a_restore_nobody_gets_anything_twice_and_staff_know(
    keeping: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock, folder: Path
) -> None:
    app = keeping.app
    soon = Outgoing(
        ChatId(keeping.patient.chat_id), Kind.REPLY, Payload("See you."), "r1", due_at=clock.now() + timedelta(hours=16)
    )
    async with app.store.write() as tx:
        await app.post.enqueue(tx, soon)
    keeping.patient.says("Is it normal that my leg jumped?")
    await keeping.pass_time(hours=20)
    assert keeping.bot_texts[-1] == "See you.", "sent after the backup of that night"
    keeping.patient.says("STOP")
    await keeping.pass_time(minutes=5)
    await app.beat()
    assert len(read(folder).stops) == 1
    await keeping.lose_database()
    said = len(keeping.bot_texts)

    packed = made(folder)[-1].file
    Path(database_url.partition("///")[2]).unlink()  # it is lost: only the folder is left
    done = await restore(database_url, packed, app.post.contacts, clock, replace=False, folder=folder)
    assert (done.made_at, done.stops, done.held) == (NIGHT, 1, 1)

    async with open_house(cast, database_url, content_dir, clock, backup_dir=folder) as again:
        await again.pass_time(hours=1)
        assert len(again.bot_texts) == said
        (text,) = told(again, "put back from a backup")
        assert "between 24 November 2026, 03:30 and 24 November 2026, 08:05" in text
        assert "Messages: 1" in text
        assert told(again, "I was off") == [], "one word about it is enough"
        async with again.app.store.read() as tx:
            assert await tx.scalar(sa.select(sa.func.count()).select_from(question)) == 1
            held = (await tx.execute(sa.select(message).where(message.c.dedupe_key == "r1"))).mappings().one()
            assert (held["state"], held["reason"]) == ("unknown", "restored")
        code = text.partition("Patients to look at: ")[2][:6]
        assert code.startswith("P-")
