"""What is found wrong with an announcement, and what it is completed with."""

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest

from bot.content.broadcasts import TEMPLATE_PLACEHOLDERS
from bot.content.locked_screen import locked_screen
from bot.content.plan import Option
from bot.content.schema import Clinic, Content
from bot.content.sentences import BroadcastReplies
from bot.core.announcement_check import (
    MAX_FAMILY_LABEL,
    Fault,
    Finding,
    check,
    completed,
    in_words,
    limit,
    longest,
    with_opt_out,
)
from bot.core.announcing import PERSONAL, Announcement

STOP = "Reply STOP to opt out."
GOOD = f"{{clinic_name}}: we are closed on Friday.\n\n{STOP}"
NAME = "Harbour Foot & Ankle"
Links = tuple[tuple[str, str], ...]


@pytest.fixture
def desk(content: Content) -> Content:
    """The small content with a line to opt out and words that are private."""
    replies = content.broadcasts.model_copy(update={"opt_out": STOP})
    private = ("needling", "trigger point", "ankle")
    return content.model_copy(update={"broadcasts": replies, "private_words": private})


def faults(text: str, content: Content, links: Links = (), *, has_photo: bool = False) -> list[Fault]:
    return [finding.kind for finding in check(Announcement(text, links), content, has_photo=has_photo)]


def one(text: str, content: Content, links: Links = ()) -> Finding:
    (finding,) = check(Announcement(text, links), content)
    return finding


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            pytest.param("", Fault.EMPTY, id="nothing"),
            pytest.param(" <b> </b>\n", Fault.EMPTY, id="formatting of nothing"),
            pytest.param(f"{GOOD} <b>x", Fault.MARKUP, id="never closed"),
            pytest.param(f"{GOOD} {{phone}}", Fault.UNKNOWN_NAME, id="a name nobody fills in"),
            pytest.param(f"{GOOD} {{clinic_fone}}", Fault.UNKNOWN_NAME_NEAR, id="mistyped"),
            pytest.param(f"{GOOD} {{Clinic phone}}", Fault.UNKNOWN_NAME_NEAR, id="as words"),
            pytest.param(f"{GOOD} {{}}", Fault.UNKNOWN_NAME, id="nothing in brackets"),
            pytest.param(f"{GOOD} {{day", Fault.BRACKET, id="no partner"),
            pytest.param(f"{GOOD} {{closure}}", Fault.NO_CLOSURE, id="no closure to come"),
            pytest.param(f"{GOOD} <a href='http://e.org'>x</a>", Fault.LINK_NOT_HTTPS, id="a link in the words"),
            pytest.param(f"{GOOD} <a href='tg://user?id=5'>x</a>", Fault.LINK_NOT_HTTPS, id="somebody's account"),
        ],
    )
    def test_in_the_text(self, desk: Content, text: str, fault: Fault) -> None:
        finding = one(text, desk)

        assert (finding.kind, finding.is_problem) == (fault, True)

    def test_a_mistyped_name_comes_with_the_one_that_was_meant(self, desk: Content) -> None:
        said = one(f"{GOOD} {{Clinic phone}}", desk)

        assert said.values == {"name": "{Clinic phone}", "near": "{clinic_phone}"}

    @pytest.mark.parametrize(
        ("links", "found"),
        [
            ((("Book", "https://clinic.example/book"),) * 3, []),
            ((("Book", "https://clinic.example/book"),) * 4, [Fault.TOO_MANY_LINKS]),
            ((("x" * 40, "https://e.org"),), []),
            ((("x" * 41, "https://e.org"),), [Fault.LABEL_TOO_LONG]),
            ((("👍" * 21, "https://e.org"),), [Fault.LABEL_TOO_LONG]),
            ((("Book", "http://e.org"),), [Fault.LINK_NOT_HTTPS]),
            ((("Book", "{booking_link}"),), [Fault.LINK_NOT_HTTPS]),
            ((("Book", "https://localhost/a"),), [Fault.LINK_NOT_HTTPS]),
            ((("Book", "https://e.org/a b"),), [Fault.LINK_NOT_HTTPS]),
            ((("Book", "https://[e.org"),), [Fault.LINK_NOT_HTTPS]),
            ((("Book", "https://e.org/" + "x" * 1986),), []),
            ((("Book", "https://e.org/" + "x" * 1987),), [Fault.LINK_TOO_LONG]),
        ],
    )
    def test_in_the_links(self, desk: Content, links: Links, found: list[Fault]) -> None:
        assert faults(GOOD, desk, links) == found

    @pytest.mark.parametrize(
        ("has_photo", "room", "fault"), [(False, 4096, Fault.TOO_LONG), (True, 1024, Fault.TOO_LONG_FOR_PHOTO)]
    )
    def test_of_its_length(self, desk: Content, has_photo: bool, room: int, fault: Fault) -> None:
        start = f"{NAME.replace('&', '&amp;')} {STOP} "
        fits = start + "x" * (room - len(NAME) - len(STOP) - 2)

        assert limit(has_photo) == room
        assert faults(fits, desk, has_photo=has_photo) == []
        assert faults(fits + "x", desk, has_photo=has_photo) == [fault]

    def test_all_come_at_once_problems_first(self, desk: Content) -> None:
        assert faults("Closed {fone}", desk, (("Book", "e.org"),)) == [
            *(Fault.UNKNOWN_NAME, Fault.LINK_NOT_HTTPS),
            *(Fault.CLINIC_NOT_NAMED, Fault.NO_OPT_OUT),
        ]


