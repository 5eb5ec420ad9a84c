"""What counts as an answer, and what does not: one text a line."""

from collections.abc import Mapping

import pytest

from bot.content.plan import Question
from bot.content.schema import Words
from bot.core.care.hearing import hear
from bot.core.care.pain_words import Number, hear_number
from bot.core.care.wellness import is_all_fine, is_goodbye, is_not_fine

WALK = {"id": "walk", "ask": "Can you walk about at home?", "kind": "choice"}
COMPARED = {"id": "night", "ask": "Compared with last night it is…", "kind": "choice"}
SIGNS = {"id": "signs", "ask": "Tap all you see or feel.", "kind": "several"}


@pytest.fixture(scope="module")
def known(wish_words: Words) -> Words:
    more = {
        "yes": ("yes", "y", "yes please", "yeah", "ok", "sure"),
        "no": ("no", "n", "nope", "no thanks", "not really"),
        "not_sure": ("not sure", "maybe", "i don't know"),
        "none_of_these": ("none of these", "none", "none of the above"),
    }
    return wish_words.model_copy(update=more)


def question(base: Mapping[str, object], *options: tuple[str, str, tuple[str, ...]], **fields: object) -> Question:
    made = [{"id": id_, "label": label, "words": words} for id_, label, words in options]
    return Question.model_validate({**base, "options": made, **fields})


