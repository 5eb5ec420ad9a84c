"""A storm: hundreds of messages of all kinds through every fault at once, until it is over and everything is drained.

The witness below the client writes down what each attempt met. From that, and from the table of the design alone, it
follows where each row has to end; and the simulator knows what people really have on their screens.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.model import (
    KINDS,
    ChatId,
    InDoubt,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    Payload,
    TelegramMessageId,
)
from bot.simulator.events import Event, EventKind
from bot.simulator.groups import Member
from bot.simulator.house import House
from bot.simulator.people import Person
from bot.simulator.state import Words
from bot.simulator.storm import Answer
from bot.simulator.ward import Sender, Ward
from bot.store import tables
from bot.store.tables import chat, message

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize(
        ("database", "storm"),
        [
            pytest.param("sqlite", (200, 60), id="sqlite"),
            pytest.param("postgres", (50, 20), id="postgres", marks=pytest.mark.postgres),
            pytest.param("sqlite long", (0, 10_000), id="sqlite-long", marks=pytest.mark.slow),
            pytest.param(
                "postgres long", (0, 1_500), id="postgres-long", marks=[pytest.mark.postgres, pytest.mark.slow]
            ),
        ],
        indirect=True,
        scope="module",
    ),
]

RESENT = "Sending this again in case it did not arrive."
PEOPLE = 60
BACKLOG = 70
TO_PATIENTS = [Kind.EMERGENCY, Kind.REPLY, Kind.REPLY, Kind.RELAY, Kind.CHECK_IN, Kind.REMINDER, Kind.BROADCAST]
TO_STAFF = [Kind.ALERT, Kind.ALERT, Kind.RELAY, Kind.CARD, Kind.DIGEST]
NEW = {Method.SEND_TEXT, Method.SEND_PHOTO, Method.COPY}
OPEN = {MessageState.PENDING, MessageState.SENDING}
SKIPS = {"unreachable", "daily_cap", "expired", "target_lost", "opted_out"}
"""Our own rules, which may keep a message back at any time."""


class Watched(Sender):
    """A house whose every step that does anything is looked at, and where updates are handled as they come."""

    look: Callable[[], Awaitable[None]]

    async def _step(self) -> bool:
        has_work = self._sees_message
        moved = await House._step(self) if self.world.updates.pending else await super()._step()
        if moved or has_work:
            await self.look()
        return moved


@dataclass
class Storm:
    """What happens, drawn from a seed, and the books about it."""

    ward: Ward
    draw: random.Random
    patients: list[Person]
    member: Member
    picture: int
    """An attachment."""
    house: Watched = field(init=False)
    texts: dict[ChatId, list[MessageId]] = field(default_factory=lambda: defaultdict(list))
    """Rows that can be edited, by chat."""
    topics: list[int] = field(default_factory=list)
    owed: dict[MessageId, int | None] = field(default_factory=dict)
    """Every row, with its topic."""
    alerts: dict[str, MessageId] = field(default_factory=dict)
    """Those nobody has heard of yet, by what they say."""
    posted: dict[tuple[int, str], list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """Id and text of each message the bot ever put on a screen, before any edit; by chat and word."""
    unheard: dict[str, bool] = field(default_factory=dict)
    """Alerts that are over and reached nobody, by key: whether `/readyz` was red just then."""

    def __post_init__(self) -> None:
        house = self.ward.house
        self.house = Watched(house.cast, house.clock, house.app, lookout=house.lookout)
        self.house.look = self._look
        self.house.world.subscribe(self._hear)

    @property
    def group_id(self) -> ChatId:
        return ChatId(self.ward.house.staff.chat_id)

    async def rage(self, rows: int, faults: int) -> None:
        """Until so many messages were owed and so many calls met a fault; then it is over, and all is drained."""
        weights: dict[Callable[[], Awaitable[None]], int] = {
            self.patients_are_written_to: 14,
            self.staff_are_told: 4,
            self.a_message_is_edited: 3,
            self.a_topic_is_made: 1,
            self.a_topic_is_deleted: 1,
            self.the_weather_changes: 4,
            self.somebody_leaves: 1,
            self.somebody_comes_back: 4,
            self.the_group_throws_the_bot_out_or_lets_it_in: 1,
            self.time_passes: 5,
        }
        while len(self.owed) < rows or self.ward.weather.struck.total() < faults:
            (happening,) = self.draw.choices(list(weights), list(weights.values()))
            await happening()
            await self.a_group_takes_fifteen_a_minute()
        await self.it_is_over()

    # --- who has heard of which alert -------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        """Note what the bot says; of an alert is known when the right people have its words, or a notice about it."""
        said = event.message
        if event.kind is not EventKind.MESSAGE or said is None or said.sender is not self.house.world.bot_user:
            return
        words = set(said.text.split())
        for word in words:
            self.posted[event.chat_id, word].append((said.message_id, said.text))
        if event.chat_id not in {self.group_id, self.house.owner.chat_id, self.ward.nurse.chat_id}:
            return
        for says, row in list(self.alerts.items()):
            if says in words or str(row) in words:
                del self.alerts[says]

    async def _look(self) -> None:
        """An alert that is over, and of which nobody has heard, has to be red at this very moment."""
        if not self.alerts:
            return
        async with self.ward.store.read() as tx:
            keys = set(await tx.scalars(sa.select(message.c.dedupe_key).where(sa.text(tables.OPEN))))
        on_the_way = {key.partition("|")[0] for key in keys}
        for says, row in list(self.alerts.items()):
            if not on_the_way & {says, f"in_doubt:{row}", f"refused:{row}"}:
                del self.alerts[says]
                self.unheard[says] = bool(await self.ward.red())

    # --- what can happen --------------------------------------------------------------------------------------------

    async def patients_are_written_to(self) -> None:
        person = self.draw.choice(self.patients)
        for _ in range(self.draw.randint(1, 3)):
            method = self.draw.choice([Method.SEND_TEXT, Method.SEND_TEXT, Method.SEND_TEXT, *NEW])
            await self._owe(ChatId(person.chat_id), self.draw.choice(TO_PATIENTS), method)

    async def staff_are_told(self) -> None:
        topic_id = self.draw.choice([None, *self.topics])
        for _ in range(self.draw.randint(1, 2)):
            await self._owe(self.group_id, self.draw.choice(TO_STAFF), Method.SEND_TEXT, topic_id=topic_id)

    async def a_message_is_edited(self) -> None:
        chat_id = self.draw.choice(list(self.texts) or [self.group_id])
        if not self.texts[chat_id]:
            return
        target = self.draw.choice(self.texts[chat_id])
        kind = Kind.CARD if chat_id == self.group_id else Kind.REPLY
        for _ in range(self.draw.choice([1, 1, 2])):
            self.owed[await self.ward.owe(chat_id, kind, method=Method.EDIT_TEXT, target_id=target)] = None

    async def a_topic_is_made(self) -> None:
        if len(self.topics) < 4:
            topic_id = await self.ward.new_topic(self.ward.house.staff)
            made = await self.ward.owe(self.group_id, Kind.RELAY, method=Method.CREATE_TOPIC, topic_id=topic_id)
            self.owed[made] = topic_id
            self.topics.append(topic_id)

    async def a_topic_is_deleted(self) -> None:
        topics = self.ward.house.staff.chat.topics.values()
        living = [topic.thread_id for topic in topics if not topic.deleted]
        if living:
            self.ward.house.staff.delete_topic(self.draw.choice(living))

    async def the_weather_changes(self) -> None:
        self.ward.weather.share = self.draw.choice([0.2, 0.6, 0.8, 0.9])

    async def somebody_leaves(self) -> None:
        who = self.draw.choice([*self.patients, self.ward.house.owner, self.ward.nurse])
        if not who.chat.blocked:
            who.blocks()

    async def somebody_comes_back(self) -> None:
        """One of those whom the bot takes for out of reach: they unblock it, or write."""
        async with self.ward.store.read() as tx:
            lost = set(await tx.scalars(sa.select(chat.c.chat_id).where(chat.c.unreachable_us.is_not(None))))
        for who in (*self.patients, self.ward.house.owner, self.ward.nurse):
            if who.chat_id in lost:
                who.starts()
                return

    async def the_group_throws_the_bot_out_or_lets_it_in(self) -> None:
        staff = self.ward.house.staff
        if staff.chat.members[self.ward.house.world.bot_user.user_id].present:
            staff.kick_bot(self.member)
        else:
            staff.add_bot(self.member)

    async def time_passes(self) -> None:
        await self.house.pass_time(seconds=self.draw.choice([0.2, 1, 1, 5, 20]))
        if (await self.ward.account())["paused"]:
            await self.ward.operator_mends()

    async def a_group_takes_fifteen_a_minute(self) -> None:
        """Whatever else happens has to wait for that, or ever more would be waiting."""
        while await self._waiting() > BACKLOG:
            await self.house.pass_time(seconds=20)
            await self.ward.operator_mends()

    async def it_is_over(self) -> None:
        """Everybody is back, Telegram is well, and there is time for everything."""
        self.ward.weather.share = 0
        for who in (*self.patients, self.ward.house.owner, self.ward.nurse):
            if who.chat.blocked:
                who.unblocks()
        if not self.ward.house.staff.chat.members[self.ward.house.world.bot_user.user_id].present:
            self.ward.house.staff.add_bot(self.member)
        for _ in range(200):
            await self.ward.operator_mends()
            await self.house.pass_time(minutes=10)
            if not await self._waiting():
                return

    async def _waiting(self) -> int:
        async with self.ward.store.read() as tx:
            found = await tx.scalar(sa.select(sa.func.count()).select_from(message).where(sa.text(tables.OPEN)))
        return found or 0

    async def _owe(self, chat_id: ChatId, kind: Kind, method: Method, topic_id: int | None = None) -> None:
        more: dict[str, Any] = {"method": method, "topic_id": topic_id}
        if method is Method.SEND_PHOTO:
            more["attachment_id"] = self.picture
        if method is Method.COPY:
            more["payload"] = self._something_to_copy()
        says = self.ward.next_key
        row = await self.ward.owe(chat_id, kind, **more)
        self.owed[row] = topic_id
        if kind is Kind.ALERT:
            self.alerts[says] = row
        if method is Method.SEND_TEXT:
            self.texts[chat_id].append(row)

    def _something_to_copy(self) -> Payload:
        """A message in the group that says the key of the row to come."""
        world, group = self.ward.house.world, self.ward.house.staff.chat
        original = world.post(group, world.bot_user, words=Words(self.ward.next_key))
        return Payload(copy_chat_id=self.group_id, copy_message_id=TelegramMessageId(original.message_id))


# --- what must be true ----------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def storm(ward: Ward, request: pytest.FixtureRequest) -> Storm:
    """One that is over."""
    rows, faults = request.param
    house = ward.house
    house.owner.starts()
    storm = Storm(
        ward,
        random.Random(20261123),
        [await ward.new_patient() for _ in range(PEOPLE)],
        house.member,
        await ward.new_picture(),
    )
    await storm.rage(rows, faults)
    return storm


def already_plain(storm: Storm, rows: Sequence[sa.RowMapping]) -> set[MessageId]:
    """Copies down the ladder of what had lost its markup before: they begin as plain words."""
    refused: dict[str, int] = {}
    for row in rows:
        if Answer.BAD_HTML in storm.ward.witness.answers[row["id"]]:
            stem = row["dedupe_key"].partition("|")[0]
            refused[stem] = min(row["fallback"], refused.get(stem, row["fallback"]))
    return {row["id"] for row in rows if refused.get(row["dedupe_key"].partition("|")[0], 99) < row["fallback"]}


def where_the_table_leads(
    row: sa.RowMapping, topic_id: int | None, answers: Sequence[Answer], *, plain: bool
) -> tuple[str, bool]:
    """State (empty: no answer ended it) and `resent` after these answers. Raises when one came after the end."""
    kind, method, is_group = Kind(row["kind"]), Method(row["method"]), row["chat_id"] < 0
    resent = general = False
    lane = KINDS[kind].lane
    for number, answer in enumerate(answers, start=1):
        end = ""
        match answer:
            case Answer.OK:
                end = MessageState.SENT
            case Answer.DOUBT if method.repeatable:
                pass
            case Answer.DOUBT if KINDS[kind].in_doubt is InDoubt.RESEND and not resent:
                resent = True
            case Answer.DOUBT:
                end = MessageState.UNKNOWN
            case Answer.UNREACHABLE if is_group and method in NEW and lane not in {Lane.EMERGENCY, Lane.REPLY}:
                pass  # waits until the group is back
            case Answer.BAD_HTML if lane in {Lane.EMERGENCY, Lane.REPLY} and not plain:
                plain = True
            case Answer.TOPIC_GONE if topic_id is not None and method in NEW and not general:
                general, lane = True, Lane.EMERGENCY
            case Answer.UNREACHABLE | Answer.BAD_HTML | Answer.TOPIC_GONE | Answer.REFUSED:
                end = MessageState.REFUSED
        if end:
            assert number == len(answers), f"row {row['id']} was sent once more after its end: {answers}"
            return end, resent
    return "", resent


def copies(storm: Storm, row: sa.RowMapping) -> list[tuple[int, str]]:
    """The messages that this row became in its chat: id and text."""
    return storm.posted.get((row["chat_id"], row["dedupe_key"].partition("|")[0]), [])


async def test_nothing_is_left_over(storm: Storm) -> None:
    assert [dict(row) for row in await storm.ward.rows(message.c.state.in_(OPEN))] == []
    assert {row["id"] for row in await storm.ward.rows()} >= set(storm.owed)


def our_own_rule(row: sa.RowMapping, resent: bool) -> MessageState:
    """Where a row ends that no answer ended, because of what its reason says."""
    if row["method"] == Method.EDIT_TEXT and row["reason"] == "replaced":
        return MessageState.CANCELLED
    assert row["reason"] in SKIPS, dict(row)
    if row["fallback"] and row["reason"] == "unreachable":
        return MessageState.REFUSED  # an owner known to be out of reach: the next rung is told instead
    # What was held back before it was repeated may have arrived the first time.
    return MessageState.UNKNOWN if resent else MessageState.SKIPPED


async def test_every_row_ends_where_the_table_says(storm: Storm) -> None:
    rows = await storm.ward.rows()
    plain = already_plain(storm, rows)
    for row in rows:
        answers = storm.ward.witness.answers[row["id"]]
        end, resent = where_the_table_leads(row, storm.owed.get(row["id"]), answers, plain=row["id"] in plain)
        end = end or our_own_rule(row, resent)
        assert (row["state"], row["resent"]) == (end, resent), (dict(row), answers)


async def test_nothing_is_doubled_unless_it_says_so(storm: Storm) -> None:
    for row in await storm.ward.rows(message.c.method.in_(NEW), message.c.dedupe_key.startswith("w")):
        found = copies(storm, row)
        again = [text for _, text in found if text.startswith(RESENT)]
        answers = Counter(storm.ward.witness.answers[row["id"]])
        assert answers[Answer.OK] <= len(found) <= answers[Answer.OK] + answers[Answer.DOUBT], (dict(row), answers)
        if row["method"] != Method.COPY:
            assert len(found) - len(again) <= 1, dict(row)
        assert len(found) <= (2 if row["resent"] else 1), dict(row)
        if row["state"] == MessageState.SENT:
            assert found, dict(row)
        elif not row["resent"] and row["state"] != MessageState.UNKNOWN:
            assert not found, dict(row)


async def test_what_arrives_for_the_first_time_arrives_in_order(storm: Storm) -> None:
    lines: dict[tuple[int, int, int | None], list[tuple[int, MessageId]]] = defaultdict(list)
    for row in await storm.ward.rows(message.c.method.in_(NEW), message.c.dedupe_key.startswith("w")):
        if Answer.TOPIC_GONE in storm.ward.witness.answers[row["id"]]:
            continue  # went to General, ahead of the rest
        first = [at for at, text in copies(storm, row) if not text.startswith(RESENT)]
        if first and not (row["resent"] and row["method"] == Method.COPY):  # a copy has no room to say so
            line = (row["chat_id"], int(KINDS[Kind(row["kind"])].lane), storm.owed.get(row["id"]))
            lines[line].append((first[0], row["id"]))
    assert len(lines) > 10
    for line, arrived in lines.items():
        in_order = [row_id for _, row_id in sorted(arrived)]
        assert in_order == sorted(in_order), line


async def test_the_last_edit_is_what_is_read(storm: Storm) -> None:
    newest = {row["target_id"]: row for row in await storm.ward.rows(message.c.method == Method.EDIT_TEXT)}
    read = 0
    for target_id, edit in newest.items():
        target = await storm.ward.row(target_id)
        shown = storm.house.world.chats[target["chat_id"]].find(target["tg_message_id"] or 0)
        assert edit["state"] != MessageState.CANCELLED
        if edit["state"] == MessageState.SENT:
            assert shown is not None
            assert shown.text == edit["dedupe_key"]
            read += 1
    assert read > 0


async def test_alerts_reach_somebody_or_ready_is_red(storm: Storm) -> None:
    assert storm.alerts == {}
    assert [says for says, was_red in storm.unheard.items() if not was_red] == []


async def test_telegram_itself_never_had_to_slow_us_down(storm: Storm) -> None:
    """But for owners and who is on call: alerts keep no distance in a private chat, and there a storm has many."""
    in_place_of_the_group = {storm.house.owner.chat_id, storm.ward.nurse.chat_id}
    too_fast = {call.chat_id for call in storm.house.world.refused if "Too Many Requests" in (call.error or "")}
    assert too_fast <= in_place_of_the_group
    assert storm.house.world.speed.max_in_any_second <= 30


async def test_it_was_a_storm(storm: Storm) -> None:
    """Proof that the tests above had something to look at."""
    rows = await storm.ward.rows()
    ends = Counter(row["state"] for row in rows)
    answers = Counter(answer for row in storm.ward.witness.answers.values() for answer in row)
    assert set(answers) >= {Answer.OK, Answer.WAIT, Answer.DOUBT}
    assert sum(row["resent"] for row in rows) > 2
    if len(storm.owed) > 1000:
        assert set(ends) == {*MessageState} - OPEN
        assert set(answers) == {*Answer} - {Answer.MIGRATED}
