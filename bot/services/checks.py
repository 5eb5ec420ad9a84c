"""The timers of a safety question: what happens when a patient does not answer it."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot import logs
from bot.core.checking import NUDGE, UNANSWERED
from bot.core.outcome import Occasion, State
from bot.model import ChatId
from bot.services.effects import Decided, Effects, Snapshot
from bot.services.post import Post
from bot.services.ticks import Handler
from bot.store import chats
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
        bot_id, chat_id = self.post.bot_id, ChatId(row["ref"])
        await chats.lock_chat(tx, bot_id, chat_id)  # an answer that comes now waits until this is decided
        patient = await chats.patient_of(tx, bot_id, chat_id)
        talk = (await chats.talks_with(tx, bot_id, [chat_id]))[chat_id]
        if patient is None:
            log.warning("check_of_nobody", due_id=row["id"])
            return
        now, state, served = self.post.clock.now(), State.from_json(talk.state), self.post.library.served
        occasion = Occasion(
            now=now, sent_at=now, stopped=patient.opted_out, treated_at=patient.treated_at, code=patient.code
        )
        outcome = served.conversation.on_silence(state, occasion)
        if outcome.state == state:
            return
        seen = Snapshot(talk.version, state, patient, occasion, talk.flood_tat_us, press_is_ours=False)
        effects = Effects(self.post, tx, served.revision_id)
        await effects.apply([Decided(row["id"], None, seen, outcome)])
        log.info("check_unanswered", due_id=row["id"])
