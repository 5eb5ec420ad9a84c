"""The timers of a safety question: what happens when a patient does not answer it."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot import logs
from bot.core.checking import NUDGE, UNANSWERED
from bot.model import ChatId
from bot.services.effects import Decided, Effects, look_for_timer
from bot.services.post import Post
from bot.services.ticks import Handler
from bot.store.engine import Tx

log = logs.get(__name__)


@dataclass(frozen=True)
class Checks:
    """Handlers for the due kinds `check_nudge` and `check_unanswered`; `ref` is the patient's chat.

    Nothing takes these timers back: each looks at the conversation as it then is, and an answered question asks for
    nothing any more.
    """

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {NUDGE: self._look, UNANSWERED: self._look}

    async def _look(self, tx: Tx, row: sa.RowMapping) -> None:
        seen, served = await look_for_timer(self.post, tx, ChatId(row["ref"])), self.post.library.served
        if seen is None:
            log.warning("check_of_nobody", due_id=row["id"])
            return
        outcome = served.conversation.on_silence(seen.state, seen.occasion)
        if outcome.state == seen.state:
            return
        effects = Effects(self.post, tx, served.revision_id)
        await effects.apply([Decided(row["id"], None, seen, outcome)])
        log.info("check_unanswered", due_id=row["id"])
