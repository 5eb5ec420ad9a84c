"""Care plans: their shape, what is wrong with one of the right shape, and signing."""

from collections.abc import Mapping

import pytest

from bot.content.lint import Findings, check, unfit_to_run, unsigned
from bot.content.load import parse_content, parse_located
from bot.errors import ContentError

PATH = "en/check_ins/needling.yaml"
PLAN = """\
title: Needling
areas: [{id: heel, label: Heel}]
sides: [{id: left, label: Left}]
careful: [{id: thinner, label: Blood thinner, staff: thinner}]
careful_pain: {6: 7}
today: Walk gently.
footer: Ring {clinic_phone}.
steps:
  - id: first_hours
    code: C1
    title: First hours
    at: +3h
    latest: +4h
    hello: Hello
    advice: Until {next}.
    questions:
      - id: signs
        ask: Any of these?
        kind: several
        options: [{id: none, label: None}, {id: numb, label: Numb}]
      - {id: pain, ask: Pain in the {area}?, kind: scale}
      - id: hard
        ask: Is it hard?
        kind: choice
        when: pain >= 8
        options: [{id: no, label: No}, {id: yes, label: Yes, said: [rock hard, solid]}]
    rules:
      - {when: hard is yes, alert: compartment_limb_threat}
      - {when: signs has numb and thinner, note: Numb}
  - id: next_morning
    code: C2
    title: Next morning
    at: next morning 09:30
    at_least: 12h
    instead_at: 11:30
    window: 09:00-12:00
    latest: day 1 12:00
    carries: first_hours
    hello: Good morning
    advice: Walk gently.
    questions:
      - {id: pain, ask: Pain?, kind: scale}
    rules:
      - {when: pain - first_hours.pain >= 2 and area is heel, note: Worse}
no_reply: {after: 4h, remind: Just checking in., call_if: careful or pain >= 7}
""".replace("Pain in the {area}?", '"Pain in the {area}?"').replace("Ring {clinic_phone}.", '"Ring {clinic_phone}."')


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def look(files: Mapping[str, str], plan: str) -> Findings:
    return check(*parse_located({**files, PATH: plan}))


def test_a_good_plan_has_nothing_to_tell(good: dict[str, str]) -> None:
    assert look(good, PLAN) == Findings()


