"""What the audit knows how to say: every action that is written anywhere has its words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.content.load import load_content
from bot.store.audits import Ref, ref_of
from bot.store.enrolling import NEW_NUMBER

ROOT = Path(__file__).parents[2]
WRITERS = {"write_audit", "_note", "_note_test", "_audit", "note"}
"""What writes the audit, and what some files call their own short way to it."""
CHOSEN = {"missed", "false_alarm", "team_owner", "team_clinician", "team_desk"}
"""Actions that are put together from an enum."""


def actions_in(path: Path, constants: dict[str, str]) -> Iterator[str]:
    """The actions that a file writes: as an argument of a writer, as a variable or a column of that name."""
    prefix = "broadcast_" if path.stem.startswith("broadcast") else ""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in WRITERS:
                yield from (prefix + said for argument in node.args for said in words_in(argument, constants))
            case ast.Assign(targets=[ast.Name(id="action")]) | ast.keyword(arg="action"):
                yield from words_in(node.value, constants)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    yield from words_in(value, constants) if getattr(key, "value", None) == "action" else ()


def words_in(node: ast.AST, constants: dict[str, str]) -> list[str]:
    """The strings that an expression may be."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp():
            return words_in(node.body, constants) + words_in(node.orelse, constants)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [constants[name]] if name in constants else []
    return []


def constants_in(paths: list[Path]) -> dict[str, str]:
    """Names in capitals that stand for one string, in any of these files."""
    found: dict[str, str] = {}
    for path in paths:
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.Assign):
                continue
            target, value = node.targets[0], node.value
            pairs = (
                zip(target.elts, value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                else [(target, value)]
            )
            found |= {
                name.id: said.value
                for name, said in pairs
                if isinstance(name, ast.Name) and isinstance(said, ast.Constant) and isinstance(said.value, str)
            }
    return found


def test_every_action_that_is_written_has_words() -> None:
    paths = [*(ROOT / "bot/services").glob("*.py"), *(ROOT / "bot/store").glob("*.py"), ROOT / "bot/cli_enrol.py"]
    constants = constants_in(paths)
    written = {action for path in paths for action in actions_in(path, constants)} | CHOSEN
    assert {"take", "relay", "plan_end", "broadcast_confirm", "team_remove", "record_released", "restored"} <= written
    words = load_content(ROOT / "faq").team.actions
    assert written - {NEW_NUMBER} == set(words)


@pytest.mark.parametrize(
    ("action", "ref"),
    [
        ("take", Ref.ALERT),
        ("relay", Ref.CHAT),
        ("plan_end", Ref.PLAN),
        ("team_remove", Ref.PERSON),
        ("forgotten", Ref.ERASURE),
        ("refused:relay", Ref.OTHER),
        ("something_new", Ref.OTHER),
    ],
)
def test_what_the_number_beside_an_action_is_of(action: str, ref: Ref) -> None:
    assert ref_of(action) is ref
