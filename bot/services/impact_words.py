"""What an edit would change for patients: in numbers and the names of answers, and, once somebody asks to see them, in
the words of those who asked.
"""

from collections.abc import Mapping

from bot.core.replies import Html
from bot.model import Decision
from bot.services.impact import Impact, Outcome
from bot.services.post import Post

MOVES = 5
"""So many changes are named."""
SHOWN = 10
"""So many questions are shown in patients' words in one message…"""
EXCERPT = 160
"""…and of each so many letters."""


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


def shifts_in_words(post: Post, impact: Impact, codes: Mapping[str, str], first: int = 0) -> tuple[str, int | None]:
    """The next questions that would be answered otherwise, as HTML, and how many come before those after them, None for
    the last. `codes`: who asked each; what was forgotten meanwhile is left out. Each line names its patient, so that
    the message is found when they ask to be forgotten.
    """
    say, texts = post.text, post.library.served.content.teach
    places = [at for at, shift in enumerate(impact.shifts) if at >= first and shift.text in codes]
    lines = [
        say(
            texts.see_line,
            code=codes[shift.text],
            text=shift.text if len(shift.text) <= EXCERPT else f"{shift.text[:EXCERPT]} […]",
            before=_named(post, shift.before),
            after=_named(post, shift.after),
        )
        for shift in (impact.shifts[at] for at in places[:SHOWN])
    ]
    if not lines:
        return say(texts.see_gone), None
    further = places[SHOWN:]
    if further:
        lines.append(say(texts.see_more, count=str(len(further))))
    return say(texts.see, lines=Html("\n\n".join(lines))), further[0] if further else None


def _named(post: Post, outcome: Outcome) -> str:
    content = post.library.served.content
    entry = content.entries.get(outcome.id or "")
    if outcome.decision is Decision.ANSWER and entry is not None:
        return entry.question
    return content.teach.outcomes[outcome.decision]
