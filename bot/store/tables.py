"""Every table. Times end in `_us`: UTC microseconds, domain time unless the comment says machine time.

One database may serve several bots (a clinic group), so every row names its bot. Telegram's ids need 64 bits.
Changes here need a migration beside it; a test compares the two.
"""

from enum import Enum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.sql.operators import OperatorType

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for a column it calls INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


class StateName(TypeDecorator[str]):
    """A state, which a query names in its own words: `state = 'pending'`, never `state = $1`.

    A plan that a database makes without the values, to keep it, could use no index over the rows that still matter.
    """

    impl = String(10)
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[str]):  # noqa: N801 - the library's name for it
        """`==` and `!=` with a member of an enum."""

        def operate(self, op: OperatorType, *other: Any, **options: Any) -> ColumnElement[Any]:
            """Compare."""
            words = (literal_column(f"'{one.value}'") if isinstance(one, Enum) else one for one in other)
            return super().operate(op, *words, **options)


OPEN = "state in ('pending', 'sending')"
"""A message that is still owed. A query has to say it in these words for SQLite to use `ix_message_open`."""
LIVE = "level is not null and state in ('open', 'taken')"
"""An alert about a red flag that nobody has closed: the same for `ix_alert_live`."""


def _partial(where: str, name: str, *columns: str) -> Index:
    """An index over the rows that still matter: it stays small however many are finished."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


bot = Table(
    "bot",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("staff_chat_id", BigInteger),  # seeded by STAFF_CHAT_ID; follows the group when it migrates
    Column("staff_chat_seed", BigInteger),  # STAFF_CHAT_ID as last read: only another one is news
    Column("staff_lost", String(80)),  # why the staff group cannot be written to; null: it can
    Column("interval_us", BigInteger, nullable=False),  # machine time between two grants; widened by repeated 429
    Column("tat_us", BigInteger, nullable=False, server_default="0"),  # GCRA: machine time the bucket is full again
    Column("blocked_until_us", BigInteger, nullable=False, server_default="0"),  # machine time, from a 429
    Column("last_wait_us", BigInteger, nullable=False, server_default="0"),  # machine time of the last 429
    Column("paused", String(80)),  # why nothing may be sent at all (token refused, by hand); null: it may
    Column("alive_us", BigInteger, nullable=False, server_default="0"),  # machine time, written every minute
    Column("offset_us", BigInteger, nullable=False, server_default="0"),  # the demo's domain time ahead of the machine
    Column("revision_id", BigInteger),  # the content revision now served
    Column("staff_forum", Boolean),  # the staff group has topics that we may make; null: not looked at yet
    Column("poller", String(40)),  # the worker that fetches updates
    Column("poller_until_us", BigInteger, nullable=False, server_default="0"),  # machine time; then another may
)

chat = Table(
    "chat",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("tat_us", BigInteger, nullable=False, server_default="0"),  # GCRA of what we send there, machine time
    Column("blocked_until_us", BigInteger, nullable=False, server_default="0"),  # machine time, a group's own 429
    Column("flood_tat_us", BigInteger, nullable=False, server_default="0"),  # GCRA of what they send us
    Column("unreachable_us", BigInteger),  # since when it cannot be written to; null: it can
    Column("unreachable_why", String(80)),
    Column("zone", String(60)),  # the patient's IANA zone; null: the clinic's
    Column("first_seen_us", BigInteger, nullable=False),
)

patient = Table(
    "patient",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("code", String(8), nullable=False),  # P-7F3K: what staff see
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("bot_id", "code"),
)

contact = Table(
    "contact",
    metadata,
    # Kept apart from everything else, and encrypted when a key file is set: this is who the person is.
    Column("patient_id", ForeignKey("patient.id"), primary_key=True),
    Column("reference", Text),
    Column("name", Text),
    Column("phone", Text),
    Column("key_id", String(16)),  # which key encrypts the three above; null: none does
    Column("updated_us", BigInteger, nullable=False),
)

patient_chat = Table(
    "patient_chat",
    metadata,
    # A chat may serve a mother and her son; a patient may get a new phone.
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("patient_id", ForeignKey("patient.id"), primary_key=True),
    Column("label", String(40)),  # what the family calls this patient; null while the chat has one
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Index(None, "patient_id"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),  # where its check-ins go; 0: a patient without Telegram
    Column("plan_id", String(40), nullable=False),
    Column("revision_id", BigInteger),
    Column("treated_us", BigInteger, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("area", String(20), nullable=False),
    Column("side", String(10), nullable=False),
    Column("podiatrist_id", BigInteger),
    Column("careful", Boolean, nullable=False),
    Column("facts", JSON, nullable=False),  # baseline pain, what asks for care
    Column("is_child", Boolean, nullable=False, server_default=text("false")),  # a guardian reads and answers
    Column("visit_us", BigInteger),  # the next visit; null: none is booked, as far as we know
    Column("visit_seen_us", BigInteger),  # when the clinic last told us of it
    Column("state", String(10), nullable=False),  # joining, open, paused, ended
    Column("reason", String(80)),  # of the state, where it is paused or ended
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", BigInteger),  # Telegram user; null: the command line
    Column("agreed_us", BigInteger),  # when the patient, or the guardian, agreed; null: not yet
    Column("reminded_us", BigInteger),  # when the one reminder of the plan was due; null: not yet
    Column("silent_us", BigInteger),  # since when nothing is asked any more, as nobody answered
    Column("ended_us", BigInteger),
    Index(None, "bot_id", "chat_id"),
    Index(None, "patient_id"),
    _partial("state != 'ended'", "ix_enrolment_open", "bot_id", "state", "id"),
)

check_in = Table(
    "check_in",
    metadata,
    # One row for each check-in that was sent: what was asked and answered. Those to come are rows of `due`.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("enrolment_id", ForeignKey("enrolment.id"), nullable=False),
    Column("step_id", String(16), nullable=False),
    Column("state", String(10), nullable=False),  # open, closed
    Column("asked", String(16)),  # the question that waits for an answer; empty: the choice of "All fine"; null: none
    Column("ticked", JSON, nullable=False),  # of a question with several answers, so far
    Column("answers", JSON, nullable=False),  # question → answer
    Column("doubted", JSON, nullable=False),  # questions asked once more to be sure
    Column("repeated", Boolean, nullable=False, server_default=text("false")),  # put again after something else
    Column("reason", String(80)),  # of its end
    Column("sent_us", BigInteger, nullable=False),
    Column("answered_us", BigInteger),  # the last answer
    Column(
        "entered_by", BigInteger
    ),  # who of staff noted the answers for the patient; null: they came from the patient
    Column("closed_us", BigInteger),
    UniqueConstraint("enrolment_id", "step_id"),
    _partial("state = 'open'", "ix_check_in_open", "enrolment_id"),
)

staff_note = Table(
    "staff_note",
    metadata,
    # What staff should know of a plan, or do: the digest lists it until somebody marks it done.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("enrolment_id", ForeignKey("enrolment.id")),
    Column("step_id", String(16)),
    Column("kind", String(10), nullable=False),  # note, call, booking, visit, late
    Column("text", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("done_us", BigInteger),
    Column("done_by", BigInteger),
    Column("dedupe_key", String(120), nullable=False),
    UniqueConstraint("bot_id", "dedupe_key"),
    _partial("done_us is null", "ix_staff_note_open", "bot_id", "at_us"),
    Index(None, "enrolment_id"),
)

enrol_code = Table(
    "enrol_code",
    metadata,
    # Four digits on a patient's screen, which staff type: one for each chat at a time.
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("code", String(8), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    UniqueConstraint("bot_id", "code"),
)

enrol_link = Table(
    "enrol_link",
    metadata,
    # A personal link: for a prepared list, or a patient's new phone. Only the hash of its 128 random bits is kept.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("enrolment_id", ForeignKey("enrolment.id")),  # the plan it joins; null: a new phone for the patient
    Column("made_by", BigInteger),
    Column("made_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    Column("used_chat_id", BigInteger),
    UniqueConstraint("bot_id", "token_hash"),
)

agreement = Table(
    "agreement",
    metadata,
    # Who agreed to which version of the first screen, and who did not; never deleted before its record.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("version", String(16), nullable=False),  # hash of the text as it was shown
    Column("text", Text, nullable=False),
    Column("agreed", Boolean, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "patient_id"),
)

erasure = Table(
    "erasure",
    metadata,
    # Somebody asked to be forgotten. Kept without a word of theirs, so that a restored backup forgets them again.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # asked, waiting, done, withdrawn
    Column("asked_us", BigInteger, nullable=False),
    Column("done_us", BigInteger),
    Column("counts", JSON),  # what was erased, by kind
    Index(None, "bot_id", "chat_id"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("version", Integer, nullable=False),  # a decision made on an older one is made again
    Column("state", JSON, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", RowId, primary_key=True),  # order of arrival; Telegram's own ids restart after a quiet week
    Column("bot_id", BigInteger, nullable=False),
    Column("update_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("json", Text),  # null once done: a patient's words are kept in one place only
    Column("state", StateName, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_us", BigInteger, nullable=False, server_default="0"),  # machine time; also the worker's lease
    Column("received_us", BigInteger, nullable=False),
    Column("error", String(80)),  # type and place of the last failure, never its text
    UniqueConstraint("bot_id", "update_id"),
    _partial("state = 'new'", "ix_inbox_new", "bot_id", "id"),
    _partial("state = 'new'", "ix_inbox_chat", "bot_id", "chat_id", "id"),
    Index(None, "bot_id", "received_us"),
)

due = Table(
    "due",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("ref", BigInteger),  # row it is about: enrolment, alert, broadcast…
    Column("part", String(16)),  # which part of it: the step of a plan, a question
    Column("due_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),  # end of its window; null: never too late
    Column("state", StateName, nullable=False),
    Column("reason", String(80)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dedupe_key", String(120), nullable=False),
    UniqueConstraint("bot_id", "dedupe_key"),
    _partial("state = 'waiting'", "ix_due_waiting", "bot_id", "due_us"),
    _partial("state = 'waiting' and part is not null", "ix_due_part", "bot_id", "ref", "kind"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("name", String(120), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("file_id", Text),  # Telegram's id after the first upload
    UniqueConstraint("bot_id", "sha256"),
)

topic = Table(
    "topic",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("name", String(128), nullable=False),
    Column("thread_id", BigInteger),  # Telegram's; null until its create_topic row is sent, and again when deleted
    Column("created_us", BigInteger, nullable=False),
    Index(None, "bot_id", "chat_id"),
)

broadcast = Table(
    "broadcast",
    metadata,
    # One announcement: as it is written, whom it is for, and how far it has got.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("payload", JSON, nullable=False),  # `Announcement`: the text as written, its link buttons
    Column("attachment_id", ForeignKey("attachment.id")),  # its photo
    Column("audience", JSON, nullable=False),
    Column("state", String(12), nullable=False),  # draft, proposed, running, paused, done, cancelled
    Column("reason", String(80)),  # why it is paused or cancelled
    Column("asking", String(10)),  # what the next answer to its draft card means; null: a new text
    Column("any_hour", Boolean, nullable=False, server_default=text("false")),  # not only 09:00 to 18:00
    Column("expanded_through", BigInteger, nullable=False, server_default="0"),  # the last chat that is frozen
    Column("frozen_us", BigInteger),  # when all recipients were; null: not yet
    Column("task", String(10)),  # what is done to copies that were sent: correct, take_back; null: nothing
    Column("task_through", BigInteger, nullable=False, server_default="0"),  # the last of those messages
    Column("round", Integer, nullable=False, server_default="0"),  # how often it was corrected
    Column("judged_sent", Integer, nullable=False, server_default="0"),  # copies that the refusals of a start
    Column("judged_refused", Integer, nullable=False, server_default="0"),  # before the last resume are not counted of
    Column("created_by", BigInteger, nullable=False),
    Column("created_name", String(64)),
    Column("approved_by", BigInteger),
    Column("approved_name", String(64)),
    Column("due_us", BigInteger),  # when to send; null: at once
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("card_id", BigInteger),  # our row of the message that shows how it goes
    Index(None, "bot_id", "state"),
)

recipient = Table(
    "recipient",
    metadata,
    # Who gets an announcement, frozen when it was confirmed: one row a chat, so that no chat gets two copies.
    Column("broadcast_id", ForeignKey("broadcast.id"), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("enrolment_id", ForeignKey("enrolment.id"), nullable=False),  # by which the audience found the patient
    Column("reason", String(20)),  # why it is left out; null: it gets a copy
    Column("message_id", ForeignKey("message.id")),  # the copy; null: not made yet, or left out
    _partial("message_id is null and reason is null", "ix_recipient_waiting", "broadcast_id", "chat_id"),
    Index(None, "patient_id"),
)

message = Table(
    "message",
    metadata,
    Column("id", RowId, primary_key=True),  # also the order within a chat and lane
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("method", String(14), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("attachment_id", ForeignKey("attachment.id")),
    Column("topic_id", ForeignKey("topic.id")),
    Column("target_id", ForeignKey("message.id")),  # the row an edit or a delete means
    Column("reply_to_id", BigInteger),  # Telegram's id in the same chat
    Column("enrolment_id", ForeignKey("enrolment.id")),
    Column("broadcast_id", ForeignKey("broadcast.id")),
    Column("subject_chat_id", BigInteger),  # the patient's chat that a message to staff is about
    Column("question_id", ForeignKey("question.id")),  # what it answers: "why this answer" starts here
    Column("planned_us", BigInteger, nullable=False),  # when it was first meant to go; lateness counts from here
    Column("due_us", BigInteger, nullable=False),  # when it may go now: moved by quiet hours, gaps, back-off
    Column("expires_us", BigInteger),
    Column("state", StateName, nullable=False),
    Column("owner", String(40)),  # the worker that is sending it
    Column("lease_us", BigInteger),  # machine time after which that worker is taken for dead
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("resent", Boolean, nullable=False, server_default=text("false")),
    Column("fallback", Integer, nullable=False, server_default="0"),  # how far a staff message went down the ladder
    Column("sent_us", BigInteger),
    Column("tg_message_id", BigInteger),
    Column("reason", String(120)),
    Column("dedupe_key", String(120), nullable=False),
    UniqueConstraint("bot_id", "dedupe_key"),
    _partial("state = 'pending'", "ix_message_pending", "bot_id", "lane", "due_us", "id"),
    _partial(OPEN, "ix_message_open", "bot_id", "chat_id", "lane", "id"),
    _partial("state = 'sending'", "ix_message_sending", "bot_id", "lease_us"),
    Index("ix_message_chat_sent", "bot_id", "chat_id", "sent_us"),
    _partial("target_id is not null", "ix_message_target", "target_id"),
    Index("ix_message_telegram", "bot_id", "chat_id", "tg_message_id"),
    _partial("subject_chat_id is not null", "ix_message_subject", "bot_id", "subject_chat_id"),
    _partial("broadcast_id is not null", "ix_message_broadcast", "broadcast_id", "state", "target_id"),
    _partial("topic_id is not null", "ix_message_topic", "topic_id", "id"),
    sqlite_autoincrement=True,  # a button carries this id: it must never be given out again
)

thread = Table(
    "thread",
    metadata,
    # One chat's talk with staff, in its own topic of the staff group. It stays when it is over, to be opened again.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),  # the patient's
    Column("topic_id", ForeignKey("topic.id"), nullable=False),
    Column("state", String(10), nullable=False),  # open, done
    Column("batch", Integer),  # the unsure reply whose card opened it: taken back with that; null: it is not unsure
    Column("card_id", ForeignKey("message.id")),  # the newest card with the story so far
    Column("staff_us", BigInteger),  # the last word of staff; null: nobody is talking, the bot answers
    Column("taken_by", BigInteger),  # who said "I take it"…
    Column("taken_name", String(64)),  # …as their colleagues know them
    Column("opened_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("closed_name", String(64)),
    UniqueConstraint("bot_id", "chat_id"),
    Index(None, "topic_id"),
)

mention = Table(
    "mention",
    metadata,
    # Which messages to staff that are not about one patient name which: lists, digests. Found here by who is forgotten.
    Column("bot_id", BigInteger, primary_key=True),
    Column("code", String(8), primary_key=True),
    Column("message_id", ForeignKey("message.id"), primary_key=True),
)

question = Table(
    "question",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),  # Telegram's id of the patient's message
    Column("text", Text, nullable=False),
    Column("decision", String(10), nullable=False),
    Column("entry_id", String(41)),  # entry, red flag or meta id
    Column("level", String(10)),
    Column("why", JSON, nullable=False),  # candidates, words that fired, what was ruled out, repaired text
    Column("revision_id", BigInteger),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "bot_id", "chat_id", "at_us"),
)

said = Table(
    "said",
    metadata,
    # What patients sent that is no question: with those, all that came from them.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),  # Telegram's id of the patient's message; of a press, of ours
    Column("what", String(10), nullable=False),  # text, edit, press, private, or what came without words: photo…
    Column("text", Text, nullable=False),  # the words, or those on the button
    Column("at_us", BigInteger, nullable=False),
    Index(None, "patient_id", "at_us"),
)

feedback = Table(
    "feedback",
    metadata,
    # One row for a question and an entry that answered it, or was offered, once the patient has said something of it.
    Column("question_id", ForeignKey("question.id"), primary_key=True),
    Column("entry_id", String(41), primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("choice", String(10)),  # of an offer: chosen, none (of these)
    Column("verdict", String(10)),  # on an answer: helped, not_asked
    Column("at_us", BigInteger, nullable=False),  # of the last word
    Index(None, "bot_id"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("patient_id", ForeignKey("patient.id"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("question_id", ForeignKey("question.id")),
    Column("message_id", ForeignKey("message.id")),  # the card in the staff group
    Column("level", String(10)),  # null: a hand-over, not a red flag
    Column("flags", JSON),  # ids of its red flags, those found first at the front; null: a hand-over
    Column("state", StateName, nullable=False),  # open, taken, closed, withdrawn
    Column("said_us", BigInteger),  # when the patient wrote it, which may be before the bot read it; null: a hand-over
    Column("repeats", Integer, nullable=False, server_default="0"),  # how often staff were told again
    Column("repeat_us", BigInteger),  # when staff are told again; null: not any more
    Column("taken_by", BigInteger),
    Column("taken_name", String(64)),  # how staff know that person; nobody else's name stands here
    Column("at_us", BigInteger, nullable=False),
    Column("taken_us", BigInteger),
    Column("closed_by", BigInteger),
    Column("closed_name", String(64)),
    Column("closed_us", BigInteger),
    Column("outcome", String(12)),  # done, false_alarm, replaced; null: not closed
    Index(None, "bot_id", "state"),
    Index(None, "bot_id", "at_us"),
    _partial(LIVE, "ix_alert_live", "bot_id", "chat_id"),
)

alert_question = Table(
    "alert_question",
    metadata,
    # What the patient wrote that belongs to one alert: its card shows all of it.
    Column("alert_id", ForeignKey("alert.id"), primary_key=True),
    Column("question_id", ForeignKey("question.id"), primary_key=True),
    Column("note", Text),  # what the patient was asked about it, and the answer
)

alert_card = Table(
    "alert_card",
    metadata,
    # Messages that show one alert, with buttons: the card, repeats, what on-call people and owners got.
    Column("alert_id", ForeignKey("alert.id"), primary_key=True),
    Column("message_id", ForeignKey("message.id"), primary_key=True),
)

on_call = Table(
    "on_call",
    metadata,
    # Whoever is on call counts only once a test message was confirmed.
    Column("bot_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("confirmed_us", BigInteger, nullable=False),
)

triage_review = Table(
    "triage_review",
    metadata,
    # Questions on which triage was wrong, in the eyes of staff; a clinician goes through them.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("question_id", ForeignKey("question.id"), nullable=False),
    Column("verdict", String(12), nullable=False),  # missed, false_alarm
    Column("by_id", BigInteger, nullable=False),  # Telegram user
    Column("at_us", BigInteger, nullable=False),
    UniqueConstraint("question_id", "verdict"),
)

opt_out = Table(
    "opt_out",
    metadata,
    # A dated state, never a deletion: who stopped what, from when to when.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("scope", String(12), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),  # null: in force
    _partial("ended_us is null", "ix_opt_out_in_force", "bot_id", "chat_id"),
)

staff = Table(
    "staff",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("role", String(10), nullable=False),
    Column("name", String(64)),  # as their colleagues know them
    Column("registration", String(40)),  # a clinician's number; null: their signature does not count
    Column("since_us", BigInteger, nullable=False),
    Column("removed_us", BigInteger),
    Column("away_us", BigInteger),  # since when they are away; null: they are there
    Column("away_until_us", BigInteger),  # when they are back; null: when they say so
)
closure = Table(
    "closure",
    metadata,
    # Days on which the clinic is closed, set in the chat; those of clinic.yaml stand there.
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("first_day", String(10), nullable=False),  # of the clinic's calendar, such as 2026-12-24
    Column("last_day", String(10), nullable=False),  # closed on this day, too
    Column("reason", String(80)),
    Column("set_by", BigInteger, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    Column("withdrawn_us", BigInteger),
    Index(None, "bot_id", "last_day"),
)
draft = Table(
    "draft",
    metadata,
    # What one member of staff is about to change in the texts: one at a time.
    Column("bot_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),  # where they write it
    Column("card_id", ForeignKey("message.id")),  # the message that shows it, which their words reply to
    Column("item_id", String(41)),  # the entry; null: a new one
    Column("base_id", BigInteger),  # the revision they saw
    Column("values", JSON, nullable=False),  # what they have typed so far
    Column("asking", String(16)),  # what the next words mean; null: nothing
    Column("lesson_id", BigInteger),  # the question of a patient it comes from
    Column("changed_us", BigInteger, nullable=False),
)
lesson = Table(
    "lesson",
    metadata,
    # A question of a patient that the texts should have answered, or answered otherwise.
    Column("question_id", ForeignKey("question.id"), primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("reason", String(12), nullable=False),  # unanswered, not_asked, wrong
    Column("state", String(10), nullable=False),  # open, taught, ignored
    Column("made_us", BigInteger, nullable=False),
    Column("settled_by", BigInteger),
    Column("settled_us", BigInteger),
    Column("revision_id", BigInteger),  # the texts that have it; null: none
    Index(None, "bot_id", "state", "made_us"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("actor_id", BigInteger),  # Telegram user; null: the bot itself
    Column("action", String(40), nullable=False),
    Column("ref", BigInteger),
    Column("detail", JSON),  # ids and states only
    Column("at_us", BigInteger, nullable=False),
    Index(None, "bot_id", "at_us"),
)

content_revision = Table(
    "content_revision",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("bot_id", BigInteger, nullable=False),
    Column("hash", String(16), nullable=False),
    Column("files", JSON, nullable=False),  # path → text; only what differs from the one before, where whole_id is set
    Column("whole_id", BigInteger),  # the revision that these differences begin with
    Column("author_id", BigInteger),  # null: the folder on disk
    Column("at_us", BigInteger, nullable=False),
    Column("parent_id", BigInteger),  # what was served before; null: nothing was, or it is from before 0009
    Column("note", String(200)),  # what was done, in the author's words
    Column("touched", JSON),  # ids of the entries, red flags and plans that differ from the parent's; null: see there
    Column("undoes_id", BigInteger),  # the revision whose changes this one takes back
    Index(None, "bot_id", "hash"),
)
