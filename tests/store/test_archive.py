"""A backup's file: what went in comes out, and whatever is cut off, changed or for somebody else is noticed."""

import base64
import io
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store.archive import Header, pack, unpack
from bot.store.contacts import Key, read_key

HEADER = Header(1_000, "0001", {"message": 3})
MIB = 1 << 20


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return key_of(tmp_path / "secret.key", 1)


def key_of(path: Path, seed: int) -> Key:
    path.write_bytes(base64.b64encode(bytes([seed]) * 32))
    found = read_key(path)
    assert found is not None
    return found


def packed(database: bytes, key: Key | None) -> bytes:
    to = io.BytesIO()
    pack(io.BytesIO(database), to, HEADER, key)
    return to.getvalue()


def opened(backup: bytes, key: Key | None) -> tuple[Header, bytes]:
    to = io.BytesIO()
    return unpack(io.BytesIO(backup), to, key), to.getvalue()


@pytest.fixture(params=["with-a-key", "without"])
def any_key(request: pytest.FixtureRequest, key: Key) -> Key | None:
    return key if request.param == "with-a-key" else None


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
def test_what_went_in_comes_out(any_key: Key | None, size: int) -> None:
    database = bytes(number * 7 % 251 for number in range(1000)) * (size // 1000 + 1)
    assert opened(packed(database[:size], any_key), any_key) == (HEADER, database[:size])


def test_with_a_key_nothing_can_be_read(key: Key) -> None:
    words = b"my heel hurts"
    assert words not in packed(words, key)
    assert packed(words, key)[-20:] != packed(words, key)[-20:], "each file has a key of its own"


def test_every_byte_counts(any_key: Key | None) -> None:
    backup = packed(b"words" * 20, any_key)
    for place in range(len(backup)):
        changed = backup[:place] + bytes([backup[place] ^ 1]) + backup[place + 1 :]
        with pytest.raises(StoreError):
            opened(changed, any_key)


@pytest.mark.parametrize("keeps", [0.0, 0.3, 0.9, 0.999])
def test_what_is_cut_short_is_refused(any_key: Key | None, keeps: float) -> None:
    backup = packed(bytes(2 * MIB), any_key)
    with pytest.raises(StoreError):
        opened(backup[: int(len(backup) * keeps)], any_key)


def test_cut_between_two_pieces_is_noticed_too(any_key: Key | None) -> None:
    backup = packed(bytes(2 * MIB), any_key)
    top = backup.index(b"}\n") + 2
    first = top + 4 + int.from_bytes(backup[top : top + 4], "big")
    assert first < len(backup)
    with pytest.raises(StoreError, match="cut short, damaged or changed in piece 1"):
        opened(backup[:first], any_key)


def test_what_hangs_on_at_the_end_is_noticed(any_key: Key | None) -> None:
    with pytest.raises(StoreError, match="damaged"):
        opened(packed(b"words", any_key) + b"\0\0\0\0", any_key)


def test_the_key_of_another_time(tmp_path: Path, key: Key) -> None:
    other = key_of(tmp_path / "other.key", 2)
    with pytest.raises(StoreError, match=f"needs the key {key.id}; SECRET_KEY_FILE holds the key {other.id}"):
        opened(packed(b"words", key), other)
    with pytest.raises(StoreError, match="is encrypted"):
        opened(packed(b"words", key), None)


def test_one_from_before_there_was_a_key_can_be_read(key: Key) -> None:
    assert opened(packed(b"words", None), key) == (HEADER, b"words")


def test_a_newer_version_says_so() -> None:
    with pytest.raises(StoreError, match="newer version of the bot"):
        opened(packed(b"words", None).replace(b"backup 1", b"backup 2", 1), None)


@pytest.mark.parametrize("start", [b"", b"PK\x03\x04", b"aftercare"])
def test_another_file_is_no_backup(start: bytes) -> None:
    with pytest.raises(StoreError, match="This is no backup"):
        opened(start, None)
