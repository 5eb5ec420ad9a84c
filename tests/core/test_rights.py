"""What follows from STOP, from wanting to see one's data, and from wanting to be forgotten: decision by decision."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.care import Care, CareChange, PlanState
from bot.content.schema import Content
from bot.core.outcome import Asks, Occasion, Outcome, State
from bot.core.rights import (
    DATA_AGAIN_AFTER,
    ERASE,
    LAPSED,
    LAPSES_AFTER,
    MY_DATA,
    RESTART,
    RESTART_IF_ANY,
    SCOPE_ASKED,
    SURE,
    SURE_AFTER,
    Rights,
    scope_meant,
)
from bot.model import PatientId, Scope

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLAN = Care(
    enrolment_id=7,
    patient_id=PatientId(1),
    code="P-7F3K",
    label=None,
    plan_id="main",
    state=PlanState.OPEN,
    treated_at=NOW,
    zone="Europe/London",
    area="heel",
    side="left",
    careful=False,
)


@pytest.fixture
def rights(content: Content) -> Rights:
    return Rights(content)


def occasion(at: datetime = NOW, **fields: object) -> Occasion:
    return replace(Occasion(now=at, sent_at=at, code="P-7F3K"), **fields)  # type: ignore[arg-type]


def kinds(outcome: Outcome) -> list[str]:
    return [timer.kind for timer in outcome.timers]


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("only the reminders", Scope.CHECK_INS),
        ("Only the check-ins, please.", Scope.CHECK_INS),
        ("just check ins", Scope.CHECK_INS),
        ("no more check-ins", Scope.CHECK_INS),
        ("stop only the checkins", Scope.CHECK_INS),
        ("only clinic news", Scope.BROADCASTS),
        ("just the newsletter", Scope.BROADCASTS),
        ("everything", Scope.ALL),
        ("all of it", Scope.ALL),
        ("both", Scope.ALL),
        ("keep the check-ins", Scope.BROADCASTS),
        ("I still want the news", Scope.CHECK_INS),
        ("I don't want the check-ins", Scope.CHECK_INS),
        ("", None),
        ("stop", None),
        ("keep everything", None),
        ("thanks for the reminders", None),
        ("check-ins or news", None),
        ("is there news about my scan", None),
        ("the check-ins were about my heel and it hurts", None),
        ("all good thanks", None),
    ],
)
def test_which_messages_are_meant(text: str, scope: Scope | None) -> None:
    assert scope_meant(text) is scope


def test_stop_ends_everything_at_once_and_asks_what_was_meant(rights: Rights) -> None:
    outcome = rights.stop(State(), occasion(care=(PLAN,)))
    assert outcome.stop is Scope.ALL
    assert outcome.care == (CareChange(7, answered=False, state=PlanState.ENDED, reason="stopped"),)
    (say,) = outcome.says
    assert say.text == "stopped.\n\nstop_plan.\n\nstop_scope."
    assert [button.data for row in say.buttons for button in row] == ["stop:all", "stop:check_ins", "stop:broadcasts"]


def test_stop_without_a_plan_says_nothing_of_check_ins(rights: Rights) -> None:
    assert rights.stop(State(), occasion()).says[0].text == "stopped.\n\nstop_scope."


def test_stopping_twice_is_said_so(rights: Rights) -> None:
    again = rights.stop(State(), occasion(stopped=frozenset({Scope.ALL})))
    assert again.says[0].text.startswith("already_stopped.")


@pytest.mark.parametrize(
    ("scope", "text", "timers", "ends"),
    [
        (Scope.ALL, "stopped_all.", [], True),
        (Scope.CHECK_INS, "stopped_check_ins.", [], True),
        (Scope.BROADCASTS, "stopped_news.", [RESTART_IF_ANY], False),
    ],
)
def test_a_scope_takes_the_place_of_everything(
    rights: Rights, scope: Scope, text: str, timers: list[str], ends: bool
) -> None:
    outcome = rights.pressed(f"stop:{scope}", State(stopped_at=NOW), occasion(care=(PLAN,)))
    assert outcome is not None
    assert (outcome.stop, outcome.resume) == (scope, True)
    assert outcome.says[0].text == text
    assert (kinds(outcome), bool(outcome.care)) == (timers, ends)
    assert outcome.state.stopped_at is None


def test_words_about_a_scope_count_only_after_stop(rights: Rights) -> None:
    words = "only the check-ins"
    assert rights.typed_scope(words, State(), occasion()) is None
    fresh = rights.typed_scope(words, State(stopped_at=NOW - SCOPE_ASKED), occasion())
    assert fresh is not None
    assert fresh.stop is Scope.CHECK_INS
    assert rights.typed_scope(words, State(stopped_at=NOW - SCOPE_ASKED * 2), occasion()) is None


@pytest.mark.parametrize(
    ("stopped", "text", "buttons"),
    [
        (set(), "not_stopped.", []),
        ({Scope.BROADCASTS}, "resumed.", []),
        ({Scope.ALL}, "resumed.\n\nresumed_check_ins.", ["restart"]),
        ({Scope.CHECK_INS}, "resumed.\n\nresumed_check_ins.", ["restart"]),
    ],
)
def test_resume_offers_check_ins_that_were_stopped(
    rights: Rights, stopped: set[Scope], text: str, buttons: list[str]
) -> None:
    outcome = rights.resume(State(), occasion(stopped=frozenset(stopped)))
    assert outcome.resume is bool(stopped)
    assert outcome.says[0].text == text
    assert [button.data for row in outcome.says[0].buttons for button in row] == buttons


def test_check_ins_start_again_when_asked_for(rights: Rights) -> None:
    outcome = rights.pressed("restart", State(), occasion())
    assert outcome is not None
    assert kinds(outcome) == [RESTART]


def test_the_file_comes_once_an_hour(rights: Rights) -> None:
    first = rights.my_data(State(), occasion())
    assert kinds(first) == [MY_DATA]
    soon = rights.my_data(first.state, occasion(NOW + DATA_AGAIN_AFTER - timedelta(minutes=1)))
    assert (kinds(soon), soon.says[0].text) == ([], "my_data_again.")
    later = rights.my_data(first.state, occasion(NOW + DATA_AGAIN_AFTER))
    assert kinds(later) == [MY_DATA]


def test_forgetting_stops_contact_and_deletes_nothing_yet(rights: Rights) -> None:
    outcome = rights.forget(State(), occasion(care=(PLAN,)))
    assert (outcome.stop, outcome.asks_for) == (Scope.ALL, Asks.FORGET)
    assert outcome.care == (CareChange(7, answered=False, state=PlanState.ENDED, reason="forget"),)
    assert [(timer.kind, timer.at) for timer in outcome.timers] == [(LAPSED, NOW + LAPSES_AFTER)]


def pressed(rights: Rights, data: str, state: State, at: datetime) -> Outcome:
    outcome = rights.pressed(data, state, occasion(at))
    assert outcome is not None
    return outcome


def test_it_takes_two_yeses_ten_minutes_apart(rights: Rights) -> None:
    asked = rights.forget(State(), occasion()).state
    once = pressed(rights, "forget:yes", asked, NOW)
    assert [(timer.kind, timer.at) for timer in once.timers] == [(SURE, NOW + SURE_AFTER)]
    again = pressed(rights, "forget:yes", once.state, NOW + timedelta(minutes=1))
    assert (again.timers, again.state) == ((), once.state), "a double press asks no sooner and no later"
    assert rights.pressed("forget:sure", once.state, occasion(NOW + timedelta(minutes=9))) is None
    assert not rights.is_sure_due(once.state, NOW + timedelta(minutes=9))
    at = NOW + SURE_AFTER
    assert rights.is_sure_due(once.state, at)
    twice = pressed(rights, "forget:sure", once.state, at)
    assert (twice.asks_for, kinds(twice)) == (Asks.SURE, [ERASE])
    assert rights.pressed("forget:sure", twice.state, occasion(at)) is None, "pressed twice"


def test_an_old_yes_is_stale(rights: Rights) -> None:
    asked = rights.forget(State(), occasion()).state
    late = NOW + LAPSES_AFTER + timedelta(minutes=1)
    assert rights.pressed("forget:yes", asked, occasion(late)) is None
    once = pressed(rights, "forget:yes", asked, NOW).state
    assert rights.pressed("forget:sure", once, occasion(late)) is None
    assert rights.pressed("forget:yes", State(), occasion()) is None


def test_a_change_of_mind_is_noted(rights: Rights) -> None:
    asked = rights.forget(State(), occasion()).state
    kept = pressed(rights, "forget:keep", pressed(rights, "forget:yes", asked, NOW).state, NOW)
    assert kept.asks_for is Asks.KEEP
    assert not rights.is_sure_due(kept.state, NOW + LAPSES_AFTER)
    assert rights.pressed("forget:sure", kept.state, occasion(NOW + SURE_AFTER)) is None


def test_asking_once_more_restarts_after_a_lapse(rights: Rights) -> None:
    asked = rights.forget(State(), occasion()).state
    once = pressed(rights, "forget:yes", asked, NOW).state
    next_day = NOW + timedelta(days=2)
    anew = rights.forget(once, occasion(next_day)).state
    again = pressed(rights, "forget:yes", anew, next_day)
    assert [(timer.kind, timer.at) for timer in again.timers] == [(SURE, next_day + SURE_AFTER)]


@pytest.mark.parametrize("data", ["stop:", "stop:nothing", "forget:", "forget:all", "mydata:1", "restart:9"])
def test_what_we_never_put_on_a_button_means_nothing(rights: Rights, data: str) -> None:
    assert rights.pressed(data, State(forget_at=NOW), occasion()) is None


def test_what_is_remembered_survives_storing() -> None:
    state = State(stopped_at=NOW, data_at=NOW, forget_at=NOW, forget_again_at=NOW)
    assert State.from_json(state.to_json()) == state
