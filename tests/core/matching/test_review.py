"""A phrasing in the wrong place, two entries that are nearly one, and what needs more are found, and named by harm."""

from collections.abc import Callable

import pytest

from bot.content.schema import Content, Entry
from bot.core.matching import build_index
from bot.core.matching.index import Index
from bot.core.matching.review import Review, review

SORE = (
    "how long does the soreness last",
    "when does the ache go away",
    "still aching the day after needling",
    "how many days will my calf be sore",
    "is it usual to be sore afterwards",
    "my muscles ache since yesterday, when is that over",
    "for how many days is soreness normal",
    "the ache is still there, how much longer",
)
BRUISED = (
    "I have a bruise where the needle went in",
    "purple mark on my calf",
    "how long does a bruise take to fade",
    "my leg is bruised after the treatment",
    "is bruising normal after dry needling",
    "a blue bruise came up on my shin",
    "will the bruise turn yellow",
    "there is bruising around the needle mark",
)
DRIVES = (
    "am I ok to drive after the session",
    "can I drive straight after needling",
    "is it safe to drive home",
    "should somebody else drive me home",
    "when may I drive again",
    "can I take the car home afterwards",
    "do I need a lift home or can I drive",
    "driving back to work after the appointment",
)
CYCLES = (
    "am I ok to cycle after the session",
    "can I cycle straight after needling",
    "is it safe to cycle home",
    "should somebody else collect me and my bike",
    "when may I cycle again",
    "can I take the bike home afterwards",
    "do I need a lift home or can I cycle",
    "cycling back to work after the appointment",
)
STRAY = "there is a big purple bruise around the needle mark on my calf"

MakeContent = Callable[..., Content]


@pytest.fixture(scope="module")
def make_content(content: Content, make_entry: Callable[..., Entry]) -> MakeContent:
    def build(for_people: tuple[str, ...] = (), **phrasings: tuple[str, ...]) -> Content:
        entries = tuple(make_entry(id_, f"{id_}?", *lines) for id_, lines in phrasings.items())
        group = content.groups[0].model_copy(update={"entries": entries})
        left = {"other": for_people} if for_people else {}
        return content.model_copy(update={"groups": (group,), "for_people": left})

    return build


@pytest.fixture(scope="module")
def found(make_content: MakeContent) -> Review:
    """Of an FAQ with two entries that are nearly the same."""
    return review(build_index(make_content(sore=SORE, bruised=BRUISED, drives=DRIVES, cycles=CYCLES)))


def test_a_phrasing_in_the_wrong_place_comes_first(make_content: MakeContent) -> None:
    misplaced = review(build_index(make_content(sore=SORE, bruised=BRUISED, drives=(*DRIVES, STRAY), cycles=CYCLES)))
    worst = misplaced.strays[0]
    assert (worst.text, worst.entry, worst.reached) == (STRAY, "drives", "bruised")
    assert not worst.only_misspelt


def test_strays_are_ordered_by_harm(found: Review) -> None:
    harms = [stray.harm for stray in found.strays if not stray.answered]
    assert harms == sorted(harms, reverse=True)


def test_two_entries_that_are_nearly_one_are_named_with_what_tells_them_apart(found: Review) -> None:
    pair = found.pairs[0]
    assert {pair.one, pair.other} == {"cycles", "drives"}
    apart = dict(zip((pair.one, pair.other), (pair.tells_one, pair.tells_other), strict=True))
    assert apart["cycles"][0] == "cycle"
    assert apart["drives"][0] == "drive"
    assert not {"home", "after"} & {*pair.tells_one, *pair.tells_other}


def test_entries_that_say_other_things_are_no_pair(found: Review) -> None:
    assert [{pair.one, pair.other} for pair in found.pairs] == [{"cycles", "drives"}]


def test_entries_with_few_phrasings_need_more_those_found_least_first(found: Review) -> None:
    assert {thin.entry for thin in found.thin} == {"sore", "bruised", "drives", "cycles"}
    assert [thin.found for thin in found.thin] == sorted(thin.found for thin in found.thin)


def test_a_line_left_to_people_that_would_be_answered_is_a_stray(make_content: MakeContent) -> None:
    index = build_index(make_content(("is the weather nice today",), sore=SORE, bruised=BRUISED))
    row = index.lines.index("is the weather nice today")
    assert review(index).strays == tuple(stray for stray in review(index).strays if stray.entry is not None)
    index.replayed.sure[0, row] = index.gates.answer
    (stray,) = (stray for stray in review(index).strays if stray.entry is None)
    assert (stray.text, stray.answered) == ("is the weather nice today", True)


@pytest.mark.parametrize(
    "phrasings",
    [pytest.param({}, id="nothing"), pytest.param({"sore": SORE}, id="one entry")],
)
def test_where_there_is_nothing_to_confuse_nothing_is_said(
    make_content: MakeContent, phrasings: dict[str, tuple[str, ...]]
) -> None:
    assert review(build_index(make_content(**phrasings))) == Review((), (), ())


def test_an_index_read_back_says_the_same(make_content: MakeContent, tmp_path_factory: pytest.TempPathFactory) -> None:
    index = build_index(make_content(sore=SORE, bruised=BRUISED, drives=DRIVES, cycles=CYCLES))
    folder = tmp_path_factory.mktemp("index") / "kept"
    index.save(folder)
    assert review(Index.load(folder)) == review(index)
