"""Edits go live one after the other: nothing is lost, nothing is overwritten unseen, the folder follows."""

import asyncio
import random
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.content.edit import ChangeEntry, Edit, NewEntry, Retire
from bot.content.load import parse_content, read_files, revision_of
from bot.content.schema import Content
from bot.model import BotId, UserId
from bot.services.library import Changed, Library
from bot.services.post import Post
from bot.services.proposing import Proposal
from bot.services.publishing import Conflict, Outcome, Published, Publisher, Refused
from bot.store import accounts, revisions
from bot.store.contacts import Contacts
from bot.store.engine import Store

BOT, ONE, OTHER = BotId(1), UserId(7), UserId(8)


async def publisher_on(store: Store, clock: ManualClock, folder: Path) -> Publisher:
    """One worker's."""
    async with store.write() as tx:
        await accounts.ensure_bot(store, tx, BOT, None, 1)
    library = Library(store, clock, BOT, folder, signed_only=False)
    await library.load()
    return Publisher(Post(store, clock, BOT, library, Contacts(None)), folder)


@pytest.fixture
async def publisher(store: Store, clock: ManualClock, folder: Path) -> Publisher:
    return await publisher_on(store, clock, folder)


async def does(publisher: Publisher, edit: Edit, who: UserId = ONE, base_id: int | None = None) -> Outcome:
    proposed = await publisher.propose(edit, base_id)
    return await publisher.publish(proposed, who) if isinstance(proposed, Proposal) else proposed


async def active(publisher: Publisher) -> tuple[int, Content]:
    async with publisher._post.store.read() as tx:
        active_id = await revisions.active_id(tx, BOT)
        assert active_id is not None
        return active_id, parse_content(await revisions.files_of(tx, active_id))


def in_folder(folder: Path) -> Content:
    return parse_content(read_files(folder))


SHORTER = ChangeEntry("soreness_duration", answer="A day or two.")


async def test_what_is_published_is_served_stored_and_in_the_folder(publisher: Publisher, folder: Path) -> None:
    before, _ = await active(publisher)
    proposal = await publisher.propose(SHORTER)
    assert isinstance(proposal, Proposal)
    assert (proposal.base_id, proposal.touched, proposal.refusals) == (before, ("soreness_duration",), ())
    assert proposal.content.entries["soreness_duration"].answer == "A day or two."
    outcome = await publisher.publish(proposal, ONE, "shorter")
    assert outcome == Published((await active(publisher))[0], "soreness_duration", in_folder=True)
    assert in_folder(folder).entries["soreness_duration"].answer == "A day or two."
    library = publisher._library
    assert await library.look() is Changed.NEW
    assert library.served.content.entries["soreness_duration"].answer == "A day or two."
    assert await library.look() is Changed.NOTHING
    assert (await active(publisher))[0] == outcome.revision_id, "the folder as we wrote it is no edit of anybody's"
    (newest, first) = await publisher.history()
    assert (newest.author_id, newest.note, newest.parent_id) == (ONE, "shorter", first.id)


async def test_an_edit_of_another_entry_is_made_on_what_the_other_left(publisher: Publisher) -> None:
    base, _ = await active(publisher)
    mine = await publisher.propose(SHORTER, base)
    theirs = await publisher.propose(ChangeEntry("heat_or_ice", answer="Warmth."), base)
    assert isinstance(mine, Proposal)
    assert isinstance(theirs, Proposal)
    assert isinstance(await publisher.publish(theirs, OTHER), Published)
    assert isinstance(await publisher.publish(mine, ONE), Published)
    entries = (await active(publisher))[1].entries
    assert (entries["soreness_duration"].answer, entries["heat_or_ice"].answer) == ("A day or two.", "Warmth.")


@pytest.mark.parametrize("theirs", [ChangeEntry("soreness_duration", answer="Theirs."), Retire("soreness_duration")])
async def test_an_edit_of_the_same_entry_shows_theirs_and_changes_nothing(publisher: Publisher, theirs: Edit) -> None:
    base, _ = await active(publisher)
    mine = await publisher.propose(SHORTER, base)
    assert isinstance(mine, Proposal)
    assert isinstance(await does(publisher, theirs, OTHER), Published)
    now = await active(publisher)
    outcome = await publisher.publish(mine, ONE)
    assert isinstance(outcome, Conflict)
    assert outcome.theirs == now[1].entries.get("soreness_duration")
    assert outcome.by is not None
    assert (outcome.by.author_id, outcome.by.id) == (OTHER, now[0])
    assert await active(publisher) == now
    assert isinstance(await publisher.propose(SHORTER, base), Conflict), "who begins from an old page is told at once"


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (ChangeEntry("soreness_duration", answer="We guarantee it."), "promises too much"),
        (ChangeEntry("soreness_duration", answer="<b>Sore"), "formatting"),
        (ChangeEntry("soreness_duration", answer="x" * 950), "letters long"),
        (ChangeEntry("soreness_duration", question="q" * 41), "a button shows 40"),
        (ChangeEntry("heat_or_ice", phrasings=("how long will I be sore",)), "also stands under"),
        (ChangeEntry("heat_or_ice", phrasings=("my chest hurts and i cant breathe",)), "sounds like danger"),
        (ChangeEntry("gone", answer="x"), "no question 'gone'"),
    ],
    ids=["promise", "format", "length", "button", "taken phrasing", "danger", "gone"],
)
async def test_what_may_not_go_live_does_not(publisher: Publisher, edit: Edit, why: str) -> None:
    before = await active(publisher)
    outcome = await does(publisher, edit)
    assert isinstance(outcome, Refused)
    assert why in " ".join(outcome.reasons)
    assert await active(publisher) == before


