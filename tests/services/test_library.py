"""The texts change under a running bot: by the folder, by another worker, by a mistake nobody's check sees."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.content.load import read_files
from bot.core.conversation import Conversation
from bot.services import library
from bot.services.library import Changed, Library
from bot.simulator.house import House
from bot.store import revisions
from bot.store.tables import content_revision


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    """Without the messages that the second opinion learns from: each edit would take it half a minute anew."""
    (content_dir / "en" / "red_flag_messages.yaml").unlink()
    return content_dir


async def asks(house: House) -> str:
    """What the bot answers to a question it knows."""
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    return house.patient.last.text


async def ids(house: House) -> list[int]:
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(content_revision.c.id)))


def edit(content_dir: Path, old: str = "reflex of", new: str = "twitch of") -> None:
    """By default in an answer only, so that nothing has to be learned anew."""
    path = content_dir / "en" / "twitch_response.yaml"
    path.write_text(path.read_text().replace(old, new))


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def not_utf8(folder: Path) -> None:
    (folder / "en" / "words.yaml").write_bytes(b"\xff\xfe\x00")


def link_to_nothing(folder: Path) -> None:
    (folder / "en" / "words.yaml").unlink()
    (folder / "en" / "words.yaml").symlink_to(folder / "gone.yaml")


def bomb(folder: Path) -> None:
    (folder / "en" / "words.yaml").write_text("a: &a [x, x]\nb: [*a, *a]\n")


@pytest.mark.parametrize("harm", [remove, not_utf8, link_to_nothing, bomb])
async def test_a_folder_in_ruins_changes_nothing_and_is_told_once(house: House, content_dir: Path, harm: Any) -> None:
    harm(content_dir)
    for _ in range(3):
        await house.app.look_at_content()
    await house.settle()
    assert [text.splitlines()[0] for text in house.staff_texts] == ["The texts have mistakes"]
    assert "reflex" in await asks(house)


async def test_two_different_mistakes_in_one_minute_are_both_told(house: House, content_dir: Path) -> None:
    words = content_dir / "en" / "words.yaml"
    for text in ("stop: [", "\nstop: {"):
        words.write_text(text)
        await house.app.look_at_content()
    await house.settle(seconds=30)
    assert len(house.staff_texts) == 2


async def test_texts_that_break_the_program_are_no_revision(
    house: House, content_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await ids(house)

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(library, "mind_for", broken)
    edit(content_dir)
    await house.app.look_at_content()
    await house.settle()
    assert "ZeroDivisionError" in house.staff_texts[-1]
    assert await ids(house) == before, "a restart must not find it as the active one"
    assert "reflex" in await asks(house)


async def test_a_revision_of_another_worker_that_we_cannot_serve_leaves_ours_in_use(
    house: House, content_dir: Path
) -> None:
    files = {**read_files(content_dir), "en/words.yaml": "written: by a later version"}
    async with house.app.store.write() as tx:
        await revisions.add(tx, house.app.settings.bot_id, "f" * 16, files, None, 0)
    assert await house.app.library.look() is Changed.BROKEN
    assert await house.app.library.look() is Changed.NOTHING
    assert "reflex" in await asks(house)


async def test_an_edit_made_in_the_chat_is_served_and_not_undone_by_the_folder(house: House, content_dir: Path) -> None:
    files = read_files(content_dir)
    files["en/twitch_response.yaml"] = files["en/twitch_response.yaml"].replace("normal reflex", "twitchy reflex")
    async with house.app.store.write() as tx:
        await revisions.add(tx, house.app.settings.bot_id, "e" * 16, files, house.owner.user_id, 0)  # type: ignore[arg-type]
    assert await house.app.library.look() is Changed.NEW
    assert await house.app.library.look() is Changed.NOTHING
    assert "twitchy reflex" in await asks(house)


async def test_two_workers_import_a_folder_once(house: House, content_dir: Path, clock: ManualClock) -> None:
    other = Library(house.app.store, clock, house.app.settings.bot_id, content_dir, False, house.app.settings.index_dir)
    await other.load()
    before = len(await ids(house))
    edit(content_dir)
    assert set(await asyncio.gather(house.app.library.look(), other.look())) == {Changed.NEW}
    assert len(await ids(house)) == before + 1
    assert house.app.library.served.revision_id == other.served.revision_id


async def test_a_decision_keeps_the_name_of_the_texts_it_was_made_with(
    house: House, content_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = house.app.library.served
    real = Conversation.on_text

    def overtaken(self: Conversation, said: Any, state: Any, occasion: Any) -> Any:
        outcome = real(self, said, state, occasion)
        house.app.library._served = replace(first, revision_id=first.revision_id + 1)
        return outcome

    monkeypatch.setattr(Conversation, "on_text", overtaken)
    await asks(house)
    from bot.store.tables import question

    async with house.app.store.read() as tx:
        stored = list(await tx.scalars(sa.select(question.c.revision_id).order_by(question.c.id)))
    assert stored[-1] == first.revision_id
