"""Notes for staff that nobody has marked done: a page of them, each with its button."""

from dataclasses import dataclass

from bot.core.replies import Html
from bot.model import Button, Payload, in_rows
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.store import care
from bot.store.engine import Tx

PAGE = 10
IN_A_ROW = 5


@dataclass(frozen=True)
class NoteList:
    """Draws the list of notes, always as it stands in the database."""

    post: Post

    async def payload(self, tx: Tx, number: int = 0, said: str = "") -> Payload:
        """One page, counted from 0, the last one where there are fewer; the oldest note comes first."""
        words = PlanWords(self.post)
        notes = await care.open_notes(tx, self.post.bot_id, self.post.clock.now_us())
        if not notes:
            return Payload("\n\n".join(filter(None, (self.post.text(words.replies.no_notes), said))))
        number = min(number, (len(notes) - 1) // PAGE)
        first = number * PAGE
        shown = list(enumerate(notes[first : first + PAGE], first + 1))
        lines = [words.note(words.replies.note_line, note, at, code=note["code"]) for at, note in shown]
        text = self.post.text(words.replies.notes, count=str(len(notes)), lines=Html("\n".join(lines)))
        label = words.replies.button_done
        done = [Button(label.replace("{number}", str(at)), f"pl:done:{note['id']}.{number}") for at, note in shown]
        rows = in_rows(done, IN_A_ROW)
        turn = []
        if number:
            turn.append(Button(words.replies.button_previous, f"pl:notes:{number - 1}"))
        if first + PAGE < len(notes):
            turn.append(Button(words.replies.button_next, f"pl:notes:{number + 1}"))
        return Payload("\n\n".join(filter(None, (text, said))), tuple(filter(None, (*rows, tuple(turn)))))