night = question(
    COMPARED,
    ("better", "Better", ("easing", "going down", "improving")),
    ("same", "Same", ("no change", "no better", "the same")),
    ("worse", "Worse", ("getting worse", "going up", "not better")),
)
walk = question(
    WALK, ("yes", "Yes", ()), ("limp", "Yes, with a limp", ("limping", "hobbling")), ("no", "No", ("cannot walk",))
)
week = question(
    COMPARED,
    ("much_better", "Much better", ()),
    ("better", "A bit better", ("better", "slightly better")),
    ("same", "Same", ()),
    ("worse", "Worse", ()),
)
soaking = question(
    {"id": "soaking", "ask": "Is it soaking through?", "kind": "choice", "when": "signs has bleeding"},
    ("yes", "Yes", ()),
    ("no", "No", ()),
)
call = question(
    {"id": "call", "ask": "Would you like a call from the team?", "kind": "choice"},
    ("no", "No", ()),
    ("yes", "Yes", ()),
)
signs = question(
    SIGNS,
    ("none", "None", ()),
    ("sore", "Sore like after the gym", ("sore", "gym soreness")),
    ("bruise", "Bruise", ("bruising", "bruised")),
    ("bump", "Small bump", ("bump", "lump")),
    ("numb", "Still numb", ("numb", "tingling")),
    ("swollen", "One calf swollen or warm", ("swollen", "swelling")),
)
own_words = Question(id="other", ask="Anything else?", kind="text")
yesterday = Question(id="worst", ask="Pain at its worst yesterday, 0-10?", kind="scale")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6", Number(6)),
        ("six", Number(6)),
        ("six-ish", Number(6)),
        ("sixish", Number(6)),
        ("6ish", Number(6)),
        ("about 6", Number(6)),
        ("7/10", Number(7)),
        ("7 / 10", Number(7)),
        ("7 out of 10", Number(7)),
        ("seven out of ten", Number(7)),
        ("6-7", Number(7)),
        ("6 or 7", Number(7)),
        ("6 to 7", Number(7)),
        ("between 6 and 7", Number(7)),
        ("6–7", Number(7)),
        ("6/7", Number(7)),
        ("6-7/10", Number(7)),
        ("ten!!", Number(10)),
        ("TEN", Number(10)),
        ("0", Number(0)),
        ("none", Number(0)),
        ("no pain", Number(0)),
        ("no pain at all", Number(0)),
        ("nothing", Number(0)),
        ("not sore at all", Number(0)),
        ("pain free", Number(0)),
        ("it doesn't hurt", Number(0)),
        ("zero", Number(0)),
        ("all gone", Number(0)),
        ("lots", Number(8, is_sure=False)),
        ("very bad", Number(8, is_sure=False)),
        ("agony", Number(8, is_sure=False)),
        ("11", Number(8, is_sure=False)),
        ("-1", Number(8, is_sure=False)),
        ("15/10", Number(8, is_sure=False)),
        ("really really bad today", Number(8, is_sure=False)),
        ("a bit", Number(3, is_sure=False)),
        ("not too bad", Number(3, is_sure=False)),
        ("medium", Number(5, is_sure=False)),
        ("not bad", Number(3, is_sure=False)),
        ("6.5", Number(7)),
        ("6,5", Number(7)),
        ("6 and a half", Number(7)),
        ("6½", Number(7)),
        ("6 yesterday, 4 now", Number(4)),
        ("was 8 now 3", Number(3)),
        ("from 8 to 3", Number(3)),
        ("not 8, 3", Number(3)),
        ("8 down to 3", Number(3)),
        ("gone down to 3", Number(3)),
        ("it has been 3 days", None),
        ("2 hours", None),
        ("can I run 5k tomorrow", None),
        ("can i do 5 reps", None),
        ("what about day 3", None),
        ("for 3 days now", None),
        ("I took 2 paracetamol", None),
        ("my pain is 7 today and I took 2 paracetamol", Number(7)),
        ("7, it kept me up all night", Number(7)),
        ("the pain in my left calf is about 6 this morning when I walk", Number(6)),
        ("is 6 normal?", None),
        ("6?", Number(6)),
        ("maybe 6?", Number(6)),
        ("6, is that normal?", Number(6)),
        ("can I have a bath at 6", None),
        ("I had a bath at 6pm", None),
        ("my appointment is at 10", None),
        ("7 I can't breathe", Number(7)),
        ("9 and I can't feel my foot", Number(9)),
        ("4 at rest, 7 walking", Number(7)),
        ("pain 5", Number(5)),
        ("pain: 5", Number(5)),
        ("5.", Number(5)),
        ("its a 7", Number(7)),
        ("it's about a seven I think", Number(7)),
        ("I'd say 5", Number(5)),
        ("sevn", Number(7)),
        ("eigth", Number(8)),
        ("more than 7", Number(8)),
        ("7+", Number(8)),
        ("at least 7", Number(7)),
        ("under 5", Number(4)),
        ("almost 8", Number(8)),
        ("10/10", Number(10)),
        ("100", Number(8, is_sure=False)),
        ("100% better", None),
        ("07911 123456", None),
        ("no", None),
        ("ok thanks", None),
        ("how much longer", None),
        ("really bad bruise on my leg", None),
        ("no pain but my foot is numb", None),
        ("worse", None),
        ("3 times a day", None),
        ("2 of my toes are numb", None),
        ("5:30", None),
        ("10 days", None),
        ("ring me on 5", None),
        ("hello", None),
        ("6 today", Number(6)),
        ("6 in the morning", Number(6)),
        ("it was 6 yesterday", None),
        ("5 5", Number(5)),
        ("5️⃣", Number(5)),
        ("🔟", Number(10)),
        ("no change", None),
        ("one", Number(1)),
        ("two", Number(2)),
        ("about one", Number(1)),
        ("no one called me", None),
        ("1 out of 10", Number(1)),
        ("8 when I walk, 3 sitting", Number(8)),
        ("not 8", None),
        ("fine", Number(3, is_sure=False)),
        ("a lot", Number(8, is_sure=False)),
        ("unbearable pain", Number(8, is_sure=False)),
        ("how bad is too bad", None),
        ("bad", Number(8, is_sure=False)),
        ("3 - 4", Number(4)),
        ("3to4", Number(4)),
        ("2,3", Number(3)),
        ("it is 3", Number(3)),
        ("3 now", Number(3)),
        ("4 thanks", Number(4)),
        ("4 thank you x", Number(4)),
        ("still a 5", Number(5)),
        ("same 5", Number(5)),
        ("my heel is a 3", Number(3)),
        ("6 but better", Number(6)),
        ("on a scale of 1 to 10 about 4", Number(4)),
        ("scale 4", Number(4)),
    ],
)
def test_a_number(text: str, number: Number | None) -> None:
    assert hear_number(text) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [("6", 6), ("it was 7 yesterday", 7), ("7 yesterday, 3 now", 7), ("7/10 at its worst", 7), ("3 today", 3)],
)
def test_a_number_of_yesterday(text: str, value: int, known: Words) -> None:
    heard = hear(text, yesterday, known)
    assert heard is not None
    assert (heard.value, heard.is_sure) == (value, True)


