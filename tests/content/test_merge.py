"""Changes of two people to the same files."""

import pytest

from bot.content.merge import merged

BASE = {"a": "1\n2\n3\n4\n5\n", "b": "x\n"}


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        pytest.param({"a": "1\n2\n3\n4\n6\n"}, {}, {"a": "1\n2\n3\n4\n6\n"}, id="only one"),
        pytest.param({}, {"a": "0\n2\n3\n4\n5\n"}, {"a": "0\n2\n3\n4\n5\n"}, id="only the other"),
        pytest.param({"a": "0\n2\n3\n4\n5\n"}, {"a": "1\n2\n3\n5\n"}, {"a": "0\n2\n3\n5\n"}, id="different lines"),
        pytest.param({"a": "0\n2\n3\n4\n5\n"}, {"b": "y\n"}, {"a": "0\n2\n3\n4\n5\n", "b": "y\n"}, id="two files"),
        pytest.param({"a": "0\n2\n3\n4\n5\n"}, {"a": "9\n2\n3\n4\n5\n"}, None, id="the same line"),
        pytest.param({"a": "1\nnew\n2\n3\n4\n5\n"}, {"a": "1\n3\n4\n5\n"}, None, id="lines that touch"),
        pytest.param({"a": "0\n"}, {"a": "0\n"}, {"a": "0\n"}, id="the same change"),
        pytest.param({}, {"c": "new\n"}, {"c": "new\n"}, id="a new file"),
    ],
)
def test_both_changes_or_none(one: dict[str, str], other: dict[str, str], both: dict[str, str] | None) -> None:
    assert merged(BASE, BASE | one, BASE | other) == (None if both is None else BASE | both)


def test_a_file_that_one_removes_is_gone() -> None:
    assert merged(BASE, BASE, {"a": BASE["a"]}) == {"a": BASE["a"]}
    assert merged(BASE, BASE | {"b": "z\n"}, {"a": BASE["a"]}) is None
