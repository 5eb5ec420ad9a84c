"""The questions asked ten times a second must not read what is long finished, nor what is far in the future.

Checked by SQLite's own plan with 20,000 rows in place, not by the clock on the wall.
"""

import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.model import BotId, ChatId, Kind, Lane, MessageId, Method, Outgoing, Payload, TelegramMessageId
from bot.store import alerts, broadcasts, chats, claiming, dues, inbox, messages, planned, recipients
from bot.store.engine import Store, Tx, open_store
from bot.store.recipients import Meant

BOT, ANNA = BotId(1), ChatId(11)
COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
FUTURE = {
    "chat": "INSERT INTO chat (bot_id, chat_id, kind, first_seen_us) SELECT 1, i, 'private', 0 FROM n WHERE i <= 200",
    "message": """INSERT INTO message
        (bot_id, chat_id, lane, kind, method, payload, planned_us, due_us, state, dedupe_key)
        SELECT 1, i % 200 + 1, 2, 'check_in', 'send_text', '{"v": 1, "text": ""}', 0, 9000000000000000 + i,
        iif(i % 2, 'pending', 'sent'), i FROM n""",
    "inbox": """INSERT INTO inbox (bot_id, update_id, chat_id, json, state, next_try_us, received_us)
        SELECT 1, i, i % 200 + 1, '{}', iif(i % 2, 'new', 'done'), 9000000000000000, i FROM n""",
    "due": """INSERT INTO due (bot_id, kind, due_us, state, dedupe_key)
        SELECT 1, 'digest', 9000000000000000 + i, iif(i % 2, 'waiting', 'done'), i FROM n""",
    "enrolment": """INSERT INTO enrolment
        (bot_id, patient_id, chat_id, plan_id, treated_us, zone, area, side, careful, facts, state, agreed_us,
        created_us) SELECT 1, i, i, 'main', i, 'UTC', '', '', 0, '{}', 'open', i, i FROM n""",
    "recipient": """INSERT INTO recipient (broadcast_id, chat_id, patient_id, enrolment_id, reason)
        SELECT i % 4, i, i, i, iif(i % 3, null, 'opted_out') FROM n""",
    "copies": """INSERT INTO message
        (bot_id, chat_id, lane, kind, method, payload, planned_us, due_us, state, dedupe_key, broadcast_id)
        SELECT 1, i, 3, 'broadcast', 'send_text', '{"v": 1, "text": ""}', 0, 9000000000000000 + i,
        iif(i % 2, 'pending', 'sent'), 'b:' || (i % 4) || ':' || i, i % 4 FROM n""",
}

Question = Callable[[Store, Tx, int], Awaitable[Any]]

EDIT = Outgoing(ANNA, Kind.CARD, Payload(""), "e", Method.EDIT_TEXT, target_id=MessageId(1))