async def test_hints_are_about_what_was_touched(publisher: Publisher) -> None:
    hard = "Musculoskeletal rehabilitation necessitates individualised, interdisciplinary consideration, occasionally."
    proposal = await publisher.propose(ChangeEntry("heat_or_ice", answer=hard, review_by=date(2020, 1, 1)))
    assert isinstance(proposal, Proposal)
    assert proposal.refusals == ()
    said = [problem.text for problem in proposal.warnings]
    assert len(said) == 2
    assert "hard to read" in said[0] + said[1]
    assert "was to be reviewed" in said[0] + said[1]


NEW = NewEntry(
    "soreness", "Can I take a bath?", "Yes.", tuple(f"bath question {n}" for n in range(6)), date(2030, 1, 1)
)


async def test_undo_takes_back_one_change_and_leaves_what_came_after(publisher: Publisher) -> None:
    _, first = await active(publisher)
    shorter = await does(publisher, SHORTER)
    assert isinstance(shorter, Published)
    assert isinstance(await does(publisher, ChangeEntry("heat_or_ice", answer="Warmth.")), Published)
    undone = await publisher.undo(shorter.revision_id, OTHER)
    assert isinstance(undone, Published)
    entries = (await active(publisher))[1].entries
    assert entries["soreness_duration"] == first.entries["soreness_duration"]
    assert entries["heat_or_ice"].answer == "Warmth."
    newest = (await publisher.history("soreness_duration"))[0]
    assert (newest.id, newest.undoes_id, newest.author_id) == (undone.revision_id, shorter.revision_id, OTHER)
    assert isinstance(await publisher.undo(shorter.revision_id, OTHER), Conflict), "it has been changed since: by us"
    assert isinstance(await publisher.undo(undone.revision_id, ONE), Published), "an undo can be undone"
    assert (await active(publisher))[1].entries["soreness_duration"].answer == "A day or two."


async def test_a_new_entry_that_is_taken_back_leaves_its_id_behind(publisher: Publisher) -> None:
    made = await does(publisher, NEW)
    assert isinstance(made, Published)
    undone = await publisher.undo(made.revision_id, ONE)
    assert isinstance(undone, Published)
    _, content = await active(publisher)
    assert made.item_id not in content.entries
    again = await does(publisher, NEW)
    assert isinstance(again, Published)
    assert again.item_id != made.item_id


async def test_the_first_revision_cannot_be_taken_back(publisher: Publisher) -> None:
    first, _ = await active(publisher)
    assert isinstance(await publisher.undo(first, ONE), Refused)
    assert isinstance(await publisher.undo(first + 99, ONE), Refused)


def edit_on_disk(folder: Path, old: str, new: str) -> None:
    path = folder / "en" / "soreness.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


async def test_what_was_edited_on_disk_meanwhile_is_imported_first(publisher: Publisher, folder: Path) -> None:
    base, _ = await active(publisher)
    edit_on_disk(folder, "question: Heat or ice", "question: Ice or heat")
    outcome = await does(publisher, SHORTER)
    assert isinstance(outcome, Published)
    entries = in_folder(folder).entries
    assert entries["heat_or_ice"].question.startswith("Ice or heat")
    assert entries["soreness_duration"].answer == "A day or two."
    newest, imported, _ = await publisher.history()
    assert (newest.touched, imported.touched, imported.author_id) == (["soreness_duration"], ["heat_or_ice"], None)
    assert imported.parent_id == base


async def test_a_broken_folder_is_not_written_over(publisher: Publisher, folder: Path) -> None:
    edit_on_disk(folder, "question: Heat or ice", "qestion: Heat or ice")
    before = (folder / "en" / "soreness.yaml").read_bytes()
    outcome = await does(publisher, SHORTER)
    assert isinstance(outcome, Refused)
    assert "qestion" in " ".join(outcome.reasons)
    assert (folder / "en" / "soreness.yaml").read_bytes() == before
    assert await publisher._library.look() is Changed.BROKEN, "staff are told as ever"