SHAPES: dict[str, tuple[str, str, str]] = {
    "unknown key": ("title: First hours", "titel: First hours", "did you mean 'title'?"),
    "time": ("at: +3h", "at: 3 hours", "write a time as +3h"),
    "condition": ("when: hard is yes", "when: hard is", "an answer is missing after 'hard'"),
    "kind": ("kind: several", "kind: many", "must be one of choice, several, scale, text"),
    "scale with options": ("kind: several", "kind: scale", "a scale question has no options"),
    "window": ("window: 09:00-12:00", "window: 9 to 12", "write times as 09:00-17:30"),
    "long id": ("id: next_morning", "id: the_next_morning_of_all", "use small letters"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_shape_is_told_with_its_line(good: dict[str, str], name: str) -> None:
    before, after, said = SHAPES[name]
    plan = PLAN.replace(before, after, 1)

    with pytest.raises(ContentError) as raised:
        parse_content({**good, PATH: plan})

    (problem, *_) = [one for one in raised.value.problems if said in one.text]
    assert problem.file == PATH
    assert problem.line is not None
    assert abs(problem.line - line_of(PLAN, before)) <= 2  # a whole item is told with the line it begins in


ERRORS: dict[str, tuple[str, str, str]] = {
    "unknown name": ("when: hard is yes", "when: hurd is yes", "'hurd' is neither a question of this check-in"),
    "unknown option": (
        "when: hard is yes",
        "when: hard is perhaps",
        "'hard' has no answer 'perhaps'; there are no, yes",
    ),
    "unknown area": ("area is heel", "area is calf", "'area' has no answer 'calf'"),
    "one of several": ("signs has numb", "signs is numb", "cannot be compared with 'is'"),
    "choice as number": ("when: hard is yes", "when: hard >= 7", "cannot be compared with a number"),
    "later check-in": ("when: pain >= 8", "when: next_morning.pain >= 8", "is not of an earlier check-in"),
    "no such check-in": ("first_hours.pain >=", "first_day.pain >=", "is no question of an earlier check-in"),
    "own answer": ("when: pain >= 8", "when: hard is yes", "waits for its own answer"),
    "alert": ("alert: compartment_limb_threat", "alert: bad_leg", "no sign of danger 'bad_leg'"),
    "level": (
        "alert: compartment_limb_threat",
        "alert: compartment_limb_threat, level: urgent",
        "may not be less than emergency",
    ),
    "level alone": ("note: Numb}", "note: Numb, level: urgent}", "a level belongs to an alert"),
    "empty rule": ("thinner, note: Numb}", "thinner}", "nothing follows from this rule"),
    "two check-ins of one id": ("id: next_morning", "id: first_hours", "'first_hours' is here twice"),
    "two options of one id": ("{id: yes, label", "{id: no, label", "'no' is here twice"),
    "carries": ("carries: first_hours", "carries: next_morning", "is no earlier check-in"),
    "latest before at": ("latest: +4h", "latest: +2h", "is not after 'at'"),
    "outside the window": ("at: next morning 09:30", "at: next morning 08:30", "08:30 is outside the window"),
    "instead outside": ("instead_at: 11:30", "instead_at: 12:30", "12:30 is outside the window"),
    "half a delay": ("    at_least: 12h\n", "", "belong together"),
    "before a visit": (
        "at: +3h\n    latest: +4h",
        "at: before visit 48h\n    latest: before visit 24h",
        "needs 'needs: visit'",
    ),
    "two ways of counting": ("latest: +4h", "latest: before visit 24h", "must both be counted from"),
    "day without visit": ("ask: Pain?", 'ask: "Pain on {day}?"', "names {day}"),
    "promise": ("today: Walk gently.", "today: This is guaranteed to help.", "promises too much"),
    "long label": ("label: Numb", "label: " + "very " * 8 + "numb", "fit a button"),
    "long question": ("ask: Is it hard?", "ask: " + "very " * 61 + "hard?", "a question has at most 300"),
    "a fact's name": ("{id: pain, ask: Pain?", "{id: baseline, ask: Pain?", "is a fact about the patient"),
    "call_if": ("call_if: careful or", "call_if: carefull or", "nor a fact"),
    "said, several": ("label: Numb}", "label: Numb, said: [no feeling]}", "'said' is for a question with one answer"),
    "said, a sign": ("[rock hard, solid]", "[rock hard, <leg>]", "'<leg>' must be plain words"),
    "said, twice": ("{id: no, label: No}", "{id: no, label: No, said: [Solid]}", "'solid' means 'no' already"),
    "careful_pain": ("{6: 7}", "{7: 6}", "7 cannot count as 6"),
    "mentions": ("careful_pain: {6: 7}", "mentions: {thinners: [warfarin]}", "'thinners' is no id under careful"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_is_wrong_is_told_with_its_line(good: dict[str, str], name: str) -> None:
    before, after, said = ERRORS[name]
    assert before in PLAN

    found = [one for one in look(good, PLAN.replace(before, after, 1)).errors if said in one.text]

    assert found != []
    assert found[0].file == PATH
    assert found[0].line is not None
    assert (
        abs(found[0].line - line_of(PLAN, before)) <= 3
    )  # a missing key is told at its partner's, or the item's, line


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param("when: hard is yes", "when: pain = 10", "nothing follows from the answer to 'hard'", id="unused"),
        pytest.param("compartment_limb_threat}", "compartment_limb_threat, say: Rest.}", "is not said", id="unsaid"),
    ],
)
def test_what_is_doubtful(good: dict[str, str], before: str, after: str, said: str) -> None:
    findings = look(good, PLAN.replace(before, after, 1))

    assert findings.errors == ()
    assert [said in one.text for one in findings.warnings] == [True]


SIGNS = PLAN[PLAN.index("      - id: signs") : PLAN.index('      - {id: pain, ask: "Pain in')]


@pytest.mark.parametrize(
    ("when", "after"),
    [
        pytest.param("pain >= 8", "pain", id="one answer"),
        pytest.param("pain >= 8 or (pain >= 7 and signs has numb)", "pain", id="one answer is enough"),
        pytest.param("first_hours.pain >= 8 and thinner and area is heel", "pain", id="facts"),
        pytest.param("pain >= 8 and signs has numb", None, id="both are needed"),
    ],
)
def test_an_ordinary_question_before_one_that_decides_a_warning(
    good: dict[str, str], when: str, after: str | None
) -> None:
    plan = PLAN.replace(SIGNS, "").replace("      - id: hard\n", f"{SIGNS}      - id: hard\n")
    plan = plan.replace("when: pain >= 8\n", f"when: {when}\n")
    found = [one for one in look(good, plan).warnings if "decides a warning" in one.text]
    assert [(one.file, one.line) for one in found] == [(PATH, line_of(plan, "id: hard"))][: after is not None]
    assert all(one.text.endswith(f"put it right after '{after}'") for one in found)


def test_an_unsigned_plan_refuses_the_start(good: dict[str, str]) -> None:
    content = parse_content({**good, PATH: PLAN})

    assert "needling" in unsigned(content)
    (problem,) = [one for one in unfit_to_run(content) if one.file == PATH]
    assert "'needling'" in problem.text
    assert "ALLOW_UNSIGNED=1" in problem.text
