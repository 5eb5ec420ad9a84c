"""How long an edit of the texts takes from asking to being live, and what patients notice of it meanwhile.

    python benchmarks/publishing.py [--quick] [--json OUT]

On 60 questions of 40 phrasings, with the shipped signs of danger and lines for people, and 500 questions that patients
have asked, while one patient after the other asks more. Each run changes phrasings of another entry, so that everything
is learned anew; the first after a start also looks which messages about danger no rule hears. Some minutes, quick one.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

import yaml

from benchmarks._figures import Figures, Fold, Measure, percentile
from benchmarks._machine import environment, load_average, say
from bot import logs
from bot.clock import SystemClock
from bot.content.edit import ChangeEntry
from bot.content.files import write_files
from bot.content.load import parse_content, read_files
from bot.core.matching.semantic import SentenceModel, find_model
from bot.model import BotId, UserId
from bot.services.library import Library
from bot.services.post import Post
from bot.services.proposing import Proposal
from bot.services.publishing import Published, Publisher
from bot.store import accounts, schema
from bot.store.contacts import Contacts
from bot.store.engine import Store, open_store
from bot.store.tables import patient, question

ROOT = Path(__file__).parents[1]
ENTRIES, PHRASINGS, QUESTIONS = 60, 40, 500
BOT, WHO = BotId(1), UserId(1)
PACKAGES = ("numpy", "rapidfuzz", "PyYAML", "SQLAlchemy")
MEASURES = {
    measure.key: measure
    for measure in (
        Measure(
            "publish_phrasings_s", "s", "checks, new index, impact, revision and folder: other phrasings", target=5
        ),
        Measure("publish_answer_s", "s", "the same: another answer", target=5),
        Measure("serve_s", "s", "until it is served, once published"),
        Measure("answer_p50_ms", "ms", "a decision with nothing else to do, median"),
        Measure("answer_p99_ms", "ms", "the same, 99th percentile"),
        Measure("answer_while_p50_ms", "ms", "a decision while an edit is published, median"),
        Measure("answer_while_p99_ms", "ms", "the same, 99th percentile"),
        Measure("without_opinion", "decisions", "made without a second opinion", target=0, fold=Fold.SUM),
        Measure("opinion_behind_s", "s", "until the second opinion has learned from the new texts"),
    )
}


def make_folder(folder: Path) -> None:
    """The shipped texts with so many questions of so many phrasings: some lines for people become questions."""
    files = read_files(ROOT / "faq")
    for_people = yaml.safe_load(files["en/for_people.yaml"])["for_people"]
    spare = [line for lines in for_people.values() for line in lines]
    data = yaml.load(files["en/clinic.yaml"], yaml.BaseLoader)
    missing = ENTRIES - len(parse_content(files).entries)
    for number in range(missing):
        lines, spare = spare[:PHRASINGS], spare[PHRASINGS:]
        extra = {"id": f"extra_{number}", "question": f"Extra {number}", "phrasings": lines}
        data["entries"].append({**data["entries"][0], **extra, "see_also": [], "sources": []})
    files["en/clinic.yaml"] = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    for path, text in files.items():
        group = yaml.load(text, yaml.BaseLoader)
        if "entries" in group:
            for entry in group["entries"]:
                entry["phrasings"] = [*entry["phrasings"], *spare][:PHRASINGS]
                spare = spare[max(0, PHRASINGS - len(entry["phrasings"])) :]
            files[path] = yaml.safe_dump(group, sort_keys=False, allow_unicode=True)
    files["en/for_people.yaml"] = yaml.safe_dump({"for_people": {"other": spare}}, allow_unicode=True)
    write_files(folder, files)


async def ask_before(store: Store, texts: Sequence[str]) -> None:
    """Questions patients have asked."""
    now_us = SystemClock().now_us()
    async with store.write() as tx:
        await tx.execute(patient.insert().values(id=1, bot_id=BOT, code="P-0001", created_us=now_us))
        row = {"bot_id": BOT, "patient_id": 1, "chat_id": 1, "decision": "answer", "why": {}, "at_us": now_us}
        await tx.execute(question.insert(), [{**row, "text": text} for text in texts])


def asked_by_patients() -> Iterator[str]:
    """Messages that no phrasing was made of."""
    for path in sorted((ROOT / "tests" / "faq" / "unseen").glob("*.yaml")):
        data = yaml.safe_load(path.read_text("utf-8"))
        yield from (line for lines in data.values() for line in (lines if isinstance(lines, list) else ()))


class Trial:
    """One bot's texts, edited again and again."""

    def __init__(self, folder: Path, model: SentenceModel | None) -> None:
        self.folder = folder / "faq"
        self.model = model
        self.figures = Figures(MEASURES)
        self.times: list[float] = []

    async def measure(self, store: Store, rounds: int) -> None:
        """Every figure."""
        index_dir = self.folder.parent / "index"
        library = Library(store, SystemClock(), BOT, self.folder, False, index_dir, self.model)
        say("learning for the first time")
        await library.load()
        publisher = Publisher(Post(store, SystemClock(), BOT, library, Contacts(None)), self.folder)
        await self._decide(library, 300)
        self._note("answer_p50_ms", "answer_p99_ms")
        for number in range(rounds):
            say(f"edit {number + 1} of {rounds}")
            await self._edit(publisher, library, number)
        began = time.perf_counter()
        while library.served.mind.is_behind:
            await asyncio.sleep(0.2)
        self.figures.add("opinion_behind_s", round(time.perf_counter() - began, 1))

    async def _edit(self, publisher: Publisher, library: Library, number: int) -> None:
        entry = list(library.served.content.entries.values())[number * 7]
        answer = ChangeEntry(entry.id, answer=f"{entry.answer}\n\nThat is all ({number}).")
        self.figures.add("publish_answer_s", await self._publish(publisher, answer))
        phrasings = ChangeEntry(entry.id, phrasings=(*entry.phrasings[1:], f"please tell me more, number {number}"))
        deciding = asyncio.create_task(self._decide(library, None))
        self.figures.add("publish_phrasings_s", await self._publish(publisher, phrasings))
        deciding.cancel()
        self._note("answer_while_p50_ms", "answer_while_p99_ms")
        began = time.perf_counter()
        await library.look()
        self.figures.add("serve_s", round(time.perf_counter() - began, 2))

    async def _publish(self, publisher: Publisher, edit: ChangeEntry) -> float:
        began = time.perf_counter()
        proposal = await publisher.propose(edit)
        assert isinstance(proposal, Proposal), proposal
        outcome = await publisher.publish(proposal, WHO)
        assert isinstance(outcome, Published), outcome
        return round(time.perf_counter() - began, 2)

    async def _decide(self, library: Library, count: int | None) -> None:
        """Decide on one question after the other, in the loop as the bot does, with a breath between."""
        for text in list(asked_by_patients()) * 20 if count is None else list(asked_by_patients())[:count]:
            self.figures.add("without_opinion", float(library.served.mind.lessons is None))
            began = time.perf_counter()
            library.served.brain.understand(text)
            self.times.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.02)

    def _note(self, middle: str, most: str) -> None:
        self.figures.add(middle, round(percentile(self.times, 0.5), 1))
        self.figures.add(most, round(percentile(self.times, 0.99), 1))
        self.times.clear()


