"""The content that is being served, and what is built from it.

Revisions live in the database; the folder is their working copy. A changed folder becomes a revision once it passes
the checks; a broken one changes nothing but the mood of the staff, who are told. Workers poll the active revision.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto
from pathlib import Path

from bot import logs
from bot.clock import Clock
from bot.content.edit import differing
from bot.content.lint import check_files, unfit_to_run, unsigned
from bot.content.load import parse_content, read_files, revision_of
from bot.content.schema import Clinic, Closure, Content
from bot.core.conversation import Conversation
from bot.core.days import joined
from bot.core.matching.semantic import SentenceModel
from bot.core.understand import Brain
from bot.errors import ContentError, Problem
from bot.model import BotId
from bot.services.indexes import Mind, keep_mind, learn_apart, mind_for
from bot.store import closures, revisions
from bot.store.engine import Store, Tx

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """One revision, ready to answer. `unsigned`: ids that a clinician has not approved as they stand."""

    revision_id: int
    content: Content
    mind: Mind
    conversation: Conversation
    unsigned: tuple[str, ...]
    written: Clinic
    """The clinic as `clinic.yaml` has it; that of `content` is closed on the days set in the chat, too."""
    whole: Content
    """With what is not signed: for those who change the texts, never for patients."""

    def closed_on(self, days: tuple[Closure, ...]) -> "Served":
        """The same with these days beside those of `clinic.yaml`."""
        clinic = self.written.model_copy(update={"closures": joined((*self.written.closures, *days))})
        content = self.content.model_copy(update={"clinic": clinic})
        return replace(self, content=content, conversation=Conversation(content, self.mind.brain))

    @property
    def brain(self) -> Brain:
        """What understands a text."""
        return self.mind.brain


class Changed(Enum):
    """What a look at folder and database found."""

    NOTHING = auto()
    NEW = auto()
    """Another revision is served now."""
    BROKEN = auto()
    """The folder has problems (`Library.problems`); the last good revision stays."""


def read_checked(files: dict[str, str], today: date) -> Content:
    """The content of these files. Raises ContentError with everything that keeps it from being served."""
    checked = check_files(files, today)
    if checked.content is None or checked.findings.errors:
        raise ContentError(list(checked.findings.errors))
    return checked.content


def fit_to_serve(content: Content, signed_only: bool) -> Content:
    """The content that may be used. Unsigned entries are left out and what asks for them is left to people.

    Raises ContentError naming every unsigned red flag and care plan: without those the bot must not run (design 6,
    "Signing").
    """
    if not signed_only:
        return content
    if problems := unfit_to_run(content):
        raise ContentError(problems)
    groups = tuple(
        group.model_copy(update={"entries": tuple(entry for entry in group.entries if entry.is_signed)})
        for group in content.groups
    )
    unsigned = {
        f"unsigned_{entry.id}"[:41]: (entry.question, *entry.phrasings)
        for entry in content.entries.values()
        if not entry.is_signed
    }
    return content.model_copy(
        update={
            "groups": tuple(group for group in groups if group.entries),
            "for_people": {**content.for_people, **unsigned},
        }
    )


class Library:
    """Holds the served revision. `load` first, then `look` now and then."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bot_id: BotId,
        folder: Path,
        signed_only: bool,
        index_dir: Path | None = None,
        model: SentenceModel | None = None,
    ) -> None:
        """`index_dir`: where indexes are kept (`indexes.py`); `model`: the sentence model, where there is one."""
        self._store = store
        self._clock = clock
        self._bot_id = bot_id
        self._folder = folder
        self.signed_only = signed_only
        self._index_dir = index_dir
        self._model = model
        self._served: Served | None = None
        self._closures: tuple[Closure, ...] = ()
        """Set in the chat, as they are served."""
        self._seen_hash = ""
        self._looked_at_id: int | None = None
        self._tried: Served | None = None
        """A content as it was tried before it became a revision: not to be prepared twice."""
        self._teaching: asyncio.Task[None] | None = None
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the folder now; empty when it is as served."""

    @property
    def served(self) -> Served:
        """The revision that answers. `load` has to have succeeded."""
        assert self._served is not None, "load the library first"
        return self._served

    async def load(self) -> None:
        """Import the folder if it changed since it was last imported, then serve the active revision.

        Raises ContentError when there is nothing fit to serve: a broken folder and no earlier revision, or unsigned
        red flags with a real token.
        """
        await self._import_folder()
        await self._serve_active()
        if self._served is None:
            raise ContentError(list(self.problems))
        await self._serve_closures()

    async def look(self) -> Changed:
        """See whether the folder or the active revision changed, and serve what is newest and fit; with the days on
        which the clinic is closed as they are set now."""
        found = await self._look_at_texts()
        await self._serve_closures()
        return found

    async def _look_at_texts(self) -> Changed:
        found = await self._import_folder()
        if found is Changed.BROKEN:
            return found
        try:
            return await self._serve_active()
        except ContentError as error:  # another worker made it, with other rules than ours: the last good one stays
            return self._tell_broken(error)

    async def take_in_folder(self) -> tuple[Problem, ...]:
        """Import the folder if somebody edited it; what is wrong with it then, which `look` will tell as well."""
        if await self._import_folder() is Changed.BROKEN:
            self._seen_hash = ""
        return self.problems

    def try_out(self, content: Content) -> Served:
        """Everything that would answer from these texts, beside what answers now. Takes seconds: not in the loop.

        Raises ContentError for what cannot be served.
        """
        return self._prepare(0, content, keep=False)

    def offer(self, tried: Served) -> None:
        """What was tried out has become the active revision: the next `look` serves it without preparing it again."""
        self._tried = tried

    async def _import_folder(self) -> Changed:
        try:
            files = await asyncio.to_thread(read_files, self._folder)
        except ContentError as error:
            return self._broken(f"unreadable:{error}", error)
        hash_ = revision_of(files)
        if hash_ == self._seen_hash:
            return Changed.NOTHING
        async with self._store.read() as tx:
            is_new = await self._is_new(tx, hash_)
        if is_new:
            try:
                content = await asyncio.to_thread(read_checked, files, self._clock.now().date())
                self._tried = await asyncio.to_thread(self._prepare, 0, content)
            except ContentError as error:
                return self._broken(hash_, error)
            async with self._store.write() as tx:
                if await self._is_new(tx, hash_):  # not if another worker was quicker
                    touched = await self._touched(tx, content)
                    now_us = self._clock.now_us()
                    await revisions.add(tx, self._bot_id, hash_, files, None, now_us, touched=touched)
            log.info("revision_imported", revision=hash_)
        self._seen_hash = hash_
        self.problems = ()
        return Changed.NEW

    async def _is_new(self, tx: Tx, hash_: str) -> bool:
        """Whether to import this folder: not if it is as it was last time, whatever was edited in the chat since; nor
        if it is as one of those edits left it, since another worker's copy may be older than the database."""
        if await revisions.active_id(tx, self._bot_id) is None:
            return True
        return not await revisions.is_known_to_folder(tx, self._bot_id, hash_)

    async def _touched(self, tx: Tx, content: Content) -> list[str] | None:
        """Ids of what an import changes; None for the first, or where the one before cannot be read any more."""
        active_id = await revisions.active_id(tx, self._bot_id)
        if active_id is None:
            return None
        try:
            return differing(parse_content(await revisions.files_of(tx, active_id)), content)
        except ContentError:
            return None

    def _broken(self, seen: str, error: ContentError) -> Changed:
        """Say so once for each state of the folder."""
        if seen == self._seen_hash:
            return Changed.NOTHING
        self._seen_hash = seen
        return self._tell_broken(error)

    def _tell_broken(self, error: ContentError) -> Changed:
        self.problems = tuple(error.problems)
        log.warning("content_broken", problems=len(self.problems))
        return Changed.BROKEN

    async def _serve_active(self) -> Changed:
        """Serve the active revision if it is another one. Raises ContentError, once for each, if it is not fit."""
        async with self._store.read() as tx:
            revision_id = await revisions.active_id(tx, self._bot_id)
            if revision_id is None or revision_id == self._looked_at_id:
                return Changed.NOTHING
            files = await revisions.files_of(tx, revision_id)
        self._looked_at_id = revision_id
        tried, self._tried = self._tried, None
        if tried is not None and tried.content.revision == revision_of(files):
            await asyncio.to_thread(keep_mind, tried.mind, self._index_dir)
            self._served = replace(tried, revision_id=revision_id)
        else:
            whole = await asyncio.to_thread(parse_content, files)
            self._served = await asyncio.to_thread(self._prepare, revision_id, whole)
        self._served = self._served.closed_on(self._closures)
        log.info("revision_served", revision=self._served.content.revision)
        self._teach()
        return Changed.NEW

    async def _serve_closures(self) -> None:
        """Close the clinic on the days that are set in the chat now, but for those that are over."""
        today = self._clock.now().astimezone(self.served.written.zone).date()
        async with self._store.read() as tx:
            rows = await closures.to_come(tx, self._bot_id, today)
        default = self.served.content.people.closed_reason
        found = tuple(
            Closure(first=row["first_day"], last=row["last_day"], reason=row["reason"] or default) for row in rows
        )
        if found != self._closures:
            self._closures = found
            self._served = self.served.closed_on(found)
            log.info("closures_served", closures=len(found))

    def _prepare(self, revision_id: int, whole: Content, *, keep: bool = True) -> Served:
        """Everything that answers from these texts. Raises ContentError for what cannot be served."""
        content = fit_to_serve(whole, self.signed_only)
        before = self._served.mind if self._served is not None else None
        try:
            mind = mind_for(content, self._model, self._index_dir, before, keep=keep)
        except Exception as error:  # texts that pass every check and break the program: the last good ones stay
            raise ContentError(
                [Problem("en/", None, f"the bot cannot work with this ({type(error).__name__})")]
            ) from error
        conversation = Conversation(content, mind.brain)
        return Served(revision_id, content, mind, conversation, tuple(unsigned(whole)), content.clinic, whole)

    # --- the second opinion -----------------------------------------------------------------------------------------

    def _teach(self) -> None:
        """Let the second opinion catch up with the texts, if it is behind them; that of before serves meanwhile."""
        if self.served.mind.is_behind and (self._teaching is None or self._teaching.done()):
            self._teaching = asyncio.create_task(self._catch_up(), name="teaching")

    async def _catch_up(self) -> None:
        """Learn until what is served is what was learned from: texts may change again meanwhile."""
        while (served := self.served).mind.is_behind and self._index_dir is not None:
            await learn_apart(served.content, self._index_dir)
            mind = await asyncio.to_thread(mind_for, served.content, self._model, self._index_dir, served.mind)
            if mind.is_behind:
                log.warning("opinion_not_learned", revision=served.content.revision)
                return
            if self._served is served:
                conversation = Conversation(served.content, mind.brain)
                self._served = replace(served, mind=mind, conversation=conversation)
                log.info("opinion_learned", revision=served.content.revision)