async def test_a_folder_that_cannot_be_written_costs_no_edit(
    publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.services.publishing.write_files", full)
    outcome = await does(publisher, SHORTER)
    assert outcome == Published((await active(publisher))[0], "soreness_duration", in_folder=False)
    await publisher._library.look()
    assert publisher._library.served.content.entries["soreness_duration"].answer == "A day or two."
    monkeypatch.undo()
    assert isinstance(await does(publisher, ChangeEntry("heat_or_ice", answer="Warmth.")), Published)
    assert in_folder(folder).entries["soreness_duration"].answer == "A day or two.", "the next one brings it along"


async def test_an_older_copy_of_the_folder_undoes_nothing(
    publisher: Publisher,
    store: Store,
    clock: ManualClock,
    folder: Path,
    fast_dir: Path,
) -> None:
    """A worker on another machine starts with the folder as it was before an edit made in the chat."""
    older = Path(shutil.copytree(folder, fast_dir / "older" / "faq"))
    published = await does(publisher, SHORTER)
    assert isinstance(published, Published)
    late = await publisher_on(store, clock, older)
    assert (await active(late))[0] == published.revision_id
    assert late._library.served.content.entries["soreness_duration"].answer == "A day or two."


async def storm(publishers: list[Publisher], folder: Path, edits: int) -> None:
    """Many edit at once, some the same entry: each adds a number to an answer or a way to ask, writes a new question,
    or takes back what was done before. Whoever meets a conflict looks again and adds theirs to it."""
    rng = random.Random(5)
    made: dict[int, int] = {}
    """By its number, the revision that each edit made which was not taken back."""
    taken_back = 0

    async def add(number: int) -> None:
        publisher = rng.choice(publishers)
        while True:
            base, content = await active(publisher)
            edit = one_of(rng, content, number)
            await asyncio.sleep(0)
            outcome = await does(publisher, edit, UserId(number), base)
            if isinstance(outcome, Published):
                made[number] = outcome.revision_id
                await publisher._library.look()
                return
            assert isinstance(outcome, Conflict) or "same time" in outcome.reasons[0], outcome

    async def take_back(number: int) -> None:
        nonlocal taken_back
        outcome = await rng.choice(publishers).undo(made[number], ONE)
        if isinstance(outcome, Published):
            del made[number]
            taken_back += 1

    for begin in range(0, edits, AT_ONCE):
        last = [number for number in range(begin - AT_ONCE, begin) if number in made and rng.random() < 0.1]
        numbers = range(begin, min(begin + AT_ONCE, edits))
        await asyncio.gather(*(add(number) for number in numbers), *(take_back(number) for number in last))
    _, content = await active(publishers[0])
    assert noted(content) == sorted(made), "nothing is lost, doubled, or there after all"
    assert taken_back or edits < 10 * AT_ONCE
    assert len(await publishers[0].history(limit=2 * edits)) == edits + taken_back + 1
    assert in_folder(folder) == content
    assert revision_of(read_files(folder)) == content.revision


AT_ONCE = 5


def one_of(rng: random.Random, content: Content, number: int) -> Edit:
    """An edit that puts this number into the texts."""
    kind, entry = rng.random(), content.entries[rng.choice(sorted(content.entries))]
    line = f"way number {number} to ask"
    if kind < 0.02:
        ways = (line, *(f"bath {number} as {way}" for way in "abcde"))
        return NewEntry("soreness", f"Bath {number}?", "Noted:.", ways, date(2030, 1, 1))
    if kind < 0.1:
        return ChangeEntry(entry.id, phrasings=(*entry.phrasings, line))
    before = entry.answer.removesuffix(".") if entry.answer.startswith("Noted:") else "Noted:"
    return ChangeEntry(entry.id, answer=f"{before} {number}.")


def noted(content: Content) -> list[int]:
    """The numbers in the texts, each as often as it stands there."""
    answers = [entry.answer for entry in content.entries.values() if entry.answer.startswith("Noted:")]
    ways = [line for entry in content.entries.values() for line in entry.phrasings if line.startswith("way number")]
    return sorted(int(number) for text in (*answers, *ways) for number in re.findall(r"\d+", text))


async def test_workers_that_share_a_database_lose_nothing(
    publisher: Publisher,
    store: Store,
    clock: ManualClock,
    folder: Path,
) -> None:
    await storm([publisher, await publisher_on(store, clock, folder)], folder, 8)


@pytest.mark.slow
async def test_a_thousand_edits(publisher: Publisher, store: Store, clock: ManualClock, folder: Path) -> None:
    """Half an hour on a machine that does little else."""
    await storm([publisher, await publisher_on(store, clock, folder)], folder, 1000)
