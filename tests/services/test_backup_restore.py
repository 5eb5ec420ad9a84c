"""Putting a backup back: refused where it could do harm, whole or not at all, and nothing is done a second time."""

import asyncio
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import NEVER_US, ManualClock, to_us
from bot.errors import StoreBusy, StoreError
from bot.model import BotId, ChatId, ChatKind, DueState, Kind, MessageState, Outgoing, Payload, Role, Scope, UserId
from bot.services import restore as module
from bot.services.backup import backup
from bot.services.restore import RESTORED, Restored, restore
from bot.services.wishes import FILE, Wishes, WishList, read
from bot.simulator.cluster import Cluster
from bot.store import accounts, chats, dues, messages, people, restoring, schema
from bot.store.care import CHECK_IN, LATER
from bot.store.contacts import Contacts
from bot.store.engine import Store, open_store
from bot.store.tables import (
    attachment,
    audit,
    bot,
    broadcast,
    check_in,
    contact,
    due,
    enrolment,
    erasure,
    message,
    metadata,
    opt_out,
    patient,
    patient_chat,
    question,
    staff,
)

BOT, CHAT = BotId(1), ChatId(11)
HOUR = timedelta(hours=1)
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, fast_dir: Path) -> Iterator[str]:
    """An address where nothing is yet."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{fast_dir}/clinic.db"
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        made = cluster.new_database()
        yield made
        cluster.drop(made)


@pytest.fixture
def file_url(fast_dir: Path) -> str:
    return f"sqlite+aiosqlite:///{fast_dir}/clinic.db"


async def fill(url: str, clock: ManualClock) -> None:
    """One patient on a plan, with a contact, a question, a photo and a word of ours."""
    await schema.upgrade(url)
    now_us = clock.now_us()
    async with open_store(url, clock) as store, store.write() as tx:
        await accounts.ensure_bot(store, tx, BOT, ChatId(-5), 1)
        await chats.touch_chat(store, tx, BOT, CHAT, ChatKind.PRIVATE, now_us)
        await tx.execute(patient.insert().values(id=7, bot_id=BOT, code="P-7F3K", created_us=now_us))
        await tx.execute(patient_chat.insert().values(bot_id=BOT, chat_id=CHAT, patient_id=7, since_us=now_us))
        await tx.execute(contact.insert().values(patient_id=7, phone="0100", updated_us=now_us))
        await tx.execute(
            enrolment.insert().values(
                id=3,
                bot_id=BOT,
                patient_id=7,
                chat_id=CHAT,
                plan_id="p",
                treated_us=now_us,
                zone="Europe/London",
                area="heel",
                side="left",
                careful=False,
                facts={"pain": 6},
                state="open",
                created_us=now_us,
            )
        )
        await tx.execute(
            question.insert().values(
                bot_id=BOT,
                patient_id=7,
                chat_id=CHAT,
                text="Is a “twitch” normal? 😀",
                decision="answer",
                why={"a": 1},
                at_us=now_us,
            )
        )
        await tx.execute(attachment.insert().values(bot_id=BOT, name="a", sha256="0", content=bytes(range(256))))
        await accounts.write_audit(tx, BOT, None, "seen", 7, now_us)  # its detail is null
        await messages.enqueue(store, tx, BOT, Outgoing(CHAT, Kind.REPLY, Payload("Yes."), "m1"), now_us)
        await messages.finish(tx, 1, MessageState.SENT, sent_us=now_us)


async def everything(url: str, clock: ManualClock, *but: sa.Table) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, those of `but` left out."""
    async with open_store(url, clock) as store, store.read() as tx:
        return {
            table.name: [tuple(row) for row in await tx.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
            if table not in but
        }


async def put_back(url: str, packed: Path, clock: ManualClock, *, replace: bool = False) -> Restored:
    return await restore(url, packed, Contacts(), clock, replace=replace, folder=packed.parent)


async def rows(url: str, clock: ManualClock, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[sa.RowMapping]:
    async with open_store(url, clock) as store, store.read() as tx:
        return list((await tx.execute(sa.select(table).where(*where).order_by(sa.text("1")))).mappings())


def packed_in(folder: Path) -> Path:
    return folder / "copy.backup"


async def backed_up(url: str, folder: Path, clock: ManualClock) -> Path:
    await fill(url, clock)
    return (await backup(url, packed_in(folder), None, clock.now())).file


# --- what goes in comes out ------------------------------------------------------------------------------------------


async def test_every_row_comes_back(url: str, fast_dir: Path, clock: ManualClock) -> None:
    packed = await backed_up(url, fast_dir, clock)
    before = await everything(url, clock, audit, bot, due)
    async with open_store(url, clock) as store, store.write() as tx:
        await tx.execute(contact.update().values(phone="0200"))
    done = await put_back(url, packed, clock, replace=True)
    assert await everything(url, clock, audit, bot, due) == before
    assert (done.made_at, done.held) == (clock.now(), 0)


@pytest.mark.postgres
async def test_a_backup_of_one_kind_goes_into_the_other(postgres: Cluster, fast_dir: Path, clock: ManualClock) -> None:
    file, server, back = f"sqlite+aiosqlite:///{fast_dir}/a.db", postgres.new_database(), f"{fast_dir}/b.db"
    packed = await backed_up(file, fast_dir, clock)
    await put_back(server, packed, clock)
    left_out = (audit, bot, due)
    assert await everything(server, clock, *left_out) == await everything(file, clock, *left_out)
    (null,) = await rows(server, clock, audit, audit.c.action == "seen", audit.c.detail.is_(sa.null()))
    assert null["detail"] is None, "no null of JSON's instead"
    again = await backup(server, fast_dir / "server.backup", None, clock.now())
    await put_back(f"sqlite+aiosqlite:///{back}", again.file, clock)
    assert await everything(f"sqlite+aiosqlite:///{back}", clock, *left_out) == await everything(file, clock, *left_out)
    async with open_store(server, clock) as store, store.write() as tx:  # numbering goes on
        made = await tx.execute(patient.insert().values(bot_id=BOT, code="P-2", created_us=0).returning(patient.c.id))
        assert made.scalar_one() == 8
    postgres.drop(server)


async def test_an_id_that_a_button_may_carry_is_not_given_out_again(
    url: str, fast_dir: Path, clock: ManualClock
) -> None:
    packed = await backed_up(url, fast_dir, clock)
    await put_back(url, packed, clock, replace=True)
    async with open_store(url, clock) as store, store.write() as tx:
        later = await messages.enqueue(store, tx, BOT, Outgoing(CHAT, Kind.REPLY, Payload("New."), "m2"), 0)
    assert later is not None
    assert later > restoring.ID_GAP


# --- refused ---------------------------------------------------------------------------------------------------------


async def test_data_is_not_overwritten_unless_that_is_said(url: str, fast_dir: Path, clock: ManualClock) -> None:
    packed = await backed_up(url, fast_dir, clock)
    before = await everything(url, clock)
    with pytest.raises(StoreError, match="holds data already"):
        await put_back(url, packed, clock)
    assert await everything(url, clock) == before


async def test_what_cannot_be_read_may_be_data_and_is_kept(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    packed = await backed_up(file_url, fast_dir, clock)
    (fast_dir / "clinic.db").write_bytes(b"broken" * 1000)
    with pytest.raises(StoreError, match="--replace"):
        await put_back(file_url, packed, clock)
    done = await put_back(file_url, packed, clock, replace=True)
    assert done.kept is not None
    assert done.kept.read_bytes() == b"broken" * 1000
    assert not done.knows_later
    assert [row["code"] for row in await rows(file_url, clock, patient)] == ["P-7F3K"]


async def test_what_was_there_is_kept_and_can_be_put_back_itself(
    file_url: str, fast_dir: Path, clock: ManualClock
) -> None:
    packed = await backed_up(file_url, fast_dir, clock)
    async with open_store(file_url, clock) as store, store.write() as tx:
        await tx.execute(contact.update().values(phone="0200"))
    done = await put_back(file_url, packed, clock, replace=True)
    assert done.kept is not None
    assert stat.S_IMODE(done.kept.stat().st_mode) == stat.S_IMODE((fast_dir / "clinic.db").stat().st_mode) == 0o600
    clock.tick(HOUR)
    await put_back(file_url, done.kept, clock, replace=True)
    assert [row["phone"] for row in await rows(file_url, clock, contact)] == ["0200"]


async def test_not_while_a_bot_runs_on_the_file(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    packed = await backed_up(file_url, fast_dir, clock)
    async with open_store(file_url, clock) as running:
        running.take_role("sender")
        with pytest.raises(StoreBusy, match="Stop it first"):
            await put_back(file_url, packed, clock, replace=True)


@pytest.mark.postgres
async def test_not_while_a_worker_is_alive_on_the_server(postgres: Cluster, fast_dir: Path, clock: ManualClock) -> None:
    url = postgres.new_database()
    packed = await backed_up(url, fast_dir, clock)
    async with open_store(url, clock) as store, store.write() as tx:
        await accounts.set_account(tx, BOT, alive_us=await store.machine_us(tx))
    with pytest.raises(StoreBusy, match="Stop every worker"):
        await put_back(url, packed, clock, replace=True)
    postgres.drop(url)


async def test_a_bot_cannot_start_meanwhile(
    file_url: str, fast_dir: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = await backed_up(file_url, fast_dir, clock)

    async def start(*_: Any) -> Wishes:
        async with open_store(file_url, clock) as starting:
            starting.take_role("sender")
        return Wishes()

    monkeypatch.setattr(module, "_wishes_since", start)
    with pytest.raises(StoreBusy):
        await put_back(file_url, packed, clock, replace=True)


async def test_a_backup_of_a_newer_version(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    await fill(file_url, clock)
    async with open_store(file_url, clock) as store, store.write() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    done = await backup(file_url, packed_in(fast_dir), None, clock.now())
    with pytest.raises(StoreError, match="9999, which this version does not know"):
        await put_back(f"sqlite+aiosqlite:///{fast_dir}/other.db", done.file, clock)
    assert not (fast_dir / "other.db").exists()


async def test_one_of_an_older_version_is_brought_up_to_date(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    await schema.upgrade(file_url, "0005")
    done = await backup(file_url, packed_in(fast_dir), None, clock.now())
    await put_back(file_url, done.file, clock, replace=True)
    assert await schema.current(file_url) == schema.head()


@pytest.mark.parametrize("step", ["_make_ready", "_put_in_place"])
async def test_a_kill_on_the_way_changes_nothing(
    url: str, fast_dir: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    packed = await backed_up(url, fast_dir, clock)
    before = await everything(url, clock)

    async def killed(*_: Any) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(module, step, killed)
    with pytest.raises(asyncio.CancelledError):
        await put_back(url, packed, clock, replace=True)
    assert await everything(url, clock) == before
    assert not list(fast_dir.glob("*scratch*"))


async def test_no_room_for_it(
    file_url: str, fast_dir: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = await backed_up(file_url, fast_dir, clock)
    before = await everything(file_url, clock)

    def full(*_: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StoreError, match="not enough room on the disk; nothing was changed"):
        await put_back(file_url, packed, clock, replace=True)
    assert await everything(file_url, clock) == before


# --- what may have been done since -----------------------------------------------------------------------------------


async def waiting(store: Store, clock: ManualClock) -> None:
    """At the moment of the backup: two messages are owed, three timers and two announcements wait."""
    now = clock.now()
    async with store.write() as tx:
        for number, due_at in enumerate((now, now + 48 * HOUR), 2):
            out = Outgoing(CHAT, Kind.CHECK_IN, Payload("How are you?"), f"m{number}", due_at=due_at)
            await messages.enqueue(store, tx, BOT, out, clock.now_us())
        held = Outgoing(CHAT, Kind.BROADCAST, Payload("Closed."), "b")
        row = await messages.enqueue(store, tx, BOT, held, clock.now_us())
        await tx.execute(message.update().where(message.c.id == row).values(due_us=NEVER_US))
        for kind, after, part in ((CHECK_IN, HOUR, "C1"), (CHECK_IN, 48 * HOUR, "C2"), (LATER, HOUR, "pain")):
            await dues.plan(store, tx, BOT, dues.Due(kind, now + after, f"{kind}{after}", ref=3, part=part))
        await dues.plan(store, tx, BOT, dues.Due("alert_repeat", now + HOUR, "alert", ref=1))
        for state, due_us in (
            ("running", None),
            ("paused", None),
            ("running", to_us(now + 48 * HOUR)),
            ("draft", None),
        ):
            values = {"payload": {}, "audience": {}, "created_by": 1, "created_us": 0, "due_us": due_us}
            await tx.execute(broadcast.insert().values(bot_id=BOT, state=state, **values))


async def test_what_was_due_since_is_held_and_what_comes_later_goes_on(
    url: str, fast_dir: Path, clock: ManualClock
) -> None:
    await fill(url, clock)
    async with open_store(url, clock) as store:
        await waiting(store, clock)
    done = await backup(url, packed_in(fast_dir), None, clock.now())
    clock.tick(24 * HOUR)
    restored = await put_back(url, done.file, clock, replace=True)
    assert restored.held == 3
    owed = {row["dedupe_key"]: (row["state"], row["reason"]) for row in await rows(url, clock, message)}
    doubt = (MessageState.UNKNOWN, "restored")
    assert owed == {"m1": ("sent", None), "m2": doubt, "m3": (MessageState.PENDING, None), "b": doubt}
    timers = {(row["kind"], row["part"]): row["state"] for row in await rows(url, clock, due, due.c.kind != RESTORED)}
    assert timers == {
        (CHECK_IN, "C1"): DueState.DROPPED,
        (CHECK_IN, "C2"): DueState.WAITING,
        (LATER, "pain"): DueState.DROPPED,
        ("alert_repeat", None): DueState.WAITING,
    }
    assert [row["step_id"] for row in await rows(url, clock, check_in)] == ["C1"], "no later planning brings it back"
    assert [row["state"] for row in await rows(url, clock, broadcast)] == ["cancelled", "cancelled", "running", "draft"]
    (noted,) = await rows(url, clock, audit, audit.c.action == RESTORED)
    (timer,) = await rows(url, clock, due, due.c.kind == RESTORED)
    assert timer["ref"] == noted["id"]
    assert (noted["detail"]["messages"], noted["detail"]["steps"], noted["detail"]["announcements"]) == (2, 1, 2)
    async with open_store(url, clock) as store, store.read() as tx:
        assert await restoring.codes_of_held(tx, BOT, 10) == ["P-7F3K"]


# --- wishes since ----------------------------------------------------------------------------------------------------


async def wish(url: str, clock: ManualClock) -> None:
    """After the backup they say stop; later they are forgotten."""
    async with open_store(url, clock) as store, store.write() as tx:
        now_us = clock.now_us()
        await chats.stop(tx, BOT, CHAT, Scope.CHECK_INS, now_us)
        values = {"chat_id": CHAT, "patient_id": 7, "state": "done", "asked_us": now_us, "done_us": now_us}
        await tx.execute(erasure.insert().values(bot_id=BOT, counts={"record": 0}, **values))


@pytest.mark.parametrize("old_is", ["there", "lost"])
async def test_wishes_since_the_backup_are_granted_again(
    file_url: str, fast_dir: Path, clock: ManualClock, old_is: str
) -> None:
    packed = await backed_up(file_url, fast_dir, clock)
    clock.tick(HOUR)
    await wish(file_url, clock)
    if old_is == "lost":
        async with open_store(file_url, clock) as store:
            await WishList(fast_dir).note(store, BOT)
        (fast_dir / "clinic.db").unlink()
    done = await put_back(file_url, packed, clock, replace=True)
    assert (done.erased, done.stops, done.knows_later) == (1, 1, True)
    assert await rows(file_url, clock, contact) == []
    assert await rows(file_url, clock, question, question.c.text != "") == []
    scopes = {row["scope"] for row in await rows(file_url, clock, opt_out, opt_out.c.ended_us.is_(None))}
    assert scopes == {Scope.CHECK_INS, Scope.ALL}
    assert [row["state"] for row in await rows(file_url, clock, enrolment)] == ["ended"]
    assert (await rows(file_url, clock, erasure))[0]["state"] == "done"


async def test_who_started_messages_again_since_gets_them(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    await fill(file_url, clock)
    async with open_store(file_url, clock) as store, store.write() as tx:
        await chats.stop(tx, BOT, CHAT, Scope.ALL, clock.now_us())
    done = await backup(file_url, packed_in(fast_dir), None, clock.now())
    clock.tick(HOUR)
    async with open_store(file_url, clock) as store, store.write() as tx:
        await chats.resume(tx, BOT, CHAT, clock.now_us())
    assert (await put_back(file_url, done.file, clock, replace=True)).stops == 1
    assert await rows(file_url, clock, opt_out, opt_out.c.ended_us.is_(None)) == []


# --- the team --------------------------------------------------------------------------------------------------------

BOSS, LEFT, CAME, PODIATRIST = UserId(700), UserId(701), UserId(702), UserId(703)


async def staffed(url: str, clock: ManualClock) -> None:
    """An owner, two clinicians with a registration, and nobody at the desk."""
    async with open_store(url, clock) as store, store.write() as tx:
        await people.give_role(store, tx, BOT, BOSS, Role.OWNER, "Olga", clock.now_us())
        for who, number in ((LEFT, "HCPC 5"), (PODIATRIST, "HCPC 7")):
            await people.give_role(store, tx, BOT, who, Role.CLINICIAN, "Tim", clock.now_us())
            await people.set_values(tx, BOT, who, registration=number)


async def team_changes(url: str, clock: ManualClock) -> None:
    """One leaves, one comes, one gets another role."""
    async with open_store(url, clock) as store, store.write() as tx:
        await people.remove(tx, BOT, LEFT, clock.now_us())
        await people.give_role(store, tx, BOT, CAME, Role.DESK, "Bea", clock.now_us())
        await people.give_role(store, tx, BOT, PODIATRIST, Role.DESK, "Tim", clock.now_us())


async def team(url: str, clock: ManualClock) -> list[tuple[int, str, str | None, bool]]:
    return [
        (row["user_id"], row["role"], row["registration"], row["removed_us"] is not None)
        for row in sorted(await rows(url, clock, staff), key=lambda row: int(row["user_id"]))
    ]


@pytest.mark.parametrize("old_is", ["readable", "lost"])
async def test_nobody_gets_rights_back_that_ended_since(
    file_url: str, fast_dir: Path, clock: ManualClock, old_is: str
) -> None:
    await fill(file_url, clock)
    await staffed(file_url, clock)
    packed = (await backup(file_url, packed_in(fast_dir), None, clock.now())).file
    list_ = WishList(fast_dir)
    async with open_store(file_url, clock) as store:
        await list_.note(store, BOT)
    clock.tick(HOUR)
    await team_changes(file_url, clock)
    if old_is == "lost":
        async with open_store(file_url, clock) as store:
            await list_.note(store, BOT)
        (fast_dir / "clinic.db").unlink()
    done = await put_back(file_url, packed, clock, replace=True)
    assert done.team == 3
    assert {who: (role, is_gone) for who, role, _, is_gone in await team(file_url, clock)} == {
        BOSS: (Role.OWNER, False),
        LEFT: (Role.CLINICIAN, True),
        CAME: (Role.DESK, False),
        PODIATRIST: (Role.DESK, False),
    }


async def test_a_registration_that_was_taken_back_is_not_there_again(
    file_url: str, fast_dir: Path, clock: ManualClock
) -> None:
    await fill(file_url, clock)
    await staffed(file_url, clock)
    packed = (await backup(file_url, packed_in(fast_dir), None, clock.now())).file
    async with open_store(file_url, clock) as store:
        async with store.write() as tx:
            await people.set_values(tx, BOT, PODIATRIST, registration=None)
        await WishList(fast_dir).note(store, BOT)
    (fast_dir / "clinic.db").unlink()
    assert (await put_back(file_url, packed, clock, replace=True)).team == 1
    assert {who: number for who, _, number, _ in await team(file_url, clock) if number} == {LEFT: "HCPC 5"}


async def test_a_new_database_makes_nobody_an_owner_who_was_removed(
    file_url: str, fast_dir: Path, clock: ManualClock
) -> None:
    """OWNER_IDS still names somebody; the disk was lost, and the bot was started before the backup was put back."""
    await fill(file_url, clock)
    await staffed(file_url, clock)
    packed = (await backup(file_url, packed_in(fast_dir), None, clock.now())).file
    async with open_store(file_url, clock) as store:
        async with store.write() as tx:
            await people.remove(tx, BOT, BOSS, clock.now_us())
        await WishList(fast_dir).note(store, BOT)
    (fast_dir / "clinic.db").unlink()
    clock.tick(HOUR)
    await fill(file_url, clock)
    await staffed(file_url, clock)
    await put_back(file_url, packed, clock, replace=True)
    assert (BOSS, Role.OWNER, None, True) in await team(file_url, clock)


async def test_a_role_that_is_given_back_is_a_line_again(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    await fill(file_url, clock)
    await staffed(file_url, clock)
    async with open_store(file_url, clock) as store:
        for role in (Role.CLINICIAN, Role.DESK, Role.DESK, Role.CLINICIAN):
            async with store.write() as tx:
                await people.give_role(store, tx, BOT, LEFT, role, None, clock.now_us())
            await WishList(fast_dir).note(store, BOT)
    of_one = [row["role"] for row in read(fast_dir).team if row["user_id"] == LEFT]
    assert of_one == [Role.CLINICIAN, Role.DESK, Role.CLINICIAN]
    assert "Tim" not in (fast_dir / FILE).read_text(), "ids and times, no words"
    assert "HCPC" not in (fast_dir / FILE).read_text()


# --- the list --------------------------------------------------------------------------------------------------------


async def test_the_list_grows_only_by_what_is_new(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    await fill(file_url, clock)
    await wish(file_url, clock)
    async with open_store(file_url, clock) as store:
        for list_ in (WishList(fast_dir), WishList(fast_dir)):  # the second as after a restart
            for _ in range(2):
                await list_.note(store, BOT)
        assert len((fast_dir / FILE).read_text().splitlines()) == 2
        async with store.write() as tx:
            await chats.resume(tx, BOT, CHAT, clock.now_us())
        await list_.note(store, BOT)
    assert stat.S_IMODE((fast_dir / FILE).stat().st_mode) == 0o600
    found = read(fast_dir)
    assert [row["ended_us"] for row in found.stops] == [None, clock.now_us()]
    assert [row["patient_id"] for row in found.erasures] == [7]


async def test_a_line_that_a_kill_cut_short_is_written_again(file_url: str, fast_dir: Path, clock: ManualClock) -> None:
    await fill(file_url, clock)
    await wish(file_url, clock)
    async with open_store(file_url, clock) as store:
        await WishList(fast_dir).note(store, BOT)
        whole = (fast_dir / FILE).read_text()
        (fast_dir / FILE).write_text(whole[:-20])
        assert len(read(fast_dir).stops) + len(read(fast_dir).erasures) == 1
        await WishList(fast_dir).note(store, BOT)
    assert (fast_dir / FILE).read_text() == whole


def test_a_line_that_cannot_be_read_is_named(fast_dir: Path) -> None:
    (fast_dir / FILE).write_text('{"wish": "stop"}\nwhat is this\n')
    with pytest.raises(StoreError, match=r"wishes.log:2: this line cannot be read"):
        read(fast_dir)
