"""How the bot speaks for the clinic: its sentences filled in, by its clock, and the cards for its people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.content.schema import Clinic, Replies
from bot.core.hours import next_opening, open_until
from bot.core.outcome import Occasion, TellStaff
from bot.core.replies import local_time, render
from bot.core.treated import said_since_treatment

SHOWN_TO_STAFF = 1500
"""Characters of a patient's text on a card; the whole is in the database."""


@dataclass(frozen=True)
class Voice:
    """The clinic's sentences, ready to send."""

    clinic: Clinic
    replies: Replies

    def say(self, text: str, /, **extra: str) -> str:
        """`text` with its placeholders filled."""
        return render(text, self.clinic, **extra)

    def by_the_clock(self, when_open: str, when_closed: str, now: datetime) -> str:
        """The text for an open or a closed clinic; closed means that nobody is reading now."""
        if (until := open_until(self.clinic, now)) is not None:
            same_day = until.astimezone(self.clinic.zone).date() == now.astimezone(self.clinic.zone).date()
            reads_until = local_time(self.clinic, until, now) + (" today" if same_day else "")
            return self.say(when_open, reads_until=reads_until)
        opening = next_opening(self.clinic, now)
        when = local_time(self.clinic, opening, now) if opening else "further notice"
        return self.say(when_closed, next_opening=when)

    def handed_over(self, now: datetime) -> str:
        """What a patient is told whose message goes to the clinic's people because the bot is not sure."""
        return self.by_the_clock(self.replies.hand_over_open, self.replies.hand_over_closed, now)

    def card(self, text: str, occasion: Occasion, held: bool = False, template: str = "", **extra: str) -> TellStaff:
        """A card for staff with the patient's words, which somebody has to take."""
        shown = self.say(
            template or self.replies.staff_hand_over,
            code=occasion.code,
            text=excerpt(text or "–"),
            since=since_in_words(occasion),
            **extra,
        )
        return TellStaff(shown, held=held, opens_alert=True)


def since_treatment(occasion: Occasion) -> timedelta | None:
    """Time since treatment when the message was written, not when it was read."""
    return occasion.sent_at - occasion.treated_at if occasion.treated_at else None


def since_told(occasion: Occasion, said: str, zone: ZoneInfo) -> timedelta | None:
    """The same for an answer to `said`: where no treatment is on file, by the patient's own words."""
    on_file = since_treatment(occasion)
    return said_since_treatment(said, occasion.sent_at, zone) if on_file is None else on_file


def since_in_words(occasion: Occasion) -> str:
    """The same for a card."""
    since = since_treatment(occasion)
    if since is None:
        return "no treatment on file"
    hours = int(since.total_seconds() // 3600)
    return f"{hours} h after treatment" if hours < 48 else f"{hours // 24} days after treatment"


def excerpt(text: str) -> str:
    """What fits on a card: the beginning, and the end, where the newest words are."""
    if len(text) <= SHOWN_TO_STAFF:
        return text
    half = SHOWN_TO_STAFF // 2
    return f"{text[:half]} […] {text[-half:]}"
