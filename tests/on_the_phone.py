"""Staff on the phone with a patient who is not on Telegram."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot.simulator.house import House
from bot.store.tables import alert
from tests.who_joins import rows, staff_type


async def rings(house: House, code: str, *answers: str) -> str:
    """Staff open the plan, and press what they hear. What they see in the end."""
    shown = await staff_type(house, "/patients")
    house.member.presses(code, shown.message_id)
    await house.settle()
    card = house.world.from_bot(house.staff.chat_id)[-1]
    for label in ("Enter answers", *answers):
        house.member.presses(label, card.message_id)
        await house.settle(20)
    return next(one.text for one in house.world.from_bot(house.staff.chat_id) if one.message_id == card.message_id)


async def alerts(house: House) -> Sequence[sa.RowMapping]:
    return await rows(house, alert, alert.c.level.is_not(None))
