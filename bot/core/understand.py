"""What one text of a patient means, and what follows from it. The order never changes:

clean → triage → wishes ("please stop") → another language → FAQ match, alone and after the last answer → hand over.

Triage sees every text first; if it fails, the text counts as urgent: a patient in danger must reach people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from bot.content.schema import Content, Entry
from bot.core.follow_up import read_with
from bot.core.language import foreign
from bot.core.matching import Matcher, build_matcher
from bot.core.matching.index import Index
from bot.core.matching.semantic import SentenceModel
from bot.core.meta import Wishes
from bot.core.pleasantries import without_pleasantries
from bot.core.text import clean
from bot.core.triage import Triager
from bot.model import Candidate, Decision, Flag, Level, Match, Triage, Understanding

TRIAGE_FAILED = "triage_failed"
"""Id of the flag raised when triage itself broke."""
SPEAK_TO_HUMAN = "speak_to_human"
"""The FAQ entry about reaching a person; carried along with the wish for one."""

_SEAM = 2000
"""Characters on either side of where two messages meet; a sign torn in two lies within a few words of it."""


class Reader(Protocol):
    """What looks for signs of danger (`Triager`)."""

    def triage(self, text: str) -> Triage:
        """The red flags in `text`."""
        ...


@dataclass(frozen=True)
class Brain:
    """Everything needed to understand a text, built once per content revision by `build_brain`."""

    content: Content
    triager: Reader
    wishes: Wishes
    matcher: Matcher

    def understand(self, text: str, *, recent: Sequence[str] = (), about: str | None = None) -> Understanding:
        """The decision about `text`, with its reasons. Never raises for anything triage does.

        `recent` are the chat's texts of the last two minutes, oldest first, without `text`: danger is also looked for
        in all of them read as one, because people write "I can't" and "breathe" as two messages. `about` is the entry
        this chat was last answered with, if that is fresh: "and for how long?" is about that.

        A red flag wins at any level; the FAQ's candidates come along whatever the decision.
        """
        cleaned = clean(text)
        triage = self._triage(cleaned, recent)
        asked = without_pleasantries(cleaned, self.content.words)
        match = self.matcher.match(asked)
        if triage.flags:
            return _understood(text, Decision.RED_FLAG, triage.flags[0].id, 1.0, triage, match)
        wish = self.wishes.wish(cleaned)
        if wish is not None:
            return _understood(text, Decision.META, wish, 1.0, triage, self._with_entry(wish, match))
        if (language := foreign(cleaned)) is not None:
            understood = _understood(text, Decision.HAND_OVER, None, 0.0, triage, match)
            return replace(understood, language=language)
        followed = self._after(about, asked, match)
        match = followed or match
        best = match.candidates[0] if match.candidates else None
        entry_id = best.entry_id if best and match.decision is Decision.ANSWER else None
        understood = _understood(text, match.decision, entry_id, best.confidence if best else 0.0, triage, match)
        second = match.second.entry_id if match.second and entry_id else None
        return replace(understood, second=second, about=about if followed else None)

    def _after(self, about: str | None, asked: str, alone: Match) -> Match | None:
        """What a text without a sure answer of its own means after the entry `about`, if anything else."""
        answered = self.content.entries.get(about) if about else None
        if answered is None or alone.decision is Decision.ANSWER:
            return None
        return read_with(self.matcher, answered, asked, alone)

    def _triage(self, cleaned: str, recent: Sequence[str]) -> Triage:
        """What triage says of the text, and of it together with what came before."""
        try:
            alone = self.triager.triage(cleaned)
            if not recent:
                return alone
            earlier = clean("\n".join(recent)[-_SEAM:])
            together = self.triager.triage(f"{earlier}\n{cleaned[:_SEAM]}")
            known = {flag.id for flag in alone.flags}
            is_news = any(flag.id not in known for flag in together.flags)
            return _joined(alone, self.triager.triage(earlier) if is_news else NOTHING, together)
        except Exception as error:  # whatever broke, people must see this text
            failed = Flag(TRIAGE_FAILED, Level.URGENT, ())
            return Triage((failed,), (f"{TRIAGE_FAILED}: {type(error).__name__}",))

    def _with_entry(self, wish: str, match: Match) -> Match:
        if wish != "human" or SPEAK_TO_HUMAN not in self.content.entries:
            return match
        wanted = Candidate(SPEAK_TO_HUMAN, 1.0, self.content.entries[SPEAK_TO_HUMAN].question)
        others = tuple(other for other in match.candidates if other.entry_id != SPEAK_TO_HUMAN)
        return Match(match.decision, (wanted, *others)[:3], match.repaired)


def build_brain(content: Content, index: Index | None = None, model: SentenceModel | None = None) -> Brain:
    """The brain for one revision of the content. `index`: of this content, built with `model`; built now if None."""
    matcher = build_matcher(content, index, model)
    return Brain(content, Triager(content.red_flags), Wishes(content.words), matcher)


def answer_for(entry: Entry, since_treatment: timedelta | None) -> str:
    """The entry's answer for somebody treated so long ago; the general one when that is unknown or none fits."""
    if since_treatment is not None:
        for variant in entry.variants:
            if variant.after <= since_treatment and (variant.until is None or since_treatment < variant.until):
                return variant.answer
    return entry.answer


def understanding_to_json(understanding: Understanding) -> dict[str, object]:
    """What `faq ask --json` and `faq eval --json` print for one text."""
    return {
        "text": understanding.text,
        "decision": understanding.decision.value,
        "id": understanding.id,
        "level": understanding.level.value if understanding.level else None,
        "confidence": understanding.confidence,
        "candidates": [{"id": c.entry_id, "confidence": c.confidence} for c in understanding.candidates],
        "red_flags": [{"id": flag.id, "level": flag.level.value} for flag in understanding.flags],
        "repaired": understanding.repaired,
    }


def _understood(
    text: str, decision: Decision, found: str | None, confidence: float, triage: Triage, match: Match
) -> Understanding:
    return Understanding(
        text=text,
        decision=decision,
        id=found,
        level=triage.level,
        confidence=confidence,
        candidates=match.candidates,
        flags=triage.flags,
        ruled_out=triage.ruled_out,
        repaired=match.repaired,
    )


NOTHING = Triage((), ())


def _joined(alone: Triage, before: Triage, together: Triage) -> Triage:
    """The flags of the newest text, and those that only the texts together raise.

    A flag that the earlier texts raised by themselves was acted on when they came: "thanks" after it is no new alarm.
    """
    old = {flag.id for flag in before.flags} - {flag.id for flag in alone.flags}
    flags = [flag for flag in together.flags if flag.id not in old]
    known = {flag.id for flag in flags}
    flags += [flag for flag in alone.flags if flag.id not in known]
    flags.sort(key=lambda flag: -flag.level.rank)
    return Triage(tuple(flags), tuple(dict.fromkeys((*alone.ruled_out, *together.ruled_out))))
