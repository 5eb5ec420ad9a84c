"""Which messages answer the safety question, and when the lack of an answer counts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.content.schema import Content, Words
from bot.core.checking import NUDGE, UNANSWERED, Checking, Reply, Silence, as_signs, read_reply, timers
from bot.core.conversation import Conversation
from bot.core.outcome import CHECK_LASTS, Check, Occasion, Outcome, State
from bot.core.understand import build_brain
from bot.model import ChatId, Decision, Flag, Level, Sender, TelegramMessageId, TextIn, Triage, UserId

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUESTION = "Is that leg more swollen than the other?"
FROM_0_TO_10 = "From 0 to 10, is the pain 8 or more, or is it still getting worse?"


def check(level: Level = Level.URGENT, *, usual: bool = False, told: bool = False, nudged: bool = False) -> Check:
    flag = Flag("suspected_dvt", level, ("calf", "swollen"), usual)
    return Check(flag, "my calf is swollen", NOW, is_told=told, is_nudged=nudged)


@pytest.fixture(scope="module")
def known(wish_words: Words) -> Words:
    lists = {
        "yes": ("yes", "y", "ok", "👍"),
        "no": ("no", "n", "not really"),
        "not_sure": ("not sure", "maybe", "don't know"),
    }
    return wish_words.model_copy(update=lists)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        pytest.param("yes", Reply.YES, id="yes"),
        pytest.param("Y", Reply.YES, id="letter"),
        pytest.param("👍", Reply.YES, id="emoji"),
        pytest.param("yes, and it is hot", Reply.YES, id="yes and more"),
        pytest.param("yeah but only a bit", Reply.YES, id="yes with a but"),
        pytest.param("ok", Reply.YES, id="in the list"),
        pytest.param("ok can I run tomorrow", None, id="begins like one in the list"),
        pytest.param("No.", Reply.NO, id="no"),
        pytest.param("not really", Reply.NO, id="not really"),
        pytest.param("no it isn't", Reply.NO, id="no it isn't"),
        pytest.param("nope, same size as the other one", Reply.NO, id="no and why"),
        pytest.param("no but it is hot", None, id="no but"),
        pytest.param("no just a bit warm", None, id="no, a bit"),
        pytest.param("no worse than yesterday", None, id="no worse"),
        pytest.param("no idea", None, id="no idea, not in this list"),
        pytest.param("no strength in it", None, id="no of something"),
        pytest.param("No, the other one is bigger", Reply.NO, id="no with a comma"),
        pytest.param("no it is like the other one and has always been so", None, id="a long no"),
        pytest.param("not sure", Reply.NOT_SURE, id="not sure"),
        pytest.param("Maybe?", Reply.NOT_SURE, id="maybe"),
        pytest.param("dont know tbh", Reply.NOT_SURE, id="don't know and a word"),
        pytest.param("not sure if I can go running", None, id="a question"),
        pytest.param("can I go running", None, id="another question"),
        pytest.param("8", None, id="a number where none was asked"),
        pytest.param("😀", None, id="any emoji"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_an_answer_in_words(text: str, reply: Reply | None, known: Words) -> None:
    assert read_reply(text, check(), QUESTION, known) is reply


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("8", Reply.YES),
        ("9/10", Reply.YES),
        ("10 out of 10", Reply.YES),
        ("5", Reply.NO),
        ("7 / 10", Reply.NO),
        ("8 days", None),
    ],
)
def test_a_number_answers_a_question_for_one(text: str, reply: Reply | None, known: Words) -> None:
    assert read_reply(text, check(), FROM_0_TO_10, known) is reply


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("new", Reply.YES),
        ("it's worse", Reply.YES),
        ("a bit worse", Reply.YES),
        ("both", Reply.YES),
        ("same as always", Reply.NO),
        ("neither", Reply.NO),
        ("its the usual", Reply.NO),
        ("the same but worse", None),
        ("what is new at the clinic", None),
    ],
)
def test_new_or_as_ever(text: str, reply: Reply | None, known: Words) -> None:
    assert read_reply(text, check(usual=True), "Is it new?", known) is reply


@pytest.mark.parametrize(
    ("one", "minutes", "silence"),
    [
        pytest.param(check(Level.EMERGENCY), 9, Silence.NOTHING, id="emergency, early"),
        pytest.param(check(Level.EMERGENCY), 10, Silence.ALERT, id="emergency"),
        pytest.param(check(Level.EMERGENCY, told=True), 10, Silence.NOTHING, id="emergency, told"),
        pytest.param(check(), 9, Silence.NOTHING, id="urgent, early"),
        pytest.param(check(), 10, Silence.NUDGE, id="urgent"),
        pytest.param(check(nudged=True), 20, Silence.NOTHING, id="urgent, nudged"),
        pytest.param(check(nudged=True), 30, Silence.ALERT, id="urgent, later"),
        pytest.param(check(), 45, Silence.ALERT, id="urgent, after a downtime"),
        pytest.param(check(told=True), 45, Silence.NOTHING, id="urgent, told"),
        pytest.param(check(Level.ADVISE), 100, Silence.NOTHING, id="advise"),
        pytest.param(check(Level.ADVISE, usual=True), 10, Silence.COUNTS, id="as ever"),
        pytest.param(check(Level.EMERGENCY, usual=True), 9, Silence.NOTHING, id="as ever, early"),
    ],
)
def test_what_silence_asks_for(content: Content, one: Check, minutes: int, silence: Silence) -> None:
    assert Checking(content).silence(one, NOW + timedelta(minutes=minutes)) is silence


def test_a_look_is_planned_for_each_of_these(content: Content) -> None:
    def planned(one: Check) -> list[tuple[str, int]]:
        return [(timer.kind, int((timer.at - NOW).total_seconds() // 60)) for timer in timers(one)]

    assert planned(check(Level.EMERGENCY)) == [(UNANSWERED, 10)]
    assert planned(check()) == [(NUDGE, 10), (UNANSWERED, 30)]
    assert planned(check(usual=True)) == [(UNANSWERED, 10)]
    assert planned(check(Level.ADVISE)) == []


# --- where no question may be asked ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doubts:
    """Suspects what a text names; with "feels" no word of it was named by a rule."""

    def triage(self, text: str) -> Triage:
        named = {"calf": ("suspected_dvt", Level.URGENT), "chest": ("chest_pain_breathless", Level.EMERGENCY)}
        named["skin"] = ("mild_skin_reaction", Level.ADVISE)
        words = () if "feels" in text else ("named",)
        found = [Flag(id_, level, words) for word, (id_, level) in named.items() if word in text]
        return Triage(suspected=tuple(sorted(found, key=lambda flag: -flag.level.rank)))


@pytest.fixture(scope="module")
def conversation(content: Content) -> Conversation:
    return Conversation(content, replace(build_brain(content), triager=Doubts()))


def decides(conversation: Conversation, text: str, state: State, minutes: int = 5) -> Outcome:
    at = NOW + timedelta(minutes=minutes)
    said = TextIn(ChatId(11), Sender(UserId(11)), text, TelegramMessageId(8), at)
    return conversation.on_text(said, state, Occasion(now=at, sent_at=at, code="P-7F3K"))


OPEN = State().checks(check())
DENIED = replace(OPEN, check=None)
WARNED = State(warned=("suspected_dvt",), warned_at=NOW)


@pytest.mark.parametrize(
    ("state", "text", "decision", "found"),
    [
        pytest.param(State(), "calf", Decision.CHECK, "suspected_dvt", id="first"),
        pytest.param(State(), "feels calf", Decision.CHECK, "suspected_dvt", id="first, a feeling"),
        pytest.param(OPEN, "calf", Decision.RED_FLAG, "suspected_dvt", id="open, the same"),
        pytest.param(OPEN, "feels calf", Decision.RED_FLAG, "suspected_dvt", id="open, the same, a feeling"),
        pytest.param(OPEN, "chest", Decision.RED_FLAG, "chest_pain_breathless", id="open, another"),
        pytest.param(OPEN, "feels chest", Decision.HAND_OVER, None, id="open, another, a feeling"),
        pytest.param(OPEN, "skin, can I drive home", Decision.ASK, None, id="open, something mild"),
        pytest.param(DENIED, "calf", Decision.RED_FLAG, "suspected_dvt", id="denied, the same"),
        pytest.param(DENIED, "feels calf", Decision.HAND_OVER, None, id="denied, the same, a feeling"),
        pytest.param(DENIED, "chest", Decision.CHECK, "chest_pain_breathless", id="denied, another"),
        pytest.param(WARNED, "calf", Decision.RED_FLAG, "suspected_dvt", id="warned"),
        pytest.param(WARNED, "feels calf", Decision.HAND_OVER, None, id="warned, a feeling"),
    ],
)
def test_a_doubt_that_may_not_be_asked_about(
    conversation: Conversation, state: State, text: str, decision: Decision, found: str | None
) -> None:
    understood = decides(conversation, text, state).understanding
    assert understood is not None
    assert (understood.decision, understood.id) == (decision, found)


def test_two_doubts_at_once_are_told_together(conversation: Conversation) -> None:
    (card,) = decides(conversation, "chest", OPEN).staff
    assert (card.level, card.flag_ids) == (Level.EMERGENCY, ("chest_pain_breathless", "suspected_dvt"))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("yes, and chest", ("chest_pain_breathless", "suspected_dvt"), id="another doubt"),
        pytest.param("yes, it feels chest", ("suspected_dvt",), id="a feeling"),
        pytest.param("yes, and skin", ("suspected_dvt",), id="a mild one"),
    ],
)
def test_a_yes_with_another_doubt_loses_neither(conversation: Conversation, text: str, ids: tuple[str, ...]) -> None:
    outcome = decides(conversation, text, OPEN)
    (card,) = outcome.staff
    assert card.flag_ids == ids
    assert outcome.understanding is not None
    assert outcome.understanding.text.splitlines() == ["my calf is swollen", text], "staff read the new words too"


def test_a_doubt_about_self_harm_beside_a_worse_one_is_told_at_once(content: Content) -> None:
    chest, quiet = (Flag(id_, Level.EMERGENCY, ("word",)) for id_ in ("chest_pain_breathless", "self_harm"))
    checking = Checking(content)
    occasion = Occasion(now=NOW, sent_at=NOW)
    understanding = replace(checking.confirmed(check()), flags=(), suspected=(chest, quiet))
    (card,) = checking.ask(checking.about(understanding, occasion), State(), occasion).staff
    assert card.flag_ids == ("self_harm",)


def test_a_milder_warning_does_not_hide_a_worse_one(conversation: Conversation) -> None:
    warned = State(warned=("chest_pain_breathless",), warned_at=NOW).checks(check())
    after = decides(conversation, "yes", warned).state
    assert set(after.warned) == {"chest_pain_breathless", "suspected_dvt"}
    skin = replace(check(Level.ADVISE), flag=Flag("mild_skin_reaction", Level.ADVISE, ("skin",)))
    assert (
        decides(conversation, "yes", State(warned=warned.warned, warned_at=NOW).checks(skin)).state.warned
        == warned.warned
    )


def test_after_two_hours_all_is_forgotten(conversation: Conversation) -> None:
    for state in (OPEN, DENIED, WARNED):
        understood = decides(conversation, "calf", state, minutes=121).understanding
        assert understood is not None
        assert understood.decision is Decision.CHECK


def test_signs_come_worst_first_and_once() -> None:
    mild, bad = Flag("rash", Level.ADVISE, ()), Flag("chest", Level.EMERGENCY, (), usual=True)
    assert as_signs((mild, bad, bad)) == (Flag("chest", Level.EMERGENCY, ()), mild)


def test_a_state_with_a_question_comes_back_as_it_was_stored() -> None:
    asked = Check(
        Flag("chest", Level.EMERGENCY, ("a", "b"), usual=True),
        "words",
        NOW,
        TelegramMessageId(7),
        ("other",),
        owes_answer=False,
        shown_at=NOW,
        is_repeated=True,
        is_told=True,
    )
    state = State().checks(asked)
    assert State.from_json(state.to_json()) == state
    stored = state.to_json()
    del stored["check"], stored["checked"]
    assert State.from_json(stored) == State()


def test_what_was_asked_is_known_for_two_hours() -> None:
    state = State().checks(check())
    assert state.check_at(NOW + CHECK_LASTS) is not None
    assert state.was_checked("suspected_dvt", NOW + CHECK_LASTS)
    later = NOW + CHECK_LASTS + timedelta(seconds=1)
    assert state.check_at(later) is None
    assert not state.was_checked("suspected_dvt", later)
    assert not state.was_checked("anaphylaxis", NOW)
