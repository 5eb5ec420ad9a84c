"""The warning to a patient and the alert to staff, for what triage found or a safety question brought to light."""

from dataclasses import dataclass, replace

from bot.content.schema import Content
from bot.core import browse
from bot.core.care.checking_in import CheckIns
from bot.core.checking import alert_about
from bot.core.outcome import Occasion, Outcome, Say, State
from bot.core.voice import Voice, since_told
from bot.model import SELF_HARM, Kind, Level, Understanding


@dataclass(frozen=True)
class Alarming:
    """Warns. Values in, an `Outcome` out."""

    content: Content

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

    @property
    def _check_ins(self) -> CheckIns:
        return CheckIns(self.content)

    def warn(
        self,
        understanding: Understanding,
        state: State,
        occasion: Occasion,
        note: str = "",
        *,
        is_silence: bool = False,
    ) -> Outcome:
        """The warning and the alert. `note`: what else staff should know; `is_silence`: only no answer suggests it."""
        assert understanding.level is not None
        replies = self.content.replies
        level = understanding.level
        # "Call the ambulance now" is too much for somebody who is only to ring the clinic, since no answer came.
        too_much = {Level.EMERGENCY} if is_silence else frozenset[Level]()
        texts = {flag.id: flag.text for flag in self.content.red_flags if flag.level not in too_much}
        if occasion.is_about_children:
            texts = {id_: replies.self_harm_child if id_ == SELF_HARM else text for id_, text in texts.items()}
        first = understanding.flags[0]
        # Triage itself failed: there is no sign to name, so the urgent paragraph has to stand alone.
        parts = [self._voice.say(texts[first.id])] if first.id in texts else []
        if level is Level.URGENT:
            parts.append(self._voice.by_the_clock(replies.urgent_open, replies.urgent_closed, occasion.now))
        elif level is Level.ADVISE:
            parts.append(self._voice.say(replies.advise_footer))
        parts[:0] = self._in_their_language(understanding)
        state, understanding = self._settles(understanding, state, occasion)
        presses = level.is_pressing
        state = state.settled().asks(understanding.text, occasion.message_id)
        ids = tuple(flag.id for flag in understanding.flags)
        card = alert_about(level, ids, note)
        if not state.was_warned(ids, occasion.now) and (presses or not state.is_in_danger(occasion.now)):
            before = state.warned if state.is_in_danger(occasion.now) else ()
            state = replace(state, warned=tuple(dict.fromkeys((*ids, *before))), warned_at=occasion.now)
        say = Say("\n\n".join(parts), Kind.EMERGENCY if presses else Kind.REPLY)
        care = self._check_ins.stopped(occasion) if presses else ()
        outcome = Outcome(state, (say,), staff=(card,), understanding=understanding, care=care)
        return outcome if presses else self._beside_advice(outcome, understanding, occasion)

    def _in_their_language(self, understanding: Understanding) -> list[str]:
        """The line about emergencies for somebody who does not write English."""
        theirs = self.content.other_languages.get(understanding.language or "")
        if theirs is None:
            return []
        line = theirs.call_now if understanding.level is Level.EMERGENCY else theirs.emergency
        return [f"<b>{self._voice.say(line)}</b>"]

    def _settles(self, understanding: Understanding, state: State, occasion: Occasion) -> tuple[State, Understanding]:
        """A warning settles an open question about nothing worse; staff read its words and the new ones together."""
        assert understanding.level is not None
        check = state.check_at(occasion.now)
        ids = {flag.id for flag in understanding.flags}
        if check is None or (check.flag.id not in ids and check.flag.level.rank > understanding.level.rank):
            return state, understanding
        if check.text not in understanding.text:
            understanding = replace(understanding, text=f"{check.text}\n{understanding.text}")
        return replace(state, check=None), understanding

    def _beside_advice(self, outcome: Outcome, understanding: Understanding, occasion: Occasion) -> Outcome:
        """A sure answer may follow advice that can wait."""
        if understanding.beside not in self.content.entries:
            return outcome
        since = since_told(occasion, understanding.text, self.content.clinic.zone)
        text = browse.answer(self.content, (understanding.beside,), since)
        say = Say(text, buttons=browse.under_entry(self.content, understanding.beside))
        return replace(outcome, says=(*outcome.says, say))
