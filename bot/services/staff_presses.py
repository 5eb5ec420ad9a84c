"""The buttons of the clinic's people, by the first word of what they carry."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.model import MessageId, PressIn
from bot.services.alert_view import AlertView
from bot.services.alerts import Alerts
from bot.services.audit_view import AUDIT, AuditView
from bot.services.broadcast_desk import Desk
from bot.services.broadcast_desk_words import DESK
from bot.services.closures import CLOSED, Closures
from bot.services.enrolment import ENROL, WHO, StaffSide
from bot.services.faq_desk import FaqDesk
from bot.services.faq_desk_cards import FAQ
from bot.services.impact_desk import IMPACT, ImpactDesk
from bot.services.on_call import CONFIRM, OnCall
from bot.services.patient_list import PLANS, PatientList
from bot.services.post import Post
from bot.services.review_cards import REVIEW
from bot.services.review_desk import ReviewDesk
from bot.services.status_desk import STATUS, StatusDesk
from bot.services.teach import Teach
from bot.services.teach_cards import TEACH
from bot.services.team import Team
from bot.services.team_cards import TEAM
from bot.services.thread_card import THREADS
from bot.services.thread_desk import ThreadDesk
from bot.store.engine import Tx

ONLY_NUMBERS = frozenset({"take", "done", "false", "card", CONFIRM, WHO})
"""Those that carry nothing but a number; the others read what they carry where it is done."""


@dataclass(frozen=True)
class StaffPresses:
    """Does what staff's buttons say. Those who may are known, and that the button was there."""

    post: Post
    picture: bytes | None = None
    """What a press asked for, drawn before anything was locked."""

    @property
    def by_name(self) -> Mapping[str, Callable[[Tx, PressIn, str], Awaitable[None]]]:
        """What each does, with what stands behind the first word."""
        return {
            AUDIT: AuditView(self.post).press,
            "card": self._card,
            CLOSED: Closures(self.post).press,
            CONFIRM: self._confirm,
            DESK: Desk(self.post).press,
            "done": self._done,
            ENROL: StaffSide(self.post).press,
            FAQ: FaqDesk(self.post).press,
            "false": self._false_alarm,
            IMPACT: ImpactDesk(self.post).press,
            PLANS: self._plans,
            REVIEW: ReviewDesk(self.post).press,
            STATUS: StatusDesk(self.post).press,
            "take": self._take,
            TEACH: Teach(self.post).press,
            TEAM: Team(self.post).press,
            THREADS: ThreadDesk(self.post).press,
            WHO: self._who,
        }

    async def _card(self, tx: Tx, press: PressIn, argument: str) -> None:
        await AlertView(self.post).show_in(tx, int(argument), press.chat_id, f"shown:{argument}:{press.press_id}")

    async def _confirm(self, tx: Tx, press: PressIn, argument: str) -> None:
        await OnCall(self.post).confirm(tx, press.sender.user_id, argument, _seen(press))

    async def _done(self, tx: Tx, press: PressIn, argument: str) -> None:
        await Alerts(self.post).close(tx, press.sender, int(argument), _seen(press), "done")

    async def _false_alarm(self, tx: Tx, press: PressIn, argument: str) -> None:
        await Alerts(self.post).close(tx, press.sender, int(argument), _seen(press), "false_alarm")

    async def _plans(self, tx: Tx, press: PressIn, argument: str) -> None:
        await PatientList(self.post).press(tx, press, self.picture)

    async def _take(self, tx: Tx, press: PressIn, argument: str) -> None:
        await Alerts(self.post).take(tx, press.sender, int(argument), _seen(press))

    async def _who(self, tx: Tx, press: PressIn, argument: str) -> None:
        await StaffSide(self.post).show_who(tx, press, int(argument))


def _seen(press: PressIn) -> MessageId:
    """Our row of the message it was on, which every press has that was checked."""
    assert press.row_id is not None
    return press.row_id
