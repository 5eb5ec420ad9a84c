"""From an edit of the texts to a revision that is served: tried out first, checked, and never over somebody else's.

An edit is proposed on the revision its editor saw. If others publish meanwhile, it is made again on what they left,
unless they touched the same thing: then the editor sees theirs. The folder follows the database; what somebody edited
in the folder comes first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from bot import logs
from bot.clock import to_us
from bot.content.edit import ChangeEntry, Edit, Edited, Retire, Sign, apply, keep_ids, signables
from bot.content.files import read_files, write_files
from bot.content.load import parse_content, revision_of
from bot.content.merge import merged
from bot.content.parts import Signable
from bot.content.yaml_text import EditError
from bot.errors import ContentError
from bot.model import UserId
from bot.services import recall
from bot.services.impact import DAYS, MOST_QUESTIONS, Dangers
from bot.services.library import Library
from bot.services.post import Post
from bot.services.proposing import Proposal, Undo, try_out
from bot.store import accounts, revisions
from bot.store.engine import Tx
from bot.store.revisions import Revision

log = logs.get(__name__)

_TRIES = 5
"""So often an edit is made anew on what others published meanwhile; more than a few at once are not of this world."""


@dataclass(frozen=True, slots=True)
class Published:
    """It is the active revision now; every worker serves it at its next look (`Library.look`)."""

    revision_id: int
    item_id: str
    in_folder: bool
    """False when the folder could not be written; the database has it all the same."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the same thing first."""

    item_id: str
    theirs: Signable | None
    """How they left it; None: they took it out."""
    by: Revision | None
    """The last revision that touched it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot go live as it is."""

    reasons: tuple[str, ...]


Proposed: TypeAlias = Proposal | Conflict | Refused
Outcome: TypeAlias = Published | Conflict | Refused
Then: TypeAlias = Callable[[Tx, Published], Awaitable[None]]
"""What is done in the transaction that makes a revision: with it, or not at all. The folder is written afterwards."""


