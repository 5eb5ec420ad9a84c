"""What became of each copy of an announcement, as a file that spreadsheets read: codes, words and times, no names."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.announcement import LeftOut, State
from bot.clock import SECOND_US, from_us
from bot.content.schema import Content
from bot.content.sentences import BroadcastReplies
from bot.model import ChatId, MessageState, SendWhy
from bot.store import recipients
from bot.store.engine import Tx

CHUNK = 2_000
"""Lines read at a time."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

Line: TypeAlias = sa.RowMapping | Mapping[str, Any]
"""As `recipients.report` gives it."""


@dataclass(frozen=True, slots=True)
class Made:
    """The file; how many lines it has, and how many of those got the announcement."""

    content: bytes
    lines: int
    sent: int


async def draw(tx: Tx, row: sa.RowMapping, content: Content) -> Made:
    """CSV in UTF-8 with a mark at its beginning, by which Excel knows it. `row`: the announcement."""
    file, lines, sent = io.BytesIO(), 0, 0
    writer = csv.writer(io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True))
    words = Words(content.broadcasts, content.clinic.zone, is_over=row["state"] == State.CANCELLED)
    writer.writerow(words.titles(content.clinic.time_zone))
    after: ChatId | None = None
    while found := await recipients.report(tx, row["id"], after, CHUNK):
        writer.writerows(words.cells(one) for one in found)
        after = ChatId(found[-1]["chat_id"])
        lines += len(found)
        sent += sum(one["state"] == MessageState.SENT for one in found)
    return Made(file.getvalue(), lines, sent)


class Words:
    """Lines of the file. `is_over`: whoever has no copy yet gets none."""

    def __init__(self, texts: BroadcastReplies, zone: ZoneInfo, *, is_over: bool) -> None:
        self._texts, self._zone = texts, zone
        self._why = reasons(texts)
        self._results = {
            MessageState.SENT: texts.report_result_sent,
            MessageState.UNKNOWN: texts.report_result_unknown,
            MessageState.REFUSED: texts.report_result_refused,
            MessageState.SKIPPED: texts.report_result_left_out,
            MessageState.CANCELLED: texts.report_result_cancelled,
        }
        self._second, self._shown = -1, ""
        self._without = texts.report_result_cancelled if is_over else texts.report_result_waiting

    def titles(self, zone_name: str) -> tuple[str, ...]:
        """What stands above the columns."""
        texts = self._texts
        time = texts.report_column_time.replace("{zone}", zone_name)
        return texts.report_column_code, texts.report_column_result, texts.report_column_why, time

    def cells(self, line: Line) -> tuple[str, ...]:
        """Code, what happened, why, and when on the clinic's clock."""
        state, left_out = line["state"], line["left_out"]
        result = self._results.get(state, self._without) if left_out is None else self._texts.report_result_left_out
        if state == MessageState.SENT and line["resent"]:
            result = self._texts.report_result_again
        if line["is_taken_back"]:
            result = self._texts.report_result_taken_back
        at = "" if line["sent_us"] is None else self._time(line["sent_us"] // SECOND_US)
        return line["code"], result, safe(self._reason(line)), at

    def _time(self, second: int) -> str:
        """Kept for the lines that follow: some thirty go out in one second."""
        if second != self._second:
            self._second = second
            self._shown = f"{from_us(second * SECOND_US).astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
        return self._shown

    def _reason(self, line: Line) -> str:
        if line["state"] == MessageState.REFUSED:
            return (line["reason"] or "").replace("_", " ")  # in Telegram's own words
        reason = line["left_out"] or (line["reason"] if line["state"] == MessageState.SKIPPED else None)
        return self._why.get(reason, self._texts.report_why_other) if reason else ""


def reasons(texts: BroadcastReplies) -> Mapping[str, str]:
    """Why somebody gets none, by what is stored, said so that it fits one patient and many."""
    return {
        LeftOut.OPTED_OUT.value: texts.report_why_opted_out,
        LeftOut.OPEN_ALERT.value: texts.report_why_open_alert,
        LeftOut.SELF_HARM.value: texts.report_why_spared,
        LeftOut.PLAN_PAUSED.value: texts.report_why_plan_paused,
        LeftOut.UNREACHABLE.value: texts.report_why_unreachable,
        LeftOut.TWICE_TODAY.value: texts.report_why_twice_today,
        LeftOut.NO_VISIT.value: texts.report_why_no_visit,
        # What the outbox finds in the last moment; its other words for these are the same.
        SendWhy.PAUSED.value: texts.report_why_open_alert,
        SendWhy.DAILY_CAP.value: texts.report_why_twice_today,
        SendWhy.EXPIRED.value: texts.report_why_expired,
    }


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