async def run(rounds: int, *, with_model: bool) -> dict[str, str | float]:
    """Measure, and say on what."""
    around: dict[str, str | float] = {**environment(PACKAGES), "load_before": load_average()}
    with TemporaryDirectory(prefix="aftercare-bench-") as name:
        folder = Path(name)
        make_folder(folder / "faq")
        (folder / "tests").symlink_to(ROOT / "tests")  # the labelled messages about danger
        url = f"sqlite+aiosqlite:///{folder}/bench.db"
        await schema.upgrade(url)
        trial = Trial(folder, find_model() if with_model else None)
        async with open_store(url, SystemClock()) as store:
            async with store.write() as tx:
                await accounts.ensure_bot(store, tx, BOT, None, 1)
            await ask_before(store, list(dict.fromkeys(asked_by_patients()))[:QUESTIONS])
            await trial.measure(store, rounds)
    return {**around, **trial.figures.flat()}


def main(words: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one edit only, without the sentence model")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    asked = parser.parse_args(words)
    logs.setup("ERROR")
    flat = {"quick": asked.quick, **asyncio.run(run(1 if asked.quick else 5, with_model=not asked.quick))}
    if asked.json:
        asked.json.write_text(json.dumps(flat, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for key, measure in MEASURES.items():
        met = {True: "met", False: "MISSED", None: ""}[measure.is_met(float(flat[key]))]
        print(f"{key:24} {flat[key]:>10} {measure.unit:10} {met}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
