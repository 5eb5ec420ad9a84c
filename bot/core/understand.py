"""What one text of a patient means, and what follows from it. The order never changes:

clean → triage (danger, or one question about it) → wishes ("please stop") → another language → FAQ match, alone and
after the last answer → hand over.

Triage sees every text first; if it fails, the text counts as urgent: a patient in danger must reach people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Protocol

from bot.content.schema import Content, Entry
from bot.core.follow_up import FollowUps
from bot.core.language import Tongues, foreign
from bot.core.matching import Matcher, build_matcher
from bot.core.matching.index import Index
from bot.core.matching.semantic import SentenceModel
from bot.core.meta import Wishes
from bot.core.opinion import LearnedOpinion, Lessons
from bot.core.pleasantries import without_pleasantries
from bot.core.text import clean
from bot.core.triage import TRIAGE_FAILED, Triager
from bot.model import SELF_HARM, Candidate, Decision, Flag, Level, Match, Triage, Understanding, is_pressing

SPEAK_TO_HUMAN = "speak_to_human"
"""The FAQ entry about reaching a person; carried along with the wish for one."""

_BEYOND_DOUBT = 0.85
"""Of a text that the second opinion alone has a doubt about. One in two such doubts is right; of those about a text
that is answered as surely as this, none was, in 1,600 messages of other writers."""
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
    tongues: Tongues = field(default_factory=lambda: Tongues({}, ()))
    """Signs of danger in other languages."""

    def understand(
        self, text: str, *, recent: Sequence[str] = (), about: str | None = None, denied: bool = False
    ) -> Understanding:
        """The decision about `text`, with its reasons. Never raises for anything triage does.

        `recent` are the chat's texts of the last two minutes, oldest first, without `text`: danger is also looked for
        in all of them read as one, because people write "I can't" and "breathe" as two messages. `about` is the entry
        this chat was last answered with, if that is fresh: "and for how long?" is about that. `denied`: the patient was
        asked about what may be suspected, and said no.

        A red flag wins at any level; the FAQ's candidates come along whatever the decision.
        """
        cleaned = clean(text)
        triage = self._triage(cleaned, recent)
        asked = without_pleasantries(cleaned, self.content.words)
        match = self.matcher.match(asked)
        triage = _faint_asked(triage, match)
        wish = self.wishes.wish(cleaned)
        is_clear = wish is not None or is_beyond_doubt(match)
        is_asked = bool(triage.suspected) and not denied and not (is_clear and _is_a_mere_feeling(triage.suspected))
        if triage.flags and not (is_asked and _is_worse(triage.suspected, triage.flags)):
            understood = _understood(text, Decision.RED_FLAG, triage.flags[0].id, 1.0, triage, match)
            language = foreign(cleaned) or self.tongues.language_of(cleaned)
            return replace(understood, language=language, beside=_beside(triage, match))
        if is_asked:
            return _understood(text, Decision.CHECK, triage.suspected[0].id, 1.0, triage, match)
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
        return self._follow_ups.read_with(answered, asked, alone)

    @cached_property
    def _follow_ups(self) -> FollowUps:
        return FollowUps(self.matcher, self.content.entries)

    def _triage(self, cleaned: str, recent: Sequence[str]) -> Triage:
        """What triage says of the text, and of it together with what came before."""
        try:
            alone = self._signs(cleaned)
            if not recent:
                return alone
            earlier = clean("\n".join(recent)[-_SEAM:])
            together = self._signs(f"{earlier}\n{cleaned[:_SEAM]}")
            known = {flag.id for flag in alone.flags}
            known |= {flag.id for flag in alone.suspected}
            is_news = any(flag.id not in known for flag in (*together.flags, *together.suspected))
            return _joined(alone, self._signs(earlier) if is_news else NOTHING, together)
        except Exception as error:  # whatever broke, people must see this text
            failed = Flag(TRIAGE_FAILED, Level.URGENT, ())
            return Triage((failed,), (f"{TRIAGE_FAILED}: {type(error).__name__}",))

    def _signs(self, text: str) -> Triage:
        """What triage says of one text, and what is said in it in another language."""
        found = self.triager.triage(text)
        if not (said := self.tongues.signs_in(text)):
            return found
        flags = {flag.id: flag for flag in (*said, *found.flags)}
        suspected = tuple(flag for flag in found.suspected if flag.id not in flags)
        by_level = sorted(flags.values(), key=lambda flag: -flag.level.rank)
        return replace(found, flags=tuple(by_level), suspected=suspected)

    def _with_entry(self, wish: str, match: Match) -> Match:
        if wish != "human" or SPEAK_TO_HUMAN not in self.content.entries:
            return match
        wanted = Candidate(SPEAK_TO_HUMAN, 1.0, self.content.entries[SPEAK_TO_HUMAN].question)
        others = tuple(other for other in match.candidates if other.entry_id != SPEAK_TO_HUMAN)
        return Match(match.decision, (wanted, *others)[:3], match.repaired)


def build_triager(content: Content, lessons: Lessons | None) -> Triager:
    """What looks for signs of danger, with the second opinion where there are lessons for it."""
    opinion = LearnedOpinion(lessons) if lessons else None
    return Triager(content.red_flags, content.concepts, content.figures_of_speech, opinion)


def build_brain(
    content: Content,
    index: Index | None = None,
    model: SentenceModel | None = None,
    lessons: Lessons | None = None,
    triager: Reader | None = None,
    matcher: Matcher | None = None,
) -> Brain:
    """The brain for one revision of the content.

    `index`: of this content, built with `model`; built now if None. `lessons`: for the second opinion on danger;
    without them there is none. `triager`: one with the same rules and lessons, where there is one already; `matcher`:
    one with the same ways to ask.
    """
    matcher = matcher or build_matcher(content, index, model)
    triager = triager or build_triager(content, lessons)
    tongues = Tongues(content.other_languages, content.red_flags)
    return Brain(content, triager, Wishes(content.words), matcher, tongues)


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
        "red_flags": [
            {"id": flag.id, "level": flag.level.value} for flag in (*understanding.flags, *understanding.suspected)
        ],
        "repaired": understanding.repaired,
    }


def _understood(
    text: str, decision: Decision, found: str | None, confidence: float, triage: Triage, match: Match
) -> Understanding:
    return Understanding(
        text=text,
        decision=decision,
        id=found,
        level=triage.level if decision is not Decision.CHECK else triage.suspected[0].level,
        confidence=confidence,
        candidates=match.candidates,
        flags=triage.flags,
        suspected=triage.suspected,
        ruled_out=triage.ruled_out,
        repaired=match.repaired,
    )


def _is_a_mere_feeling(suspected: Sequence[Flag]) -> bool:
    """Whether no rule named a word of it: the second opinion alone thinks that it may be."""
    return all(flag.is_mere_feeling for flag in suspected)


def _faint_asked(triage: Triage, match: Match) -> Triage:
    """A faint alarm about what the FAQ surely knows as a doubt; there is no doubting somebody who may harm herself."""
    if match.decision is not Decision.ANSWER:
        return triage
    faint = tuple(flag for flag in triage.flags if flag.faint and flag.id != SELF_HARM)
    if not faint:
        return triage
    flags = tuple(flag for flag in triage.flags if flag not in faint)
    suspected = sorted((*faint, *triage.suspected), key=lambda flag: -flag.level.rank)
    return replace(triage, flags=flags, suspected=tuple(suspected))


def is_beyond_doubt(match: Match) -> bool:
    """Whether it is an ordinary question, more surely than an answer needs."""
    return match.decision is Decision.ANSWER and match.candidates[0].confidence >= _BEYOND_DOUBT


def _is_worse(suspected: Sequence[Flag], flags: Sequence[Flag]) -> bool:
    """Whether there is a doubt about something pressing beside what can wait for opening hours."""
    return bool(suspected) and suspected[0].level.is_pressing and not is_pressing(flags)


def _beside(triage: Triage, match: Match) -> str | None:
    """The entry that surely answers a text with nothing worse in it than what can wait for opening hours."""
    if is_pressing((*triage.flags, *triage.suspected)) or match.decision is not Decision.ANSWER or not match.candidates:
        return None
    return match.candidates[0].entry_id


NOTHING = Triage((), ())


def _joined(alone: Triage, before: Triage, together: Triage) -> Triage:
    """The flags of the newest text, and those that only the texts together raise.

    A flag that the earlier texts raised by themselves was acted on when they came: "thanks" after it is no new alarm,
    but what makes it worse is ("I fainted" / "and hit my head").
    """
    own = {flag.id for flag in alone.flags}
    acted_on = {flag.id: flag.level.rank for flag in before.flags}
    flags = [flag for flag in together.flags if flag.id in own or flag.level.rank > acted_on.get(flag.id, 0)]
    known = {flag.id for flag in flags}
    flags += [flag for flag in alone.flags if flag.id not in known]
    flags.sort(key=lambda flag: -flag.level.rank)
    doubted = {flag.id for flag in before.suspected}
    suspected = {flag.id: flag for flag in together.suspected if flag.id not in doubted}
    suspected |= {flag.id: flag for flag in alone.suspected}
    ruled_out = dict.fromkeys((*alone.ruled_out, *together.ruled_out))
    return Triage(tuple(flags), tuple(ruled_out), tuple(flag for flag in suspected.values() if flag.id not in known))