class TestTheLongestCopy:
    def test_names_are_filled_in(self, desk: Content) -> None:
        assert longest("{clinic_name}", desk) == len(NAME)

    @pytest.mark.parametrize(
        ("text", "filled"), [("{day}", len("Wednesday")), ("{time}", 5), ("{area}", len("leg or foot"))]
    )
    def test_with_the_longest_values_and_a_name_that_a_family_uses(self, desk: Content, text: str, filled: int) -> None:
        areas = (Option(id="heel", label="Heel"), Option(id="other", label="Leg or foot"))
        plan = SimpleNamespace(areas=areas)

        assert longest(text, desk.model_copy(update={"plans": {"needling": plan}})) == filled + MAX_FAMILY_LABEL + 2


class TestWhatALockedPhoneShows:
    @pytest.mark.parametrize(
        ("html", "shown"),
        [
            ("<b>Clinic</b>:\n\nsee you\ntomorrow &amp; soon", "Clinic: see you tomorrow & soon"),
            ("a" * 60, "a" * 60),
            ("word " * 13 + "end", "word " * 11 + "word word…"),
            ("x" * 100, "x" * 80 + "…"),
            ("", ""),
        ],
        ids=["one line, no formatting", "sixty fit", "cut at the end of a word", "one endless word", "nothing"],
    )
    def test_first_words(self, html: str, shown: str) -> None:
        assert locked_screen(html) == shown

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("{clinic_name}: your needling on Monday", "needling"),
            ("{clinic_name}: Needling, again", "needling"),
            ("{clinic_name}: your trigger-point visit", "trigger point"),
            ("{clinic_name}: how is your {area}?", "{area}"),
            ("Your ankle, from {clinic_name}", "ankle"),
        ],
    )
    def test_private_words_in_them(self, desk: Content, text: str, word: str) -> None:
        finding = one(f"{text}\n\n{STOP}", desk)

        assert (finding.kind, finding.values["word"], finding.is_problem) == (Fault.PRIVATE_WORD, word, False)

    @pytest.mark.parametrize(
        "text",
        [
            GOOD,
            f"{{clinic_name}}: hello. {'Nothing new here today. ' * 2}Your needling. {STOP}",
            f"{{clinic_name}}: the needlework group meets. {STOP}",
        ],
        ids=["the clinic's own name is not one", "further down", "part of another word"],
    )
    def test_nothing_private(self, desk: Content, text: str) -> None:
        assert faults(text, desk) == []

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            (f"From HARBOUR Foot &amp; Ankle: closed. {STOP}", True),
            (f"We are closed. {STOP}", False),
            (f"{'We are closed on Friday and on Saturday too, and on Sunday. '}{{clinic_name}} {STOP}", False),
        ],
    )
    def test_the_clinic_is_named(self, desk: Content, text: str, named: bool) -> None:
        assert (Fault.CLINIC_NOT_NAMED not in faults(text, desk)) is named

    def test_of_a_long_name_the_beginning_is_enough(self, desk: Content, make_clinic: Callable[..., Clinic]) -> None:
        clinic = make_clinic(name="The Harbour Street Practice for Feet, Ankles, and All That Is Above Them")
        of_long_name = desk.model_copy(update={"clinic": clinic})

        assert faults(GOOD, of_long_name) == []


class TestCompleting:
    @pytest.mark.parametrize(
        ("today", "days"),
        [
            (date(2026, 11, 23), "1 December"),
            (date(2026, 12, 1), "1 December"),
            (date(2026, 12, 2), "24 December to 2 January"),
            (date(2027, 1, 2), "24 December to 2 January"),
            (date(2027, 1, 3), "{closure}"),
        ],
    )
    def test_the_next_closure(self, desk: Content, make_clinic: Callable[..., Clinic], today: date, days: str) -> None:
        closures = [
            {"first": "2026-12-24", "last": "2027-01-02", "reason": "Christmas"},
            {"first": "2026-12-01", "last": "2026-12-01", "reason": "Training"},
        ]
        closing = desk.model_copy(update={"clinic": make_clinic(closures=closures)})

        assert completed("Closed {closure}.", closing, today) == f"Closed {days}.\n\n{STOP}"

    @pytest.mark.parametrize(
        ("text", "complete"),
        [
            ("Closed.\n", f"Closed.\n\n{STOP}"),
            (f"Closed. {STOP}", f"Closed. {STOP}"),
            ("Closed. reply <b>stop</b> to opt out", "Closed. reply <b>stop</b> to opt out"),
            ("<b>Closed", f"<b>Closed\n\n{STOP}"),
            (" ", " "),
        ],
        ids=["added below", "there already", "in another form", "broken", "nothing to add it to"],
    )
    def test_how_to_opt_out(self, text: str, complete: str) -> None:
        assert with_opt_out(text, STOP) == complete

    def test_once_is_enough(self, desk: Content) -> None:
        first = completed("Closed.", desk, date(2026, 11, 23))
        assert completed(first, desk, date(2026, 11, 23)) == first


def test_every_fault_has_its_sentence() -> None:
    asked = {f"check_{fault}" for fault in Fault}
    assert {name for name in BroadcastReplies.model_fields if name.startswith("check_")} == asked


def test_a_finding_is_told_with_its_words_escaped(desk: Content) -> None:
    sentence = "Nobody fills in {name} at {clinic_name}."
    replies = desk.broadcasts.model_copy(update={"check_unknown_name": sentence})
    finding = Finding(Fault.UNKNOWN_NAME, {"name": "{<b>}"})

    said = in_words(finding, desk.model_copy(update={"broadcasts": replies}))

    assert said == "Nobody fills in {&lt;b&gt;} at Harbour Foot &amp; Ankle."


def test_templates_may_name_what_a_copy_fills_in_and_the_closure() -> None:
    assert PERSONAL | {"closure"} == TEMPLATE_PLACEHOLDERS