QUESTIONS: dict[str, tuple[Question, set[str]]] = {
    "what may go now": (
        lambda _, tx, now_us: claiming.claimable(tx, BOT, Lane.SCHEDULED, now_us, 10),
        {"message ix_message_pending", "earlier ix_message_open", "creator ix_message_open"},
    ),
    "when is something due": (
        lambda _, tx, now_us: messages.next_due_us(tx, BOT),
        {"message ix_message_pending"},
    ),
    "does an alert wait for long": (
        lambda _, tx, now_us: messages.has_late_alert(tx, BOT, now_us),
        {"message ix_message_pending"},
    ),
    "which alerts wait in a chat": (
        lambda _, tx, now_us: messages.waiting_alerts(tx, BOT, ANNA),
        {"message ix_message_open"},
    ),
    "what did a dead worker leave": (
        lambda _, tx, now_us: claiming.orphans(tx, BOT, now_us),
        {"message ix_message_sending"},
    ),
    "what may they still get today": (
        lambda _, tx, now_us: messages.capped_today(tx, BOT, {ANNA: now_us}),
        set(),  # any index on the chat will do: it is one patient's messages
    ),
    "which check-ins are to come": (
        lambda _, tx, now_us: planned.waiting_steps(tx, BOT, [1, 2]),
        {"due ix_due_part"},
    ),
    "which message was pressed": (
        lambda _, tx, now_us: messages.by_telegram_id(tx, BOT, ANNA, TelegramMessageId(5)),
        {"message ix_message_telegram"},
    ),
    "edit a card": (
        lambda store, tx, now_us: messages.enqueue(store, tx, BOT, EDIT, now_us),
        {"message ix_message_target"},
    ),
    "take an update": (
        lambda _, tx, now_us: inbox.take(tx, BOT, now_us, now_us),
        {"inbox ix_inbox_new", "earlier ix_inbox_chat"},
    ),
    "when to try an update": (
        lambda _, tx, now_us: inbox.next_try_us(tx, BOT),
        {"inbox ix_inbox_new", "earlier ix_inbox_chat"},
    ),
    "forget old updates": (
        lambda _, tx, now_us: inbox.prune(tx, BOT, 0),
        {"inbox ix_inbox_bot_id_received_us"},
    ),
    "take a timer": (lambda _, tx, now_us: dues.take(tx, BOT, now_us), {"due ix_due_waiting"}),
    "when is a timer due": (lambda _, tx, now_us: dues.next_due_us(tx, BOT), {"due ix_due_waiting"}),
    "which timer is due first": (lambda _, tx, now_us: dues.first_waiting(tx, BOT), {"due ix_due_waiting"}),
    "is there an alert about them": (lambda _, tx, now_us: alerts.live(tx, BOT, ANNA), {"alert ix_alert_live"}),
    "do they wait for it": (lambda _, tx, now_us: alerts.is_paused(tx, BOT, ANNA), {"alert ix_alert_live"}),
    "whom does an announcement mean": (
        lambda _, tx, now_us: recipients.count(tx, BOT, Meant(now_us, today_us=now_us)),
        {"enrolment ix_enrolment_bot_id_chat_id", "other ix_enrolment_bot_id_chat_id", "alert ix_alert_live"},
    ),
    "write down who gets it": (
        lambda store, tx, now_us: recipients.freeze(store, tx, BOT, 1, Meant(now_us, no_visit=True), ANNA, 100),
        {"enrolment ix_enrolment_bot_id_chat_id", "booked ix_enrolment_patient_id"},
    ),
    "who waits for a copy": (
        lambda _, tx, now_us: recipients.waiting(tx, BOT, 1, 100, now_us),
        {"recipient ix_recipient_waiting"},
    ),
    "which copy is whose": (
        lambda _, tx, now_us: recipients.set_copies(tx, 1, ANNA),
        {"recipient ix_recipient_waiting", "message sqlite_autoindex_message_1"},
    ),
    "what became of the copies": (
        lambda _, tx, now_us: broadcasts.counts(tx, 1),
        {"message ix_message_broadcast", "recipient ix_recipient_waiting"},
    ),
    "how many copies arrived": (
        lambda _, tx, now_us: broadcasts.came_of(tx, 1),
        {"message ix_message_broadcast"},
    ),
    "what is in the report": (
        lambda _, tx, now_us: recipients.report(tx, 1, ANNA, 100),
        {"deletion ix_message_broadcast"},
    ),
    "which copies may go": (
        lambda _, tx, now_us: broadcasts.ready(tx, 1, now_us),
        {"message ix_message_broadcast"},
    ),
    "did they opt out": (lambda _, tx, now_us: chats.opted_out(tx, BOT, ANNA), {"opt_out ix_opt_out_in_force"}),
}

MAY_SORT = {
    "what did a dead worker leave",
    "whom does an announcement mean",
    "write down who gets it",
    "what became of the copies",
}
"""Questions that sort a handful of rows, which no index has in order: answers, the plans of one chat."""
SCANNED = re.compile(r"SCAN (message|inbox|due|earlier|creator|enrolment|other|booked)\b")
INDEX_USED = re.compile(r"SEARCH (\w+) USING.* INDEX (\w+)")


@pytest.fixture(scope="module")
def busy_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database after a long day, with a long one ahead."""
    path = tmp_path_factory.mktemp("busy") / "busy.db"
    shutil.copy(migrated_file, path)
    with closing(sqlite3.connect(path)) as connection:
        for statement in FUTURE.values():
            connection.execute(f"{COUNT} {statement}")
        connection.commit()
    return path


@pytest.fixture
async def busy_store(busy_file: Path, clock: ManualClock) -> AsyncIterator[Store]:
    async with open_store(f"sqlite+aiosqlite:///{busy_file}", clock) as opened:
        yield opened


async def plans(store: Store, question: Question, now_us: int) -> list[str]:
    """The lines of SQLite's plans for everything that `question` asks."""
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, ___: object, ____: object) -> None:
        asked.append((statement, parameters))

    async with store.write() as tx:
        connection = tx.sync_connection
        assert connection is not None
        sa.event.listen(connection, "before_cursor_execute", note)
        await question(store, tx, now_us)
        sa.event.remove(connection, "before_cursor_execute", note)
        lines: list[str] = []
        for statement, parameters in asked:
            explained = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [row["detail"] for row in explained.mappings()]
    return lines


@pytest.mark.parametrize("asked", QUESTIONS)
async def test_only_what_still_matters_is_read(busy_store: Store, clock: ManualClock, asked: str) -> None:
    question, indexes = QUESTIONS[asked]
    lines = await plans(busy_store, question, clock.now_us())
    used = {f"{found[1]} {found[2]}" for line in lines if (found := INDEX_USED.match(line))}
    assert used >= indexes, lines
    assert [line for line in lines if SCANNED.match(line)] == []
    if asked not in MAY_SORT:
        assert [line for line in lines if "TEMP B-TREE" in line] == []
