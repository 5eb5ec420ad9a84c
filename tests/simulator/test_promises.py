"""The judge of a trial: each promise, kept and broken. Messages arrive in a local Telegram; rows are written here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.model import Kind, Lane
from bot.simulator import promises
from bot.simulator.fleet import Grant
from bot.simulator.ledger import Ledger
from bot.simulator.orders import ROW_HEADER
from bot.simulator.promises import Broken, Evidence
from bot.simulator.traffic import Deed
from bot.simulator.world import World

PATIENT = 11


@dataclass
class Case:
    """What a trial saw, to be written by a test."""

    world: World
    evidence: Evidence
    http: httpx.AsyncClient

    async def arrives(self, row_id: int | None) -> int:
        """The bot sends this row to the patient. Returns Telegram's id."""
        headers = {} if row_id is None else {ROW_HEADER: str(row_id)}
        answer = await self.http.post(
            f"/bot{self.world.token}/sendMessage", data={"chat_id": PATIENT, "text": "Hello"}, headers=headers
        )
        found: int = answer.json()["result"]["message_id"]
        return found


@pytest.fixture
async def case() -> AsyncIterator[Case]:
    world = World(limits=None)
    world.add_user(PATIENT, "Patient").starts()
    ledger = Ledger(world)
    evidence = Evidence(ledger, update_ids=[], deeds=[], check_ins=[], grants=[], offset_us=0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(ledger), base_url="http://telegram") as http:
        yield Case(world, evidence, http)
    await world.aclose()


def row(id_: int, state: str = "sent", **more: Any) -> Any:
    """A row of `message`, as far as the judge reads it."""
    return {
        "id": id_,
        "chat_id": PATIENT,
        "lane": Lane.REPLY,
        "kind": Kind.REPLY,
        "method": "send_text",
        "state": state,
        "reason": None,
        "resent": False,
        "fallback": 0,
        "topic_id": None,
        "subject_chat_id": None,
        "tg_message_id": None,
        "planned_us": 0,
        "dedupe_key": f"key{id_}",
        "broadcast_id": None,
        **more,
    }


def broken(findings: Any) -> list[Broken]:
    return [finding.broken for finding in findings]


async def test_what_arrived_once_and_counts_as_sent_is_right(case: Case) -> None:
    rows = [row(1, tg_message_id=await case.arrives(1))]
    assert broken(promises.arrivals(rows, case.evidence)) == []


async def test_what_counts_as_sent_and_never_arrived_is_lost(case: Case) -> None:
    assert broken(promises.arrivals([row(1, tg_message_id=5)], case.evidence)) == [Broken.LOST]


@pytest.mark.parametrize("state", ["pending", "sending", "skipped", "refused", "cancelled"])
async def test_what_is_still_owed_or_was_dropped_without_a_reason_is_lost(case: Case, state: str) -> None:
    assert broken(promises.arrivals([row(1, state)], case.evidence)) == [Broken.LOST]


async def test_what_is_unknown_is_lost_unless_staff_were_told(case: Case) -> None:
    told = row(2, dedupe_key="in_doubt:1", tg_message_id=await case.arrives(2))
    assert broken(promises.arrivals([row(1, "unknown")], case.evidence)) == [Broken.LOST]
    assert broken(promises.arrivals([row(1, "unknown"), told], case.evidence)) == []


async def test_a_second_copy_has_to_be_marked_and_a_third_must_not_be(case: Case) -> None:
    await case.arrives(1)
    second = await case.arrives(1)
    assert broken(promises.arrivals([row(1, tg_message_id=second)], case.evidence)) == [Broken.DOUBLED]
    assert broken(promises.arrivals([row(1, tg_message_id=second, resent=True)], case.evidence)) == []
    third = await case.arrives(1)
    assert broken(promises.arrivals([row(1, tg_message_id=third, resent=True)], case.evidence)) == [Broken.DOUBLED]


async def test_what_was_skipped_must_not_have_arrived(case: Case) -> None:
    await case.arrives(1)
    assert broken(promises.arrivals([row(1, "skipped", reason="opted_out")], case.evidence)) == [Broken.DOUBLED]


async def test_a_message_of_no_row_is_one_too_many(case: Case) -> None:
    await case.arrives(None)
    assert broken(promises.arrivals([], case.evidence)) == [Broken.DOUBLED]


