"""The list of care plans: a page of them, those that wait for staff first, with a button for each patient."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.clock import from_us
from bot.core.care import summary
from bot.core.care.summary import Standing
from bot.core.replies import Html
from bot.model import Button, Buttons, Payload, UserId, in_rows
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.store import care, patient_list
from bot.store.engine import Tx

PAGE = 8
"""Patients in one message."""
IN_A_ROW = 4
ALL = UserId(0)
"""Whose patients: everybody's, in place of a user's id."""


@dataclass(frozen=True)
class PlanList:
    """Draws the list, always as it stands in the database."""

    post: Post

    @property
    def _words(self) -> PlanWords:
        return PlanWords(self.post)

    async def payload(self, tx: Tx, whose: UserId, number: int) -> Payload:
        """A page of plans, counted from 0: those of one podiatrist, or all (`ALL`)."""
        replies, only = self._words.replies, whose if whose != ALL else None
        found = await patient_list.page(tx, self.post.bot_id, only, number * PAGE, PAGE)
        if found.count and not found.rows:  # plans ended meanwhile
            return await self.payload(tx, whose, (found.count - 1) // PAGE)
        if found.count:
            lines = [await self._line(tx, row) for row in found.rows]
            text = self.post.text(
                replies.plans,
                whose=replies.plans_all if only is None else replies.plans_mine,
                count=str(found.count),
                lines=Html("\n".join(lines)),
            )
        else:
            text = self.post.text(replies.no_plans if only is None else replies.no_plans_mine)
        parts = (text.strip(), await self._unfinished(tx))
        return Payload("\n\n".join(filter(None, parts)), self._list_buttons(found, whose, number))

    async def _unfinished(self, tx: Tx) -> str:
        """Who has no plan, since they did not finish joining; empty where there is nobody."""
        found = await patient_list.unfinished(tx, self.post.bot_id, PAGE)
        if not found.count:
            return ""
        codes = ", ".join(row["code"] for row in found.rows) + (" …" if found.count > PAGE else "")
        return self.post.text(self._words.replies.plans_unfinished, codes=codes)

    async def _line(self, tx: Tx, row: sa.RowMapping) -> str:
        words, plan = self._words, self._words.plan(row["plan_id"])
        one = await care.plan(tx, self.post.bot_id, row["id"])
        assert one is not None, row["id"]
        steps = await patient_list.steps_of(tx, self.post.bot_id, row["id"])
        coming = words.replies.plan_next_none
        if steps and summary.standing(one) is Standing.OPEN:
            time = words.time(from_us(steps[0]["due_us"]), one.zone)
            coming = self.post.text(words.replies.plan_next, step=words.step(one.plan_id, steps[0]["part"]), time=time)
        return self.post.text(
            words.replies.plan_line,
            code=one.code,
            area=summary.area_in_words(plan, one),
            day=str(summary.day_of(one, self.post.clock.now())),
            state=words.state(one, row["reason"]),
            pain=summary.pain_line(plan, one),
            next=Html(coming),
        )

    def _list_buttons(self, found: patient_list.Listed, whose: UserId, number: int) -> Buttons:
        replies = self._words.replies
        patients = [Button(row["code"], f"pl:view:{row['id']}") for row in found.rows]
        rows = in_rows(patients, IN_A_ROW)
        turn = []
        if number:
            turn.append(Button(replies.button_previous, f"pl:list:{whose}.{number - 1}"))
        if (number + 1) * PAGE < found.count:
            turn.append(Button(replies.button_next, f"pl:list:{whose}.{number + 1}"))
        choice = (Button(replies.button_mine, "pl:mine:0"), Button(replies.button_all, f"pl:list:{ALL}.0"))
        return tuple(filter(None, (*rows, tuple(turn), choice)))
