"""A backup is one file. Nothing can be cut off it or changed in it unnoticed; with a key nobody else can read it.

Format 1:

    aftercare backup 1⏎
    {"made_us": …, "revision": …, "rows": {table: count}, "key_id": … or null, "salt": …}⏎
    pieces, each 4 bytes of length (big-endian) and a body

Inside is a SQLite database, whichever database it came from: so a backup of one kind goes back into the other. Each
body is up to 1 MiB of it, compressed by zlib and sealed. With a key the seal is AES-256-GCM, under a key of this file's
own: HKDF-SHA256 of the secret key and the salt, so no two files share one and the nonces can be counted. The nonce is
the piece's number, from 0 (11 bytes, big-endian), and 1 in the last piece, else 0 (1 byte); the two lines at the top
are sealed along. Without a key SHA-256 over the same stands before the body: against accidents, not against forgers.
"""

import hashlib
import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import StoreError
from bot.store.contacts import Key

_NAME = b"aftercare backup "
_FORMAT = 1
_PIECE = 1 << 20
_LONGEST = 2 * _PIECE
"""Of a body: what cannot be compressed grows a little."""
_LINE = 1 << 16
_DIGEST = 32
_DAMAGED = "This backup was cut short, damaged or changed{where}; nothing of it was used. Take another one."


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself."""

    made_us: int
    """The moment whose data it holds: UTC microseconds."""
    revision: str
    rows: Mapping[str, int]
    """By table."""


class _Seal(Protocol):
    def close(self, place: bytes, data: bytes) -> bytes:
        """The body of the piece at this place."""

    def open(self, place: bytes, body: bytes) -> bytes:
        """Its data. Raises InvalidTag."""


@dataclass(frozen=True, slots=True)
class _Secret:
    cipher: AESGCM
    top: bytes

    def close(self, place: bytes, data: bytes) -> bytes:
        return self.cipher.encrypt(place, data, self.top)

    def open(self, place: bytes, body: bytes) -> bytes:
        return self.cipher.decrypt(place, body, self.top)


@dataclass(frozen=True, slots=True)
class _Plain:
    top: bytes

    def close(self, place: bytes, data: bytes) -> bytes:
        return hashlib.sha256(self.top + place + data).digest() + data

    def open(self, place: bytes, body: bytes) -> bytes:
        data = body[_DIGEST:]
        if self.close(place, data) != body:
            raise InvalidTag
        return data


def is_packed(start: bytes) -> bool:
    """Whether a file that begins so is a backup of this kind, of whatever version."""
    return start.startswith(_NAME)


def pack(database: BinaryIO, to: BinaryIO, header: Header, key: Key | None) -> None:
    """Write the SQLite database as a backup."""
    salt = secrets.token_bytes(32)
    said = {**asdict(header), "key_id": key.id if key else None, "salt": salt.hex()}
    top = _NAME + str(_FORMAT).encode() + b"\n" + json.dumps(said).encode() + b"\n"
    seal = _seal(top, salt, key)
    to.write(top)
    number, piece = 0, database.read(_PIECE)
    while True:
        following = database.read(_PIECE)
        body = seal.close(_place(number, is_last=not following), zlib.compress(piece, 1))
        to.write(len(body).to_bytes(4, "big") + body)
        if not following:
            return
        number, piece = number + 1, following


def unpack(packed: BinaryIO, to: BinaryIO, key: Key | None) -> Header:
    """Write the SQLite database of a backup to `to`, which is worth nothing unless this returns.

    Raises StoreError: cut short, damaged, for another key, made by a newer version.
    """
    top, said = _top(packed)
    _check_key(said.get("key_id"), key)
    try:
        header = Header(int(said["made_us"]), str(said["revision"]), dict(said["rows"]))
        seal = _seal(top, bytes.fromhex(said["salt"]), key if said["key_id"] else None)
    except (KeyError, TypeError, ValueError):
        raise StoreError(_DAMAGED.format(where=" at its top")) from None
    number, size = 0, packed.read(4)
    while size:
        length = int.from_bytes(size, "big")
        body = packed.read(min(length, _LONGEST))
        if len(body) != length:
            raise StoreError(_DAMAGED.format(where=f" in piece {number + 1}"))
        size = packed.read(4)
        to.write(_opened(seal, number, body, is_last=not size))
        number += 1
    if not number:
        raise StoreError(_DAMAGED.format(where=" after its top"))
    return header


def _opened(seal: _Seal, number: int, body: bytes, *, is_last: bool) -> bytes:
    """A piece's data. One that was followed by others is no last one, and fails where they were cut off."""
    try:
        inflated = zlib.decompressobj()
        data = inflated.decompress(seal.open(_place(number, is_last=is_last), body), _PIECE)
    except (InvalidTag, zlib.error):
        data, inflated = b"", None
    if inflated is None or not inflated.eof:
        raise StoreError(_DAMAGED.format(where=f" in piece {number + 1}"))
    return data


def _top(packed: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    first = packed.readline(_LINE)
    if not is_packed(first):
        raise StoreError("This is no backup of the bot's.")
    version = first.removeprefix(_NAME).strip()
    if version.isdigit() and int(version) > _FORMAT:
        raise StoreError("This backup was made by a newer version of the bot. Install that version, then restore.")
    second = packed.readline(_LINE)
    try:
        said = json.loads(second)
    except ValueError:
        said = None
    if not isinstance(said, dict) or int(version or 0) != _FORMAT:
        raise StoreError(_DAMAGED.format(where=" at its top"))
    return first + second, said


def _check_key(key_id: object, key: Key | None) -> None:
    if key_id is not None and key is None:
        raise StoreError("This backup is encrypted. Set SECRET_KEY_FILE to the key file of that time.")
    if key_id is not None and key is not None and key.id != key_id:
        raise StoreError(f"This backup needs the key {key_id}; SECRET_KEY_FILE holds the key {key.id}.")


def _seal(top: bytes, salt: bytes, key: Key | None) -> _Seal:
    if key is None:
        return _Plain(top)
    derived = HKDF(SHA256(), 32, salt, b"aftercare backup").derive(key.secret)
    return _Secret(AESGCM(derived), top)


def _place(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