@pytest.mark.parametrize(
    ("asked", "text", "option"),
    [
        (night, "better", "better"),
        (night, "Better!", "better"),
        (night, "bettr", "better"),
        (night, "it's better thanks", "better"),
        (night, "2", "same"),
        (night, "option 3", "worse"),
        (night, "the second one", "same"),
        (night, "4", None),
        (night, "0", None),
        (night, "much the same", "same"),
        (night, "no change", "same"),
        (night, "no better", "same"),
        (night, "not better", "worse"),
        (night, "I think it is easing a little bit", "better"),
        (night, "a lot worse this morning", "worse"),
        (night, "getting wrose", "worse"),
        (night, "not worse", None),
        (night, "better than yesterday but worse than before", None),
        (night, "is it worse if I walk", None),
        (night, "will it get better?", None),
        (night, "when does it get better", None),
        (night, "better but still a bit sore", "better"),
        (night, "better but my toes are white", None),
        (night, "six", None),
        (night, "my cat is asleep", None),
        (night, "", None),
        (night, "👍", None),
        (week, "much better", "much_better"),
        (week, "better", "better"),
        (week, "a bit better I would say", "better"),
        (week, "so much better", "much_better"),
        (walk, "yes", "yes"),
        (walk, "yeah no problem", "yes"),
        (walk, "yes with a limp", "limp"),
        (walk, "I'm limping a bit", "limp"),
        (walk, "hobling", "limp"),
        (walk, "no", "no"),
        (walk, "nope", "no"),
        (walk, "No, I can't", "no"),
        (walk, "no strength in it at all", None),
        (walk, "not sure", None),
        (soaking, "yes it is", "yes"),
        (soaking, "no, it's fine", "no"),
        (soaking, "not sure", "yes"),
        (soaking, "no but it is getting worse", None),
        (soaking, "should I press harder?", None),
        (call, "no thanks", "no"),
        (call, "yes please", "yes"),
        (call, "1", "no"),
        (call, "maybe", None),
    ],
)
def test_one_option(asked: Question, text: str, option: str | None, known: Words) -> None:
    heard = hear(text, asked, known)
    assert (heard.value if heard else None) == option


@pytest.mark.parametrize(
    ("text", "ticked", "options"),
    [
        ("bruise", (), ("bruise",)),
        ("bruise and a bump", (), ("bruise", "bump")),
        ("a bump, bruise", (), ("bruise", "bump")),
        ("bruse", (), ("bruise",)),
        ("just a bruise", (), ("bruise",)),
        ("there's a small lump and it is still numb", (), ("bump", "numb")),
        ("bruise but no bump", (), ("bruise",)),
        ("no bruise", (), None),
        ("no swelling, no bruising", (), None),
        ("the bruise is gone, still numb", (), ("numb",)),
        ("3", (), ("bruise",)),
        ("3 and 4", (), ("bruise", "bump")),
        ("3,4", (), ("bruise", "bump")),
        ("3 9", (), None),
        ("2 + 5", (), ("sore", "numb")),
        ("none", (), ("none",)),
        ("None of these", (), ("none",)),
        ("no", (), ("none",)),
        ("nothing at all", (), ("none",)),
        ("none thanks, all fine", (), ("none",)),
        ("1", (), ("none",)),
        ("bruise", ("bump",), ("bruise", "bump")),
        ("done", ("bump",), ("bump",)),
        ("that's all", ("bump", "numb"), ("bump", "numb")),
        ("done", (), None),
        ("none", ("bump",), ("none",)),
        ("is a bruise normal?", (), None),
        ("can I put ice on the bruise", (), None),
        ("tingling and swolen", (), ("numb", "swollen")),
        ("I went for a walk", (), None),
    ],
)
def test_several_options(text: str, ticked: tuple[str, ...], options: tuple[str, ...] | None, known: Words) -> None:
    heard = hear(text, signs, known, ticked)
    assert (heard.value if heard else None) == options


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the stairs are hard", "the stairs are hard"),
        ("  two \n lines ", "two lines"),
        ("why do you ask?", None),
        ("", None),
    ],
)
def test_own_words(text: str, value: str | None, known: Words) -> None:
    heard = hear(text, own_words, known)
    assert (heard.value if heard else None) == value


def test_own_words_are_kept_short(known: Words) -> None:
    heard = hear("long " * 200, own_words, known)
    assert heard is not None
    assert len(str(heard.value)) <= 300


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("All fine", True),
        ("fine thanks", True),
        ("all good", True),
        ("I'm great, thank you", True),
        ("no problems at all", True),
        ("all good thanks bye", True),
        ("yes", True),
        ("not fine", False),
        ("fine but my calf is hard", False),
        ("is that fine?", False),
        ("thanks", False),
        ("no", False),
        ("a bit sore", False),
        ("good grief", False),
        ("", False),
    ],
)
def test_all_fine(text: str, is_fine: bool, known: Words) -> None:
    assert is_all_fine(text, known) is is_fine


@pytest.mark.parametrize(
    ("text", "is_not"),
    [
        ("no", True),
        ("not really", True),
        ("not quite", True),
        ("not great tbh", True),
        ("nothing", False),
        ("fine", False),
    ],
)
def test_not_fine(text: str, is_not: bool, known: Words) -> None:
    assert is_not_fine(text, known) is is_not


@pytest.mark.parametrize(
    ("text", "is_leave"),
    [
        ("all good, thanks, bye", True),
        ("All good, bye!", True),
        ("everything is good. bye", True),
        ("good bye", False),
        ("I'm fine now, no need to check on me again, goodbye", True),
        ("all good, thanks", False),
        ("bye", False),
        ("bye bye calf, it hurts", False),
        ("all good? bye", False),
    ],
)
def test_taking_leave(text: str, is_leave: bool) -> None:
    assert is_goodbye(text) is is_leave
