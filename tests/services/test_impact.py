"""What an edit would change for patients is found, and what would harm them is refused."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.clock import ManualClock
from bot.content.load import load_content
from bot.content.schema import Content
from bot.core.matching.index import NEVER
from bot.model import BotId, Decision
from bot.services import indexes, library
from bot.services.impact import Dangers, Outcome, impact
from bot.services.indexes import Mind, mind_for
from bot.services.library import Library
from bot.store import accounts, schema
from bot.store.engine import open_store

ROOT = Path(__file__).parents[2]
NOWHERE = Dangers(Path("/nowhere"))
ASKED = ("how long will I be sore", "is heat ok or ice", "my chest hurts and I can't breathe")


def with_phrasings(content: Content, entry_id: str, *phrasings: str) -> Content:
    groups = tuple(
        group.model_copy(
            update={
                "entries": tuple(
                    entry.model_copy(update={"phrasings": phrasings}) if entry.id == entry_id else entry
                    for entry in group.entries
                )
            }
        )
        for group in content.groups
    )
    return content.model_copy(update={"groups": groups})


@pytest.fixture(scope="module")
def content() -> Content:
    """A few questions, without the messages the second opinion learns from."""
    whole = load_content(ROOT / "faq")
    groups = tuple(group for group in whole.groups if group.id in ("soreness", "sensations"))
    return whole.model_copy(update={"groups": groups, "for_people": {}, "messages": {}})


@pytest.fixture(scope="module")
def mind(content: Content) -> Mind:
    return mind_for(content, None, None)


def test_an_edit_that_teaches_nothing_new_changes_no_decision_and_learns_nothing(content: Content, mind: Mind) -> None:
    other = content.model_copy(update={"revision": "other"})
    after = mind_for(other, None, None, mind)
    assert after.index is mind.index
    assert after.brain.triager is mind.brain.triager
    found = impact(mind, after, ASKED, NOWHERE)
    assert (found.asked, found.shifts, found.held_out_shifts, found.refusals) == (3, (), (), ())


def test_a_question_that_moves_is_shown_with_what_it_was_and_what_it_becomes(content: Content, mind: Mind) -> None:
    phrasings = content.entries["soreness_duration"].phrasings
    asked = phrasings[3]
    moved = with_phrasings(content, "soreness_duration", *(line for line in phrasings if line != asked))
    heat = moved.entries["heat_or_ice"].phrasings
    after = mind_for(with_phrasings(moved, "heat_or_ice", *heat, asked), None, None, mind)
    found = impact(mind, after, (asked, ASKED[2]), NOWHERE)
    (shift,) = found.shifts
    assert shift.text == asked
    assert shift.before == Outcome(Decision.ANSWER, "soreness_duration")
    assert shift.after == Outcome(Decision.ANSWER, "heat_or_ice")
    assert found.moves == {(shift.before, shift.after): 1}
    assert found.held_out > 50


def dangers(folder: Path, content: Content, *texts: str) -> Dangers:
    """A labelled message about danger that no rule hears."""
    cases = {"signs": list(texts), "look_alikes": []}
    (folder / f"{content.red_flags[0].id}.yaml").write_text(yaml.safe_dump(cases))
    return Dangers(folder)


def test_a_message_about_danger_may_not_become_a_question_that_is_answered(
    content: Content, mind: Mind, tmp_path: Path
) -> None:
    text = "the box feels wrong and everything goes far away"
    after = mind_for(
        with_phrasings(content, "heat_or_ice", *content.entries["heat_or_ice"].phrasings, text), None, None, mind
    )
    found = impact(mind, after, (), dangers(tmp_path, content, text))
    assert found.refusals == ("a message about danger would be answered with 'heat_or_ice'",)
    assert impact(mind, mind, (), dangers(tmp_path, content, text)).refusals == ()


@pytest.mark.parametrize(
    ("gates", "why"),
    [({"answer": NEVER}, "leave everything to you"), ({"wrong": 0.4}, "up to 40 %")],
    ids=["no answer at all", "too many wrong"],
)
def test_the_stated_error_rate_keeps_its_bound(mind: Mind, gates: dict[str, float], why: str) -> None:
    before = replace(mind, index=replace(mind.index, gates=replace(mind.index.gates, answer=0.6, wrong=0.1)))
    after = replace(before, index=replace(before.index, gates=replace(before.index.gates, **gates)))
    (reason,) = impact(before, after, (), NOWHERE).refusals
    assert why in reason


# --- the second opinion ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_opinion(content_dir: Path) -> Path:
    """Texts with just enough messages to learn danger from, so that it takes a moment."""
    path = content_dir / "en" / "red_flag_messages.yaml"
    data = yaml.safe_load(path.read_text("utf-8"))
    for kind in data["messages"].values():
        kind["signs"], kind["look_alikes"] = kind.get("signs", [])[:12], kind.get("look_alikes", [])[:4]
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    for group in (content_dir / "en").glob("*.yaml"):
        said = yaml.load(group.read_text("utf-8"), yaml.BaseLoader)
        if "entries" in said and group.stem not in ("soreness", "sensations"):
            group.unlink()
        elif "entries" in said:
            for entry in said["entries"]:
                entry["phrasings"], entry["see_also"] = entry["phrasings"][:6], []
            group.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True), "utf-8")
    (content_dir / "en" / "for_people.yaml").unlink()
    return content_dir


async def test_the_second_opinion_serves_on_while_it_learns_from_new_texts(
    small_opinion: Path, fast_dir: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = asyncio.Event()

    async def here(content: Content, folder: Path) -> None:
        await taught.wait()
        indexes.lessons_for(content, folder)

    monkeypatch.setattr(library, "learn_apart", here)
    url = f"sqlite+aiosqlite:///{fast_dir}/opinion.db"
    await schema.upgrade(url)
    async with open_store(url, clock) as store:
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, BotId(1), None, 1)
        books = Library(store, clock, BotId(1), small_opinion, False, fast_dir / "index")
        await books.load()
        first = books.served.mind
        assert first.lessons is not None
        assert not first.is_behind
        path = small_opinion / "en" / "soreness.yaml"
        path.write_text(
            path.read_text("utf-8").replace("phrasings:", "phrasings:\n  - when will it ebb away", 1), "utf-8"
        )
        await books.look()
        meanwhile = books.served.mind
        assert meanwhile.is_behind
        assert meanwhile.lessons is first.lessons, "never a moment without one"
        taught.set()
        assert books._teaching is not None
        await books._teaching
        assert not books.served.mind.is_behind
        assert books.served.mind.lessons is not None
        assert books.served.mind.lessons is not first.lessons
        assert books.served.brain is books.served.conversation.brain


async def test_lessons_are_learned_in_a_process_of_their_own(small_opinion: Path, tmp_path: Path) -> None:
    content = load_content(small_opinion)
    await indexes.learn_apart(content, tmp_path)
    found = mind_for(content, None, tmp_path)
    assert found.lessons is not None
    assert not found.is_behind
