"""The order of reading a text, and what comes of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import Content, Entry, Group, OtherLanguage
from bot.core.reading import Reading
from bot.core.triage import TRIAGE_FAILED, Suspicion, Triager
from bot.core.understand import Brain, answer_for, build_brain, understanding_to_json
from bot.model import Decision, Flag, Level, Triage


@pytest.fixture(scope="module")
def brain(content: Content) -> Brain:
    return build_brain(content)


@pytest.mark.parametrize(
    ("text", "decision", "found"),
    [
        pytest.param("how long does the soreness last", Decision.ANSWER, "soreness_duration", id="answer"),
        pytest.param("my leg is sore, when does it go away", Decision.ASK, None, id="ask"),
        pytest.param("zzz qqq", Decision.HAND_OVER, None, id="hand over"),
        pytest.param("", Decision.HAND_OVER, None, id="empty"),
        pytest.param("please stop, thanks", Decision.META, "stop", id="wish"),
        pytest.param("stop messaging me, my calf is swollen", Decision.RED_FLAG, "suspected_dvt", id="before wish"),
        pytest.param("does the soreness last, itchy rash", Decision.RED_FLAG, "mild_skin_reaction", id="advise"),
        pytest.param("cant breahte", Decision.RED_FLAG, "chest_pain_breathless", id="sign"),
    ],
)  # fmt: skip
def test_one_text(brain: Brain, text: str, decision: Decision, found: str | None) -> None:
    understood = brain.understand(text)
    assert (understood.decision, understood.id, understood.text) == (decision, found, text)


def test_a_red_flag_carries_its_level_and_the_faq_s_candidates(brain: Brain) -> None:
    understood = brain.understand("how long does the soreness last, I have an itchy rash")
    assert understood.level is Level.ADVISE
    assert understood.candidates[0].entry_id == "soreness_duration"


def test_a_wish_for_a_person_carries_the_entry_about_it(content: Content, make_entry: Callable[..., Entry]) -> None:
    entry = make_entry("speak_to_human", "Can I talk to somebody?")
    more = content.model_copy(update={"groups": (*content.groups, Group(id="team", title="Team", entries=(entry,)))})
    more.__dict__.pop("entries", None)
    understood = build_brain(more).understand("can I speak to somebody about my bruise")
    assert (understood.decision, understood.id) == (Decision.META, "human")
    assert understood.candidates[0].entry_id == "speak_to_human"


@dataclass(frozen=True)
class Sees:
    """Sees these in everything."""

    found: Triage

    def triage(self, text: str) -> Triage:
        return self.found


RASH = Flag("mild_skin_reaction", Level.ADVISE, ())
CALF = Flag("suspected_dvt", Level.URGENT, ("calf",))


def test_a_suspicion_is_asked_about_before_anything_else(brain: Brain) -> None:
    doubtful = replace(brain, triager=Sees(Triage(suspected=(CALF,))))
    understood = doubtful.understand("how long does the soreness last")
    assert (understood.decision, understood.id, understood.level) == (Decision.CHECK, "suspected_dvt", Level.URGENT)
    assert understood.candidates[0].entry_id == "soreness_duration"
    assert doubtful.understand("please stop, thanks").decision is Decision.CHECK


def test_a_suspicion_that_was_denied_changes_nothing(brain: Brain) -> None:
    doubtful = replace(brain, triager=Sees(Triage(suspected=(CALF,))))
    understood = doubtful.understand("how long does the soreness last", denied=True)
    assert (understood.decision, understood.id) == (Decision.ANSWER, "soreness_duration")
    assert doubtful.understand("chest pain", denied=True).decision is not Decision.CHECK


@pytest.mark.parametrize(
    ("found", "beside"),
    [
        pytest.param(Triage((RASH,)), "soreness_duration", id="advice"),
        pytest.param(Triage((RASH,), suspected=(CALF,)), None, id="advice, and something worse is suspected"),
        pytest.param(Triage((CALF, RASH)), None, id="urgent"),
        pytest.param(Triage(), None, id="no sign"),
    ],
)
def test_only_advice_comes_with_an_answer(brain: Brain, found: Triage, beside: str | None) -> None:
    seeing = replace(brain, triager=Sees(found))
    assert seeing.understand("how long does the soreness last").beside == beside
    assert seeing.understand("zzz qqq").beside is None


def test_a_mere_feeling_takes_no_advice_away(brain: Brain) -> None:
    feeling = replace(CALF, words=())
    seeing = replace(brain, triager=Sees(Triage((RASH,), suspected=(feeling,))))
    understood = seeing.understand("please stop, thanks")
    assert (understood.decision, understood.id) == (Decision.RED_FLAG, "mild_skin_reaction")
    assert seeing.understand("zzz qqq").decision is Decision.CHECK


SURELY, UNSURELY = "how long does the soreness last", "my leg is sore, when does it go away"


@pytest.mark.parametrize(
    ("id_", "faint", "text", "decision"),
    [
        pytest.param("suspected_dvt", True, SURELY, Decision.CHECK, id="faint, and the FAQ knows it"),
        pytest.param("suspected_dvt", True, UNSURELY, Decision.RED_FLAG, id="the FAQ is not sure"),
        pytest.param("suspected_dvt", False, SURELY, Decision.RED_FLAG, id="not faint"),
        pytest.param("self_harm", True, SURELY, Decision.RED_FLAG, id="never doubted"),
    ],
)
def test_a_faint_alarm_about_what_the_faq_knows_is_asked_about(
    brain: Brain, id_: str, faint: bool, text: str, decision: Decision
) -> None:
    flag = Flag(id_, Level.EMERGENCY, (), faint=faint)
    understood = replace(brain, triager=Sees(Triage((flag,)))).understand(text)
    assert (understood.decision, understood.id) == (decision, id_)


def test_a_faint_alarm_beside_a_plain_sign_changes_nothing(brain: Brain) -> None:
    plain = Flag("chest_pain_breathless", Level.EMERGENCY, ("chest pain",))
    faint = Flag("suspected_dvt", Level.URGENT, (), faint=True)
    understood = replace(brain, triager=Sees(Triage((plain, faint)))).understand(SURELY)
    assert (understood.decision, understood.id) == (Decision.RED_FLAG, "chest_pain_breathless")


def test_a_sign_in_another_language_is_a_sign(content: Content) -> None:
    spanish = OtherLanguage(emergency="…", call_now="…", signs={"chest_pain_breathless": ("no puedo respirar",)})
    brain = build_brain(content.model_copy(update={"other_languages": {"es": spanish}}))
    understood = brain.understand("No puedo respirar")
    assert (understood.id, understood.language) == ("chest_pain_breathless", "es")
    assert brain.understand("respirar", recent=("no puedo",)).id == "chest_pain_breathless", "in two messages"


class TestWhatCameBefore:
    """Texts of the last two minutes are read together with the newest."""

    def test_a_sign_torn_in_two_messages_is_heard(self, brain: Brain) -> None:
        assert brain.understand("breathe").decision is not Decision.RED_FLAG
        assert brain.understand("breathe", recent=("I can't",)).id == "chest_pain_breathless"

    def test_thanks_after_an_alarm_is_no_second_alarm(self, brain: Brain) -> None:
        understood = brain.understand("thanks", recent=("I have chest pain",))
        assert (understood.decision, understood.id) == (Decision.META, "thanks")

    def test_the_same_sign_said_again_is_one(self, brain: Brain) -> None:
        assert brain.understand("chest pain!", recent=("I have chest pain",)).id == "chest_pain_breathless"

    def test_a_new_sign_after_an_alarm_is_one(self, brain: Brain) -> None:
        understood = brain.understand("calf swollen", recent=("itchy rash", "is that ok"))
        assert [flag.id for flag in understood.flags] == ["suspected_dvt"]

    def test_what_makes_a_known_sign_worse_is_news(self, brain: Brain) -> None:
        @dataclass
        class Worse:
            def triage(self, text: str) -> Triage:
                if "fainted" not in text:
                    return Triage()
                level = Level.EMERGENCY if "head" in text else Level.URGENT
                return Triage((Flag("faint_recovered", level, ("fainted",)),))

        reading = replace(brain, triager=Worse())
        assert reading.understand("and hit my head", recent=("I fainted",)).level is Level.EMERGENCY
        assert reading.understand("ok", recent=("I fainted", "and hit my head")).decision is not Decision.RED_FLAG

    def test_a_denial_does_not_reach_into_the_next_message(self, brain: Brain) -> None:
        assert brain.understand("chest pain", recent=("no",)).id == "chest_pain_breathless"

    def test_a_long_past_does_not_push_out_the_newest_text(self, brain: Brain) -> None:
        understood = brain.understand("breathe", recent=("bla " * 1500, "I can't"))
        assert understood.id == "chest_pain_breathless"


def test_broken_triage_counts_as_urgent(brain: Brain) -> None:
    @dataclass
    class Broken:
        def triage(self, text: str) -> Triage:
            raise ZeroDivisionError

    understood = replace(brain, triager=Broken()).understand("thanks")
    assert (understood.decision, understood.id, understood.level) == (Decision.RED_FLAG, TRIAGE_FAILED, Level.URGENT)
    assert understood.ruled_out == ("triage_failed: ZeroDivisionError",)


def test_a_broken_second_opinion_takes_no_sign_back(brain: Brain, content: Content) -> None:
    class Broken:
        def of(self, reading: Reading, found: Collection[str]) -> Suspicion:
            raise ZeroDivisionError

    half = replace(brain, triager=Triager(content.red_flags, opinion=Broken()))
    understood = half.understand("I have chest pain")
    assert (understood.id, understood.level) == ("chest_pain_breathless", Level.EMERGENCY)
    assert half.understand("thanks").id == TRIAGE_FAILED


def test_json_has_exactly_the_keys_others_rely_on(brain: Brain) -> None:
    json = understanding_to_json(brain.understand("Itchy rash, chest pain"))
    assert list(json) == ["text", "decision", "id", "level", "confidence", "candidates", "red_flags", "repaired"]
    assert (json["decision"], json["id"], json["level"]) == ("red_flag", "chest_pain_breathless", "emergency")
    assert json["red_flags"] == [
        {"id": "chest_pain_breathless", "level": "emergency"},
        {"id": "mild_skin_reaction", "level": "advise"},
    ]
    assert json["repaired"] == "itchy rash chest pain"


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(None, "General.", id="unknown"),
        pytest.param(timedelta(hours=1), "First day.", id="first day"),
        pytest.param(timedelta(days=1), "Days 1 to 3.", id="start included"),
        pytest.param(timedelta(days=3), "General.", id="end excluded"),
        pytest.param(timedelta(days=9), "Late.", id="open end"),
        pytest.param(timedelta(hours=-1), "General.", id="before the treatment"),
    ],
)
def test_the_answer_fits_the_time_since_treatment(
    make_entry: Callable[..., Entry], since: timedelta | None, expected: str
) -> None:
    variants = (
        {"until": "1d", "answer": "First day."},
        {"after": "1d", "until": "3d", "answer": "Days 1 to 3."},
        {"after": "7d", "answer": "Late."},
    )
    entry = make_entry("soreness", "How long?", answer="General.", variants=variants)
    assert answer_for(entry, since) == expected


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=3))
def test_understanding_never_raises(brain: Brain, text: str, recent: list[str]) -> None:
    understood = brain.understand(text, recent=recent)
    assert (understood.decision is Decision.RED_FLAG) == bool(understood.flags)
    assert (understood.id is None) == (understood.decision in {Decision.ASK, Decision.HAND_OVER})
    assert TRIAGE_FAILED not in [flag.id for flag in understood.flags]
