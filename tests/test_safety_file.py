"""The safety file names tests as its proofs: each must exist, and every hazard must have one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAFETY = ROOT / "deploy" / "safety"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def hazards() -> list[list[str]]:
    rows = [line for line in (SAFETY / "hazards.md").read_text("utf-8").splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize("hazard", hazards(), ids=lambda row: row[0])
def test_each_hazard_has_a_cause_a_control_and_a_proof(hazard: list[str]) -> None:
    assert len(hazard) == 5
    assert all(hazard)
    assert _TEST.search(hazard[4])


def proofs() -> list[tuple[str, str]]:
    return sorted({found for row in hazards() for found in _TEST.findall(row[4])})


@pytest.mark.parametrize("proof", proofs(), ids="::".join)
def test_each_proof_is_a_test(proof: tuple[str, str]) -> None:
    path, name = proof
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in names


def test_hazards_are_numbered_without_a_gap() -> None:
    assert [int(row[0]) for row in hazards()] == list(range(1, len(hazards()) + 1))


def test_the_pages_know_each_other() -> None:
    for page in SAFETY.glob("*.md"):
        for target in re.findall(r"\]\(([\w./]+\.md)\)", page.read_text("utf-8")):
            assert (page.parent / target).is_file(), f"{page.name} names {target}"
