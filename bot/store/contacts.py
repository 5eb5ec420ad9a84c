"""Who a patient is: reference, name and phone, kept apart and, with a key file, encrypted.

Encrypted is each value by itself (Fernet: AES-128-CBC and HMAC-SHA256). Rows say which key they need, so that those of
before a key was set stay readable, and another key is noticed.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from bot.errors import SettingsError
from bot.model import BotId, PatientId
from bot.store.engine import Tx
from bot.store.tables import contact, patient

KEY_BYTES = 32
_FIELDS = ("reference", "name", "phone")


@dataclass(frozen=True, slots=True)
class Key:
    """A secret key; `id` names it in rows and gives nothing away."""

    id: str
    fernet: Fernet = field(repr=False)
    secret: bytes = field(repr=False)
    """What backups derive their keys from."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a patient is, as far as we know. `locked`: there is something, and its key is missing."""

    reference: str | None = None
    name: str | None = None
    phone: str | None = None
    locked: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.reference or self.name or self.phone or self.locked)


def read_key(path: Path | None) -> Key | None:
    """The key of this file: 32 random bytes as base64. Raises SettingsError, which never shows the key."""
    if path is None:
        return None
    try:
        secret = base64.b64decode(path.read_bytes().strip().replace(b"-", b"+").replace(b"_", b"/"), validate=True)
    except OSError as error:
        raise SettingsError(f"SECRET_KEY_FILE: {path} cannot be read ({error.strerror}).") from None
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise SettingsError(
            f"SECRET_KEY_FILE: {path} has to hold {KEY_BYTES} random bytes as base64. "
            "`openssl rand -base64 32` makes them."
        )
    return Key(hashlib.sha256(secret).hexdigest()[:8], Fernet(base64.urlsafe_b64encode(secret)), secret)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Reads and writes contact details. Without a key they are stored as they are."""

    key: Key | None = None

    def opened(self, row: Mapping[str, Any] | sa.RowMapping) -> Contact:
        """The details in a row that has the columns of `contact`, or some of them."""
        values = {name: row.get(name) for name in _FIELDS}
        if row.get("key_id") is None:
            return Contact(values["reference"], values["name"], values["phone"])
        if self.key is None or self.key.id != row["key_id"]:
            return Contact(locked=any(values.values()))
        try:
            reference, name, phone = (self._open(values[name]) for name in _FIELDS)
        except InvalidToken:  # the row was damaged
            return Contact(locked=True)
        return Contact(reference, name, phone)

    async def of(self, tx: Tx, patient_id: PatientId) -> Contact:
        """What is known of one patient."""
        row = (await tx.execute(sa.select(contact).where(contact.c.patient_id == patient_id))).mappings().one_or_none()
        return self.opened(row) if row is not None else Contact()

    async def everybody(self, tx: Tx, bot_id: BotId) -> list[tuple[PatientId, Contact]]:
        """Every patient of whom something is known. All rows are read: what is encrypted cannot be searched for."""
        rows = await tx.execute(
            sa.select(contact)
            .join(patient, patient.c.id == contact.c.patient_id)
            .where(patient.c.bot_id == bot_id)
            .order_by(contact.c.patient_id)
        )
        return [(PatientId(row["patient_id"]), self.opened(row)) for row in rows.mappings()]

    async def save(self, tx: Tx, patient_id: PatientId, now_us: int, **values: str | None) -> None:
        """Change `reference`, `name` or `phone`; None deletes one. Where the key is missing nothing is added: it may
        come back."""
        known = await self.of(tx, patient_id)
        if known.locked and any(values.values()):
            return
        now = {name: values.get(name, getattr(known, name)) for name in _FIELDS}
        row: dict[str, Any] = {name: self._seal(value) for name, value in now.items()}
        row |= {"key_id": self.key.id if self.key else None, "updated_us": now_us}
        changed = await tx.execute(contact.update().where(contact.c.patient_id == patient_id).values(row))
        if not changed.rowcount:
            await tx.execute(contact.insert().values(patient_id=patient_id, **row))

    async def add(self, tx: Tx, details: Mapping[PatientId, Mapping[str, str]], now_us: int) -> None:
        """What is known of new patients, of whom nothing was."""
        same = {"key_id": self.key.id if self.key else None, "updated_us": now_us}
        rows = [
            {"patient_id": patient_id, **{name: self._seal(values.get(name)) for name in _FIELDS}, **same}
            for patient_id, values in details.items()
            if values
        ]
        if rows:
            await tx.execute(contact.insert(), rows)

    async def unreadable(self, tx: Tx, bot_id: BotId) -> int:
        """How many patients have details that this key does not open."""
        other = contact.c.key_id.is_distinct_from(self.key.id) if self.key else sa.true()
        of_bot = sa.select(patient.c.id).where(patient.c.bot_id == bot_id)
        where = (contact.c.patient_id.in_(of_bot), contact.c.key_id.is_not(None), other)
        return int((await tx.execute(sa.select(sa.func.count()).select_from(contact).where(*where))).scalar_one())

    def _seal(self, value: str | None) -> str | None:
        if not value or self.key is None:
            return value or None
        return self.key.fernet.encrypt(value.encode()).decode()

    def _open(self, value: str | None) -> str | None:
        assert self.key is not None
        return self.key.fernet.decrypt(value.encode()).decode() if value else None
