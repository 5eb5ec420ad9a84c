"""Words typed together are read as the words they are; what is no such run stays as it was typed."""

import pytest

from bot.core.matching.english import english
from bot.core.spaces import SHORTEST, Spaces

TELLING = ("mum", "weeks", "breathe", "chest", "pain", "calf", "swollen", "stroke", "cant")


@pytest.fixture(scope="module")
def spaces() -> Spaces:
    return Spaces(TELLING, english().rows, english().knows)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cantbreathe", "cant breathe"),
        ("help, Icantbreathe!", "help, i cant breathe !"),
        ("9weeksofchestpain8outof10", "9 weeks of chest pain 8outof10"),
        ("MYCALFISSWOLLEN", "my calf is swollen"),
        ("nochestpain", "no chest pain"),
        ("ithinkimhavingastroke", "i think im having a stroke"),
        ("Mum'scalfisswollen", "mums calf is swollen"),
        pytest.param("chestpain since lunch", "chest pain since lunch", id="beside others"),
    ],
)
def test_spaces_come_back(spaces: Spaces, typed: str, meant: str) -> None:
    assert spaces.put_back(typed).split() == meant.split()


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("swollen calf", id="as they are"),
        pytest.param("breathtaking", id="a word"),
        pytest.param("howareyoutoday", id="nothing that matters"),
        pytest.param("chestqzxw", id="a part that is no word"),
        pytest.param("calfy", id="too short"),
        pytest.param("my husband's stroke", id="an apostrophe"),
        pytest.param("chestpain_x", id="a part of something else"),
        pytest.param("мояногаболит", id="another alphabet"),
        "",
    ],
)
def test_what_stays_as_it_is(spaces: Spaces, typed: str) -> None:
    assert spaces.put_back(typed) == typed


def test_a_long_text_costs_no_more_than_its_first_runs(spaces: Spaces) -> None:
    runs = "chestpain " * 400
    assert spaces.put_back(runs).split()[:4] == ["chest", "pain", "chest", "pain"]
    assert spaces.put_back(runs).endswith("chestpain ")
    wall = "chestpain" * 400
    assert spaces.put_back(wall) == wall
    assert len("chestpain") > SHORTEST
