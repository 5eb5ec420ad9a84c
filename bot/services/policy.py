"""What the clinic's content says about sending, asked by the outbox at the moment of sending."""

from datetime import datetime
from datetime import time as wall_time
from zoneinfo import ZoneInfo

from bot.core.announcing import may_start
from bot.core.hours import quiet_until
from bot.core.replies import render
from bot.services.library import Library


class ClinicPolicy:
    """Reads the served revision each time, so an edit counts for messages already planned."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def quiet_until(self, at: datetime, zone: str | None) -> datetime | None:
        """The end of the quiet hours that `at` (aware) falls into, in this IANA zone or the clinic's; None outside."""
        clinic = self._library.served.content.clinic
        return quiet_until(clinic, at, _zone(zone, clinic.zone))

    def announced_from(self, at: datetime, any_hour: bool) -> datetime:
        """The first moment from `at` (aware) on at which announcements go out, by the clinic's clock."""
        return may_start(self._library.served.content.clinic, at, any_hour)

    def day_start(self, at: datetime, zone: str | None) -> datetime:
        """Local midnight before `at`, aware."""
        there = _zone(zone, self._library.served.content.clinic.zone)
        return datetime.combine(at.astimezone(there).date(), wall_time(0), there)

    def resent_line(self) -> str:
        """What a repeated message begins with."""
        content = self._library.served.content
        return render(content.replies.resent, content.clinic)


def _zone(name: str | None, default: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(name) if name else default
