"""What is written about the project is true: settings, commands, targets, paths, pins; and it tells no secrets."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from bot.cli import app
from bot.core.understand import understanding_to_json
from bot.model import Decision, Level, MessageState, Understanding
from bot.settings import Settings
from bot.simulator.house import House

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SKIPPED = {".git", ".venv", "__pycache__", "data", "dist", ".env", ".coverage", ".hypothesis"}
"""Beside every `.*_cache` and `*.egg-info`: what git leaves out too."""


def commands(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Every command with its words, such as "faq check", and its options."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        if not isinstance(command, TyperGroup) or command.invoke_without_command:
            spellings = {spelling for parameter in command.params for spelling in parameter.opts}
            yield " ".join((*path, name)), {spelling for spelling in spellings if spelling.startswith("--")}


def all_commands() -> dict[str, set[str]]:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return dict(commands(root))


def section(title: str) -> str:
    """The part of the README under one heading, up to the next of its depth."""
    found = re.search(rf"(?ms)^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", README)
    assert found, title
    return found[2]


# --- settings ------------------------------------------------------------------------------------------------------


def example() -> dict[str, tuple[str, str]]:
    """The settings of .env.example: value, and the comment above."""
    found: dict[str, tuple[str, str]] = {}
    comment = ""
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        if line.startswith("#"):
            comment += line
        elif "=" in line:
            name, _, value = line.partition("=")
            found[name] = (value, comment)
        else:
            comment = ""
    return found


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    assert set(example()) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(example()))
def test_each_setting_is_explained(name: str) -> None:
    assert len(example()[name][1]) > 20


def test_the_readme_names_only_settings_that_exist() -> None:
    named = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", README))
    assert named <= set(example())
    assert {"BOT_TOKEN", "STAFF_CHAT_ID", "OWNER_IDS", "ALLOW_UNSIGNED", "HEARTBEAT_URL"} <= named


# --- commands ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(all_commands()))
def test_every_command_has_a_line_in_the_table(command: str) -> None:
    (line,) = re.findall(rf"(?m)^\| `aftercare {command}(?=`| [^a-z]).*$", section("Commands"))
    assert set(re.findall(r"--[a-z-]+", line)) == all_commands()[command] - {"--help"}
    assert len(line.split("|")[2]) > 10


def test_every_command_that_is_mentioned_exists() -> None:
    in_code = re.findall(r"(?:`|^|/)aftercare ([a-z][^`\n#]*)", README, re.MULTILINE)
    assert len(in_code) > 15
    for mention in in_code:
        assert exists(mention), f"aftercare {mention}"


def test_every_remedy_that_names_a_command_names_one_that_exists() -> None:
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "faq").rglob("*.yaml"), ROOT / ".env.example"]
    remedies = {found for path in sources for found in re.findall(r"`aftercare ([^`]+)`", path.read_text("utf-8"))}
    assert {"faq check", "db upgrade", "doctor --ids"} <= remedies
    assert [remedy for remedy in remedies if not exists(remedy)] == []


def exists(mention: str) -> bool:
    """Whether a mention such as `doctor --ids` names a command, and only options it has."""
    known = all_commands()
    words = mention.split()
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
    if name is None:
        return False
    return all(word in known[name] for word in words if word.startswith("--"))


def test_every_make_target_that_is_mentioned_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", makefile))
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", README, re.MULTILINE))
    assert named <= targets
    assert targets - named == set(), "each is worth a line"
    (phony,) = re.findall(r"(?m)^\.PHONY: (.+)$", makefile)
    assert set(phony.split()) == targets


def test_the_keys_of_a_decision_are_listed_as_they_are() -> None:
    keys = re.findall(r"(?m)^\| `(\w+)` \|", section("Commands"))
    decided = understanding_to_json(Understanding("hello", Decision.META, "greeting", None, 1.0))
    assert keys == list(decided)


# --- words and paths -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "words"),
    [
        pytest.param("What is promised on delivery", MessageState, id="states"),
        pytest.param("Words", Decision, id="decisions"),
        pytest.param("Words", Level, id="levels"),
    ],
)
def test_the_glossary_knows_every_word(title: str, words: type[MessageState] | type[Decision] | type[Level]) -> None:
    assert [word.value for word in words if f"`{word.value}`" not in section(title)] == []


def test_paths_and_links_lead_somewhere() -> None:
    named = set(re.findall(r"`((?:bot|tests|faq|deploy|\.ci)/[\w./]*)`", README))
    named |= {link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link}
    assert {"faq/clinic.yaml", "bot/simulator/house.py", "LICENSE"} <= named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_links_within_the_page_lead_to_a_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", README))
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings


def test_pictures_have_a_text() -> None:
    assert re.findall(r"!\[\s*\]", README) == []


def story() -> Callable[[House], Awaitable[None]]:
    """The test that the README shows."""
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", README)
    names: dict[str, Callable[[House], Awaitable[None]]] = {}
    exec(code, names)
    return next(value for name, value in names.items() if name.startswith("test_"))


async def test_the_story_in_the_readme_is_true(house: House) -> None:
    await story()(house)


# --- versions ------------------------------------------------------------------------------------------------------


def canonical(requirement: str) -> str:
    """The name a requirement begins with, as package indexes compare them."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_everything_that_is_needed_is_pinned_exactly() -> None:
    first, *lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert first.startswith("# ")
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!]+", line)] == []
    assert lines == sorted(lines, key=str.lower)
    pinned = [canonical(line) for line in lines]
    assert len(set(pinned)) == len(pinned)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = project["dependencies"] + [r for extra in project["optional-dependencies"].values() for r in extra]
    assert {canonical(requirement) for requirement in needed} - {"aftercare-bot"} <= set(pinned)


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert headings[0] == "Unreleased"


# --- what belongs to one machine only ------------------------------------------------------------------------------


def our_files() -> Iterator[Path]:
    """Every file of the project, as git sees it, or by name where there is no git."""
    if shutil.which("git"):
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        asked = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False)
        if asked.returncode == 0:
            yield from (path for name in asked.stdout.decode().split("\0") if name and (path := ROOT / name).is_file())
            return
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(p in SKIPPED or p.endswith(("_cache", ".egg-info")) for p in parts):
            yield path


def test_no_file_names_a_package_registry_or_a_place_on_this_machine() -> None:
    registries = [".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "com"))]
    options = ["-".join(words) for words in (("index", "url"), ("find", "links"), ("trusted", "host"))]
    places = ["/".join(("", *folders, "")) for folders in (("work",), ("root",), ("home", "runner"), ROOT.parts[1:])]
    needles = [needle.encode() for needle in (*registries, *options, *places) if needle.strip("/")]
    files = list(our_files())
    assert ROOT / "README.md" in files
    assert Path(__file__) in files
    found = [
        f"{path.relative_to(ROOT)}: {needle.decode()}"
        for path in files
        for needle in needles
        if needle in path.read_bytes()
    ]
    assert found == []
