"""Signs of danger are heard in whatever words they come; what only sounds like one is passed over with its reason."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import RedFlag
from bot.core.phrases import Finder, patterns
from bot.core.reading import read
from bot.core.text import clean
from bot.core.triage import Triager
from bot.core.typos import Vocabulary
from bot.model import Level, Triage

PIECES = (
    *("chest pain", "can't breathe", "calf", "swollen", "hot", "no", "not", "or", "and", "but", "my", "if", "fever"),
    *("?", ".", ",", "\n", "…", "—", "’", "\u202e", "🩸", "''", "0", "pus", "isn't", "can", "cause", "what if"),
    *("in 2015", "years ago"),
)


@pytest.fixture(scope="module")
def triager(red_flags: tuple[RedFlag, ...]) -> Triager:
    return Triager(red_flags)


def ids(triager: Triager, text: str) -> list[str]:
    return [flag.id for flag in triager.triage(text).flags]


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        pytest.param("I have chest pain", "chest_pain_breathless", id="plain"),
        pytest.param("CHEST PAIN!!!", "chest_pain_breathless", id="capitals"),
        pytest.param("there is pain deep in my chest", "chest_pain_breathless", id="words between"),
        pytest.param("cant breahte", "chest_pain_breathless", id="slip and no apostrophe"),
        pytest.param("I can not breathe", "chest_pain_breathless", id="can not"),
        pytest.param("chset pian", "chest_pain_breathless", id="swapped letters"),
        pytest.param("my calf is really very swolen", "suspected_dvt", id="small words do not count"),
        pytest.param("I can’t\nbreathe", "chest_pain_breathless", id="torn by a line break"),
        pytest.param("I can't... breathe", "chest_pain_breathless", id="torn by dots"),
        pytest.param("сhest раin", "chest_pain_breathless", id="letters of another alphabet"),
        pytest.param("no feeling in my foot", "nerve_injury", id="the no is the sign"),
        pytest.param("no fever but my calf is hot", "suspected_dvt", id="denial ends at but"),
        pytest.param("No fever. Calf swollen.", "suspected_dvt", id="denial ends at a full stop"),
        pytest.param("no pain, calf swollen", "suspected_dvt", id="denial ends at a comma"),
        pytest.param("no pain I just have chest pain", "chest_pain_breathless", id="denial ends at a new subject"),
        pytest.param("No, I can't breathe", "chest_pain_breathless", id="no as an answer"),
        pytest.param("not sure if it is chest pain", "chest_pain_breathless", id="doubt is no denial"),
        pytest.param("I don't think it's chest pain", "chest_pain_breathless", id="thinking not is doubt"),
        pytest.param("don't want to bother you, calf swollen", "suspected_dvt", id="politeness"),
        pytest.param("not only fever", "suspected_dvt", id="not only"),
        pytest.param("Isn't my calf swollen?", "suspected_dvt", id="question that expects yes"),
        pytest.param("why isn't the chest pain stopping", "chest_pain_breathless", id="why isn't"),
        pytest.param("pain? yes chest pain", "chest_pain_breathless", id="question answered yes"),
        pytest.param("I have chest pain. No.", "chest_pain_breathless", id="a no that answers nothing"),
        pytest.param("is it normal that I can't breathe", "chest_pain_breathless", id="asked about oneself now"),
        pytest.param("could my calf be a blood clot", "suspected_dvt", id="could, of a body here and now"),
        pytest.param("what if I kill myself", "self_harm", id="self-harm is never only a question"),
        pytest.param("I had a blood clot in 2015 and it's back again", "suspected_dvt", id="past and again"),
        pytest.param("chest pain since 2015", "chest_pain_breathless", id="since then until now"),
        pytest.param("I read about it and now my calf is swollen", "suspected_dvt", id="hearsay and oneself"),
        pytest.param("get it off my chest: I have chest pain", "chest_pain_breathless", id="look-alike and sign"),
    ],
)  # fmt: skip
def test_a_sign_is_heard(triager: Triager, text: str, flag: str) -> None:
    assert flag in ids(triager, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("no chest pain", "denied", id="no"),
        pytest.param("No fever, no pus, just sore", "denied", id="each with its no"),
        pytest.param("I don't have fever, pus or chest pain", "denied", id="a list up to or"),
        pytest.param("without fever", "denied", id="without"),
        pytest.param("my calf isn't swollen", "denied", id="no between the words"),
        pytest.param("no swelling in my swollen calf", "denied", id="in my does not end it"),
        pytest.param("Chest pain? no", "denied", id="answered no"),
        pytest.param("fever: none", "denied", id="form filled in"),
        pytest.param("fever no, pus no", "denied", id="no behind each"),
        pytest.param("can dry needling cause a collapsed lung?", "hypothetical", id="can it cause"),
        pytest.param("what are the signs of a blood clot", "hypothetical", id="signs of"),
        pytest.param("what should I do if I get chest pain", "hypothetical", id="what to do if"),
        pytest.param("I had a blood clot in 2015", "past", id="year"),
        pytest.param("In 2015, I had a blood clot", "past", id="year first"),
        pytest.param("blood clot, years ago", "past", id="time last"),
        pytest.param("I used to get chest pain as a kid", "past", id="as a kid"),
        pytest.param("I read that you can have a collapsed lung", "hearsay", id="read"),
        pytest.param("my friend's cousin had a collapsed lung", "hearsay", id="friend of a friend"),
        pytest.param("I was short of breath when I think of needles", "sounds like", id="look-alike"),
    ],
)
def test_what_is_no_sign_is_passed_over_with_its_reason(triager: Triager, text: str, reason: str) -> None:
    found = triager.triage(text)
    assert found.flags == ()
    assert found.ruled_out
    assert all(reason in line for line in found.ruled_out)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("?!", id="marks"),
        pytest.param("need to get it off my chest", id="figure of speech"),
        pytest.param("my chest is fine. pain in calf", id="never over a full stop"),
        pytest.param("the chess game was a pain", id="another word is no slip"),
        pytest.param("hot bath, then my other calf", id="wrong order"),
        pytest.param("chest one two three four pain", id="too far apart"),
    ],
)
def test_nothing_is_found_where_nothing_is(triager: Triager, text: str) -> None:
    assert ids(triager, text) == []


def test_highest_level_first_with_the_words_that_fired(triager: Triager) -> None:
    found = triager.triage("itchy rash, calf swolen and hot, cant breathe")
    assert [(flag.id, flag.level) for flag in found.flags] == [
        ("chest_pain_breathless", Level.EMERGENCY),
        ("suspected_dvt", Level.URGENT),
        ("mild_skin_reaction", Level.ADVISE),
    ]
    assert found.level is Level.EMERGENCY
    assert found.flags[0].words == ("cant breathe",)
    assert found.flags[1].words == ("calf swolen", "calf hot")


def test_one_denial_does_not_hide_a_second_mention(triager: Triager) -> None:
    found = triager.triage("I said no chest pain. Now I have chest pain.")
    assert [flag.id for flag in found.flags] == ["chest_pain_breathless"]


def test_a_phrase_of_small_words_alone_still_counts() -> None:
    flag = RedFlag(id="odd", level=Level.ADVISE, signs=("it is so", "???"), question="Is it?", text="x")
    assert ids(Triager((flag,)), "well it is so") == ["odd"]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_triage_never_raises(triager: Triager, text: str) -> None:
    found = triager.triage(text)
    ranks = [flag.level.rank for flag in found.flags]
    assert ranks == sorted(ranks, reverse=True)
    assert all(flag.words for flag in found.flags)


@given(st.text(max_size=200))
def test_triage_never_raises_on_anything(triager: Triager, text: str) -> None:
    assert isinstance(triager.triage(text), Triage)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("can't breathe " * 300, id="one sign over and over"),
        pytest.param("calf is " * 500, id="half a sign over and over"),
        pytest.param("chest " * 340 + "pain " * 400, id="all beginnings, then all ends"),
        pytest.param("no, " * 1000, id="denials"),
        pytest.param("is " * 1365, id="small words"),
        pytest.param(" ".join(random.Random(7).choices(PIECES, k=900)), id="everything mixed"),
    ],
)
def test_a_hostile_text_costs_no_more_than_its_length(red_flags: tuple[RedFlag, ...], text: str) -> None:
    """Counted in pairs of words compared, so that a slow machine does not fail it."""
    looked_for = patterns(line for flag in red_flags for line in (*flag.signs, *flag.look_alikes))
    reading = read(clean(text))
    finder = Finder(reading, Vocabulary(word for phrase in looked_for for word in phrase.words))
    for phrase in looked_for:
        list(finder.all(phrase))
    assert finder.steps <= 10 * len(reading.tokens)
