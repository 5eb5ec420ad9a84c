"""What became of a trial: counts, and a line for each promise that was not kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa

from bot.core.settling import NEW_MESSAGES
from bot.model import MessageState, SendWhy
from bot.simulator import promises
from bot.simulator.promises import Broken, Evidence
from bot.store.engine import Store
from bot.store.tables import message


@dataclass(frozen=True)
class Verdict:
    """Counts of one trial, and `problems`: what must not be, with ids only."""

    kills: int
    updates: int
    messages: int
    """Rows that were to become new messages."""
    arrived: int
    """Messages in chats, copies included."""
    skipped: int
    opted_out: int
    """Of those skipped, the ones that somebody's stop was about."""
    effects_missing: int
    effects_doubled: int
    lost: int
    doubled: int
    unknown_flagged: int
    resent: int
    in_doubt_max_per_kill: int
    order_broken: int
    opt_out_crossed: int
    max_in_any_second: int
    """Grants of all workers together."""
    problems: tuple[str, ...]


async def judge(store: Store, seen: Evidence, troubles: Sequence[str] = ()) -> Verdict:
    """Compare both sides, once nothing is owed any more. `troubles`: problems of the processes themselves."""
    async with store.read() as tx:
        rows = (await tx.execute(sa.select(message).order_by(message.c.id))).mappings().all()
        findings = [
            *chain(
                await promises.updates(tx, seen),
                promises.replies(rows, seen),
                promises.arrivals(rows, seen),
                promises.order(rows, seen),
                await promises.opt_outs(tx, rows, seen),
                promises.limits(rows, seen),
            )
        ]
    broken = Counter(finding.broken for finding in findings)
    states = Counter(row["state"] for row in rows)
    return Verdict(
        kills=seen.kills,
        updates=len(seen.update_ids),
        messages=sum(row["method"] in NEW_MESSAGES for row in rows),
        arrived=len(seen.ledger.deliveries),
        skipped=states[MessageState.SKIPPED],
        opted_out=sum(row["reason"] == SendWhy.OPTED_OUT.value for row in rows),
        effects_missing=broken[Broken.EFFECT_MISSING],
        effects_doubled=broken[Broken.EFFECT_DOUBLED],
        lost=broken[Broken.LOST],
        doubled=broken[Broken.DOUBLED],
        unknown_flagged=states[MessageState.UNKNOWN],
        resent=sum(row["resent"] for row in rows),
        in_doubt_max_per_kill=max(seen.in_doubt, default=0),
        order_broken=broken[Broken.ORDER],
        opt_out_crossed=broken[Broken.OPT_OUT],
        max_in_any_second=seen.max_in_any_second,
        problems=(*troubles, *(f"{finding.broken}: {finding.line}" for finding in findings)),
    )
