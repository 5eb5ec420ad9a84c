"""What an edit would change for patients, in numbers and the names of answers: never in a patient's words."""

from bot.model import Decision
from bot.services.impact import Impact, Outcome
from bot.services.post import Post

MOVES = 5
"""So many changes are named."""


def impact_in_words(post: Post, impact: Impact) -> str:
    """Some lines of HTML."""
    say, texts = post.text, post.library.served.content.teach
    if not impact.shifts:
        lines = [say(texts.no_shifts, asked=str(impact.asked))]
    else:
        lines = [say(texts.shifts, count=str(len(impact.shifts)), asked=str(impact.asked))]
    for (before, after), count in list(impact.moves.items())[:MOVES]:
        lines.append(say(texts.move, before=_named(post, before), after=_named(post, after), count=str(count)))
    if impact.held_out_shifts:
        lines.append(say(texts.held_out, count=str(len(impact.held_out_shifts)), of=str(impact.held_out)))
    return "\n".join(lines)


def _named(post: Post, outcome: Outcome) -> str:
    content = post.library.served.content
    entry = content.entries.get(outcome.id or "")
    if outcome.decision is Decision.ANSWER and entry is not None:
        return entry.question
    return content.teach.outcomes[outcome.decision]
