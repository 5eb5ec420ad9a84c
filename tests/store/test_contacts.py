"""Names and phone numbers: as they are without a key, unreadable without the right one."""

import base64
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.errors import SettingsError
from bot.model import BotId, PatientId
from bot.store import chats
from bot.store.contacts import Contact, Contacts, read_key
from bot.store.engine import Store
from bot.store.tables import contact

BOT = BotId(1)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.key"
    path.write_bytes(base64.b64encode(bytes(range(32))) + b"\n")
    return path


@pytest.fixture
async def patient_id(store: Store, clock: ManualClock) -> PatientId:
    async with store.write() as tx:
        return (await chats.new_patient(store, tx, BOT, clock.now_us()))[0]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_what_was_saved_comes_back(
    store: Store, clock: ManualClock, patient_id: PatientId, key_file: Path, encrypted: bool
) -> None:
    contacts = Contacts(read_key(key_file) if encrypted else None)
    async with store.write() as tx:
        await contacts.save(tx, patient_id, clock.now_us(), name="Some Name", phone="01632 960 555")
        await contacts.save(tx, patient_id, clock.now_us(), reference="4711", name=None)
        row = (await tx.execute(sa.select(contact))).mappings().one()
        assert await contacts.of(tx, patient_id) == Contact("4711", None, "01632 960 555")
        ((found, known),) = await contacts.everybody(tx, BOT)
        assert (found, known.reference) == (patient_id, "4711")
    assert ("960" in str(dict(row))) is not encrypted
    assert row["key_id"] == (contacts.key.id if contacts.key else None)


async def test_without_the_key_it_is_locked_and_stays_whole(
    store: Store, clock: ManualClock, patient_id: PatientId, key_file: Path
) -> None:
    with_key, without = Contacts(read_key(key_file)), Contacts()
    async with store.write() as tx:
        await with_key.save(tx, patient_id, clock.now_us(), phone="01632 960 555")
        assert await without.of(tx, patient_id) == Contact(locked=True)
        assert await without.unreadable(tx, BOT) == 1
        assert await with_key.unreadable(tx, BOT) == 0
        await without.save(tx, patient_id, clock.now_us(), phone="01632 960 556")
        assert (await with_key.of(tx, patient_id)).phone == "01632 960 555"


async def test_what_was_there_before_the_key_stays_readable(
    store: Store, clock: ManualClock, patient_id: PatientId, key_file: Path
) -> None:
    async with store.write() as tx:
        await Contacts().save(tx, patient_id, clock.now_us(), phone="01632 960 555")
        contacts = Contacts(read_key(key_file))
        assert (await contacts.of(tx, patient_id)).phone == "01632 960 555"


@pytest.mark.parametrize("content", [b"", b"short", b"!!!", base64.b64encode(bytes(16))])
def test_a_key_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="openssl rand"):
        read_key(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_key(tmp_path / "nothing")