@pytest.mark.parametrize(
    ("older", "is_broken"),
    [
        pytest.param({"planned_us": 5}, True, id="it_was_due"),
        pytest.param({"planned_us": 50}, False, id="it_was_due_later"),
        pytest.param({"planned_us": 5, "resent": True}, False, id="it_is_a_repeat"),
        pytest.param({"planned_us": 5, "lane": Lane.SCHEDULED}, False, id="it_goes_another_lane"),
        pytest.param({"planned_us": 5, "topic_id": 3}, False, id="it_goes_to_another_topic"),
    ],
)
async def test_a_row_may_overtake_an_older_one_only_when(case: Case, older: dict[str, Any], is_broken: bool) -> None:
    case.evidence.grants = [Grant(20, 2, 1), Grant(30, 1, 1)]
    await case.arrives(2)
    await case.arrives(1)
    found = broken(promises.order([row(1, **older), row(2)], case.evidence))
    assert found == ([Broken.ORDER] if is_broken else [])


@pytest.mark.parametrize(
    ("kind", "stop", "is_crossed"),
    [
        pytest.param(Kind.CHECK_IN, {}, True, id="after_the_stop"),
        pytest.param(Kind.CHECK_IN, {"at_us": 200}, False, id="before_the_stop"),
        pytest.param(Kind.CHECK_IN, {"ended_us": 90}, False, id="after_it_ended"),
        pytest.param(Kind.CHECK_IN, {"ended_us": 110}, True, id="before_it_ended"),
        pytest.param(Kind.CHECK_IN, {"chat_id": 12}, False, id="somebody_else"),
        pytest.param(Kind.BROADCAST, {"scope": "check_ins"}, False, id="another_scope"),
        pytest.param(Kind.BROADCAST, {"scope": "broadcasts"}, True, id="its_own_scope"),
        pytest.param(Kind.REPLY, {}, False, id="a_kind_that_nothing_stops"),
    ],
)
def test_a_grant_crosses_a_stop_when(kind: Kind, stop: dict[str, Any], is_crossed: bool) -> None:
    in_force = {"id": 1, "chat_id": PATIENT, "scope": "all", "at_us": 50, "ended_us": None, **stop}
    seen = Evidence(Ledger(World()), [], [], [], grants=[Grant(100, 1, 2)], offset_us=0)
    stops: Any = [in_force]
    assert broken(promises.crossed(stops, [row(1, kind=kind)], seen)) == ([Broken.OPT_OUT] if is_crossed else [])


async def test_an_update_without_a_reply_or_with_the_same_one_twice_is_found(case: Case) -> None:
    case.evidence.deeds = [Deed(7, PATIENT), Deed(8, PATIENT)]
    rows = [row(1, dedupe_key="u7:say0"), row(2, dedupe_key="held:11:3:u7:say0")]
    assert broken(promises.replies(rows, case.evidence)) == [Broken.EFFECT_MISSING, Broken.EFFECT_DOUBLED]


async def test_words_that_staff_read_in_a_talk_need_no_reply(case: Case) -> None:
    case.evidence.deeds = [Deed(7, PATIENT, 3, "is it normal"), Deed(8, PATIENT, 4, "is it normal")]
    said: dict[str, Any] = {"dedupe_key": "line:u6:staff0", "subject_chat_id": PATIENT}
    once = row(1, **said, payload={"text": "P-7F3K: is it normal"})
    twice = row(1, **said, payload={"text": "P-7F3K: is it normal\nP-7F3K: is it normal"})
    other = row(1, **{**said, "subject_chat_id": PATIENT + 1}, payload={"text": "is it normal is it normal"})
    assert broken(promises.replies([twice], case.evidence)) == []
    assert broken(promises.replies([once, row(2, dedupe_key="u8:say0")], case.evidence)) == []
    assert broken(promises.replies([other, row(2, dedupe_key="u8:say0")], case.evidence)) == [Broken.EFFECT_MISSING]


async def test_a_check_in_without_a_message_is_found(case: Case) -> None:
    case.evidence.check_ins = ["11:0"]
    assert broken(promises.replies([], case.evidence)) == [Broken.EFFECT_MISSING]
    assert broken(promises.replies([row(1, dedupe_key="trial:11:0")], case.evidence)) == []


@pytest.mark.parametrize(
    ("in_doubt", "grants", "found"),
    [
        pytest.param([4], 30, [], id="just_kept"),
        pytest.param([5], 30, [Broken.IN_DOUBT], id="one_more_on_the_wire"),
        pytest.param([4], 31, [Broken.RATE], id="one_more_in_a_second"),
    ],
)
async def test_limits(case: Case, in_doubt: list[int], grants: int, found: list[Broken]) -> None:
    case.evidence.in_doubt, case.evidence.kills = in_doubt, 1
    case.evidence.grants = [Grant(number, number, 1) for number in range(grants)]
    assert broken(promises.limits([], case.evidence)) == found


async def test_more_in_doubt_than_the_kills_explain_is_found(case: Case) -> None:
    case.evidence.kills = 1
    rows = [row(number, resent=True) for number in range(5)]
    assert broken(promises.limits(rows, case.evidence)) == [Broken.IN_DOUBT]
