"""Many patients and plans at once, as a list of appointments has them: each of these takes a few statements."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.model import BotId, PatientId
from bot.store.chats import CODE_LETTERS
from bot.store.engine import Store, Tx
from bot.store.tables import check_in, enrolment, patient

AT_ONCE = 500
"""Ids in one statement."""
_OF_THEM = sa.bindparam("of_them", type_=sa.BigInteger, expanding=True)
_CODES = sa.select(patient.c.id, patient.c.code).where(patient.c.id.in_(_OF_THEM))
_PLANS = sa.select(enrolment).where(enrolment.c.patient_id.in_(_OF_THEM)).order_by(enrolment.c.id)
_ADD_PLANS = enrolment.insert().returning(enrolment.c.id, enrolment.c.patient_id)
_SET_VISIT = (
    enrolment.update()
    .where(enrolment.c.id == sa.bindparam("of_id"))
    .values(visit_us=sa.bindparam("new_visit_us"), visit_seen_us=sa.bindparam("new_seen_us"))
)


def _some(ids: Collection[int]) -> Iterator[list[int]]:
    """Each once, some at a time."""
    once = sorted(set(ids))
    return (once[start : start + AT_ONCE] for start in range(0, len(once), AT_ONCE))


async def new_patients(store: Store, tx: Tx, bot_id: BotId, count: int, now_us: int) -> list[PatientId]:
    """So many patients with fresh codes, in no chat yet."""
    made: list[PatientId] = []
    while (missing := count - len(made)) > 0:
        codes = {"P-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(4)) for _ in range(missing)}
        rows = [{"bot_id": bot_id, "code": code, "created_us": now_us} for code in codes]
        made += [PatientId(row.id) for row in await store.insert_once(tx, patient, rows, "bot_id", "code")]
    return made


async def codes_of(tx: Tx, patient_ids: Collection[PatientId]) -> dict[PatientId, str]:
    """What staff know these patients by."""
    found: dict[PatientId, str] = {}
    for ids in _some(patient_ids):
        found |= {PatientId(row.id): row.code for row in await tx.execute(_CODES, {"of_them": ids})}
    return found


async def plans_of(tx: Tx, patient_ids: Collection[PatientId]) -> dict[PatientId, list[sa.RowMapping]]:
    """The plans of these patients, ended ones too, oldest first; those without any are left out."""
    found: dict[PatientId, list[sa.RowMapping]] = {}
    for ids in _some(patient_ids):
        for row in (await tx.execute(_PLANS, {"of_them": ids})).mappings():
            found.setdefault(PatientId(row["patient_id"]), []).append(row)
    return found


async def add_plans(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> dict[PatientId, int]:
    """New enrolments of as many patients: the id of each, by patient."""
    if not rows:
        return {}
    made = await tx.execute(_ADD_PLANS, [dict(row) for row in rows])
    return {PatientId(row.patient_id): row.id for row in made}


async def asked_about_visit(
    tx: Tx, ids: Collection[int], step_ids: Sequence[str], now_us: int
) -> list[tuple[int, str, int]]:
    """Of these enrolments those whose patient got one of these check-ins, and whose visit (microseconds) is to come."""
    found: list[tuple[int, str, int]] = []
    for some in _some(ids):
        statement = (
            sa.select(enrolment.c.id, check_in.c.step_id, enrolment.c.visit_us)
            .join(check_in, check_in.c.enrolment_id == enrolment.c.id)
            .where(enrolment.c.id.in_(some), check_in.c.step_id.in_(step_ids), enrolment.c.visit_us > now_us)
            .order_by(enrolment.c.id)
        )
        found += [(row.id, row.step_id, row.visit_us) for row in await tx.execute(statement)]
    return found


async def set_visits(tx: Tx, visits: Mapping[int, int | None], now_us: int) -> None:
    """What the clinic now says of the next visit, by enrolment. Microseconds; None: there is none."""
    rows = [{"of_id": id_, "new_visit_us": visit_us, "new_seen_us": now_us} for id_, visit_us in visits.items()]
    if rows:
        await tx.execute(_SET_VISIT, rows)