class Publisher:
    """Proposes, publishes and takes back edits."""

    def __init__(self, post: Post, folder: Path) -> None:
        """`folder`: the content folder (`CONTENT_DIR`)."""
        self._post = post
        self._library: Library = post.library
        self._folder = folder
        self._dangers = Dangers(folder.parent / recall.CASES)
        self._publishing = asyncio.Lock()
        self._tried: Proposal | None = None

    async def propose(self, edit: Edit, base_id: int | None = None) -> Proposed:
        """Try an edit out on what is active. `base_id`: the revision its editor saw; None: the active one.

        Takes seconds where phrasings change; the bot answers meanwhile. `take_tried` has the last one.
        """
        self._tried = None
        proposed = await self._proposed(edit, base_id)
        if isinstance(proposed, Proposal):
            self._tried = proposed
        return proposed

    def take_tried(self, edit: Edit) -> Proposal | None:
        """What was proposed last, if it was this edit: mostly what is published next, and trying it out again would
        take as long. It is made again by `publish` if the texts have moved on."""
        tried, self._tried = self._tried, None
        return tried if tried is not None and tried.edit == edit else None

    def last_tried(self, edit: Edit) -> Proposal | None:
        """The same, for somebody who only looks at it: it stays at hand."""
        return self._tried if self._tried is not None and self._tried.edit == edit else None

    async def _proposed(self, edit: Edit, base_id: int | None) -> Proposed:
        active_id, files = await self._active()
        seen_id = base_id if base_id is not None else active_id
        if seen_id != active_id and (conflict := await self._conflict(edit, seen_id, files)) is not None:
            return conflict
        try:
            edited = await asyncio.to_thread(apply, files, edit)
        except EditError as error:
            return Refused((str(error),))
        return await self._examine(edit, active_id, files, edited)

    async def publish(self, proposal: Proposal, who: UserId, note: str = "", then: Then | None = None) -> Outcome:
        """Make it the active revision and write it into the folder."""
        async with self._publishing:
            return await self._publish(proposal, who, note, then)

    async def undo(self, revision_id: int, who: UserId, note: str = "", then: Then | None = None) -> Outcome:
        """Take back what a revision changed, as a new revision; what was changed since stays."""
        async with self._publishing:
            proposed = await self._propose_undo(Undo(revision_id))
            return await self._publish(proposed, who, note, then) if isinstance(proposed, Proposal) else proposed

    async def history(self, item_id: str | None = None, limit: int = 20) -> list[Revision]:
        """The last revisions, newest first; of one entry, red flag or plan, those that touched it."""
        async with self._post.store.read() as tx:
            return await revisions.history(tx, self._post.bot_id, item_id, limit)

    # --- publishing -------------------------------------------------------------------------------------------------

    async def _publish(self, proposal: Proposal, who: UserId, note: str, then: Then | None) -> Outcome:
        for _ in range(_TRIES):
            if problems := await self._library.take_in_folder():
                return Refused(("the folder was edited and has mistakes:", *map(str, problems)))
            anew = await self._on_active(proposal)
            if not isinstance(anew, Proposal):
                return anew
            proposal = anew
            if proposal.refusals:
                return Refused(proposal.refusals)
            revision_id = await self._store(proposal, who, note, then)
            if revision_id is not None:
                assert proposal.tried is not None, "what has no refusals was tried out"
                self._library.offer(proposal.tried)
                in_folder = await self._into_folder(proposal)
                log.info("texts_published", revision=revision_id, user_id=who, in_folder=in_folder)
                return Published(revision_id, proposal.item_id, in_folder)
        return Refused(("others publish at the same time; try again in a minute",))

    async def _on_active(self, proposal: Proposal) -> Proposed:
        """The proposal, made again if it is not on the active revision any more."""
        async with self._post.store.read() as tx:
            active_id = await revisions.active_id(tx, self._post.bot_id)
        if active_id == proposal.base_id:
            return proposal
        if isinstance(proposal.edit, Undo):
            return await self._propose_undo(proposal.edit)
        return await self._proposed(proposal.edit, proposal.base_id)

    async def _store(self, proposal: Proposal, who: UserId, note: str, then: Then | None) -> int | None:
        """The new revision's id; None when another came first."""
        undone = proposal.edit.revision_id if isinstance(proposal.edit, Undo) else None
        async with self._post.store.write() as tx:
            if (await accounts.account(tx, self._post.bot_id, lock=True))["revision_id"] != proposal.base_id:
                return None
            revision_id = await revisions.add(
                tx,
                self._post.bot_id,
                revision_of(proposal.files),
                proposal.files,
                who,
                self._post.clock.now_us(),
                note=note or None,
                touched=proposal.touched,
                undoes_id=undone,
            )
            if then is not None:
                await then(tx, Published(revision_id, proposal.item_id, in_folder=False))
            return revision_id

    async def _into_folder(self, proposal: Proposal) -> bool:
        """Write it there, but not over what somebody saved at this very moment: that is imported next."""
        try:
            there = await asyncio.to_thread(read_files, self._folder)
            async with self._post.store.read() as tx:
                if not await revisions.is_known_to_folder(tx, self._post.bot_id, revision_of(there)):
                    return False
                before = await revisions.files_of(tx, proposal.base_id)
            gone = before.keys() - proposal.files.keys()
            await asyncio.to_thread(write_files, self._folder, proposal.files, gone)
        except (OSError, ContentError) as error:
            log.warning("folder_not_written", error=type(error).__name__)
            return False
        return True

    # --- trying out -------------------------------------------------------------------------------------------------

    async def _active(self) -> tuple[int, dict[str, str]]:
        async with self._post.store.read() as tx:
            active_id = await revisions.active_id(tx, self._post.bot_id)
            assert active_id is not None, "the library has loaded one"
            return active_id, await revisions.files_of(tx, active_id)

    async def _conflict(self, edit: Edit, base_id: int, files: Mapping[str, str]) -> Conflict | None:
        async with self._post.store.read() as tx:
            base = await revisions.files_of(tx, base_id)
        if (item_id := _touched_by(edit)) is None:
            return None
        theirs, ours = await asyncio.to_thread(lambda: [signables(parse_content(one)) for one in (files, base)])
        return None if theirs.get(item_id) == ours.get(item_id) else await self._conflict_about(item_id, theirs)

    async def _conflict_about(self, item_id: str, theirs: Mapping[str, Signable]) -> Conflict:
        by = await self.history(item_id, 1)
        return Conflict(item_id, theirs.get(item_id), by[0] if by else None)

    async def _propose_undo(self, undo: Undo) -> Proposed:
        active_id, files = await self._active()
        async with self._post.store.read() as tx:
            revision = await revisions.get(tx, self._post.bot_id, undo.revision_id)
            if revision is None or revision.parent_id is None:
                return Refused(("there is nothing before this revision to go back to",))
            then = await revisions.files_of(tx, revision.id)
            before = await revisions.files_of(tx, revision.parent_id)
        now, was = await asyncio.to_thread(lambda: [signables(parse_content(one)) for one in (files, then)])
        for item_id in revision.touched or ():
            if now.get(item_id) != was.get(item_id):
                return await self._conflict_about(item_id, now)
        if (files_without := merged(then, files, before)) is None:
            return Refused(("the same lines were changed again since; change them by hand",))
        if files_without == files:
            return Refused(("this was taken back already",))
        item_id = next(iter(revision.touched or ()), "")
        return await self._examine(undo, active_id, files, Edited(keep_ids(files, files_without), item_id))

    async def _examine(self, edit: Edit | Undo, base_id: int, files: Mapping[str, str], edited: Edited) -> Proposal:
        post, now = self._post, self._post.clock.now()
        async with post.store.read() as tx:
            asked = await revisions.asked_since(tx, post.bot_id, to_us(now - timedelta(days=DAYS)), MOST_QUESTIONS)
        return await asyncio.to_thread(
            try_out, self._library, self._dangers, edit, base_id, files, edited, asked, now.date()
        )


def _touched_by(edit: Edit) -> str | None:
    """What an edit changes; None for what is new, which cannot be somebody else's."""
    match edit:
        case ChangeEntry() | Retire():
            return edit.entry_id
        case Sign():
            return edit.item_id
        case _:
            return None
