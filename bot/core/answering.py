"""Answers, offers and handing over; and what patients make of them, with a button or in words that mean the same."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.content.schema import Content
from bot.core import browse
from bot.core.choosing import chosen
from bot.core.language import LANGUAGES
from bot.core.outcome import (
    COURTESY,
    HELD,
    OFFER_LASTS,
    Answered,
    Asked,
    Occasion,
    Outcome,
    Redraw,
    Say,
    State,
    TellStaff,
)
from bot.core.text import normalise
from bot.core.voice import Voice, since_told, since_treatment
from bot.markup import MAX_TEXT, parse, utf16_len
from bot.model import Button, Buttons, Decision, MessageId, PressIn, Tap, Understanding


@dataclass(frozen=True)
class Answering:
    """Replies to questions, in the clinic's words. `semantics` of every method: values in, an `Outcome` out."""

    content: Content

    @property
    def voice(self) -> Voice:
        """Who says it."""
        return Voice(self.content.clinic, self.content.replies)

    # --- what was decided -------------------------------------------------------------------------------------------

    def decided(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        """Answer, ask back or hand over."""
        state = state.asks(understanding.text, occasion.message_id)
        match understanding.decision:
            case Decision.ANSWER:
                return self._answer(understanding, state, occasion)
            case Decision.ASK:
                return self._ask(understanding, state, occasion)
            case _:
                return self._hand_over(understanding, state, occasion)

    def _answer(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        assert understanding.id is not None
        wanted = (understanding.id, understanding.second) if understanding.second else (understanding.id,)
        candidates = (*wanted, *(candidate.entry_id for candidate in understanding.candidates))
        asked = Asked(understanding.text, occasion.message_id, candidates)
        state, say = self._answered(wanted, asked, state, occasion)
        if understanding.about == understanding.id and state.answered is not None:
            state = replace(state, answered=replace(state.answered, again=True))
        return Outcome(state, (say,), understanding=understanding)

    def _answered(
        self, entry_ids: tuple[str, ...], asked: Asked, state: State, occasion: Occasion
    ) -> tuple[State, Say]:
        """The answer to a question, and the state that knows it; of two that do not fit one message, the better."""
        since = since_told(occasion, asked.text, self.content.clinic.zone)
        text = browse.answer(self.content, entry_ids, since)
        if len(entry_ids) > 1 and utf16_len(parse(text).text) > MAX_TEXT:
            return self._answered(entry_ids[:1], asked, state, occasion)
        others = self._existing(entry_id for entry_id in asked.candidates if entry_id not in entry_ids)
        answered = Answered(entry_ids, others, occasion.now + OFFER_LASTS, asked.asked_in)
        state = replace(state.settled().asks(asked.text, asked.asked_in), answered=answered)
        return state, Say(text, buttons=browse.under_answer(self.content, entry_ids))

    def _ask(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        offered = self._existing(candidate.entry_id for candidate in understanding.candidates)
        say = Say(self.voice.say(self.content.replies.ask), buttons=browse.offer(self.content, offered), held=True)
        state = _hold(state, occasion).offers(offered, occasion.now)
        return Outcome(state, (say,), understanding=understanding)

    def _hand_over(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        replies, voice = self.content.replies, self.voice
        if understanding.language is None:
            text = voice.handed_over(occasion.now)
            card = voice.card(self._with_topic(understanding.text, state, occasion), occasion, held=True)
        else:
            theirs = self.content.other_languages.get(understanding.language)
            first = f"<b>{voice.say(theirs.emergency)}</b>" if theirs else None  # in case they read no further
            in_theirs = replies.language_foreign.get(understanding.language)
            in_ours = voice.by_the_clock(replies.foreign_open, replies.foreign_closed, occasion.now)
            text = "\n\n".join(filter(None, (first, in_theirs and voice.say(in_theirs), in_ours)))
            language = LANGUAGES[understanding.language]
            template = replies.staff_foreign
            card = voice.card(understanding.text, occasion, held=True, template=template, language=language)
        say = Say(text, buttons=((Button(replies.button_browse, "faq"),),), held=True)
        return Outcome(_hold(state, occasion), (say,), staff=(card,), understanding=understanding)

    # --- in words ---------------------------------------------------------------------------------------------------

    def typed(self, text: str, state: State, occasion: Occasion) -> Outcome | None:
        """What a button of the last reply would lead to, where `text` says the same; None where it does not."""
        said, words = normalise(text), self.content.words
        refuses = said in _lines(words.none_of_these) or said in _lines(words.not_asked)
        if offered := self._existing(state.offer_at(occasion.sent_at)):
            asked = Asked(state.question, state.asked_in, offered)
            if refuses or said in _lines(words.no):
                return self._none_of_these(asked, state, occasion)
            place = chosen(text, [self.content.entries[entry_id].question for entry_id in offered])
            if place is None and said in _lines(words.yes):
                if len(offered) > 1:
                    return self._which_one(offered, state, occasion)
                place = 0
            return None if place is None else self._chosen(offered[place], asked, state, occasion)
        answered = state.answered_at(occasion.sent_at)
        if answered is None or answered.asked_in != state.asked_in:
            return None
        asked = Asked(state.question, answered.asked_in, answered.others, answered.entry_ids)
        if refuses:
            return self._not_asked(asked, state, occasion)
        if said in _lines(words.helped):
            polite = self.polite(self.content.replies.helped, state, occasion)
            return replace(polite, about=asked.asked_in, taps=_all(answered.entry_ids, Tap.HELPED))
        return None

    def polite(self, text: str, state: State, occasion: Occasion) -> Outcome:
        """The reply to thanks or a nod, unless there was one a moment ago: nothing is left to say then.

        Whoever was warned of danger is always reminded.
        """
        thanked_at = state.thanked_at
        if thanked_at and occasion.now - thanked_at < COURTESY and not state.is_in_danger(occasion.now):
            return Outcome(state.settled())
        return Outcome(replace(state.settled(), thanked_at=occasion.now), (Say(self.voice.say(text)),))

    def _which_one(self, offered: tuple[str, ...], state: State, occasion: Occasion) -> Outcome:
        say = Say(self.voice.say(self.content.replies.which_one), buttons=browse.offer(self.content, offered))
        return Outcome(state.settled().offers(offered, occasion.now), (say,), about=state.asked_in)

    # --- with a button ----------------------------------------------------------------------------------------------

    def pressed(self, press: PressIn, state: State, occasion: Occasion) -> Outcome | None:
        """What a press on a button under an answer or an offer leads to; None where it no longer means anything."""
        action, _, entry_id = (press.data or "").partition(":")
        asked = occasion.asked or Asked(state.question, state.asked_in)
        if action == "none":
            return _once(press, state, self._none_of_these(asked, state, occasion))
        if action == "team":
            state = replace(state, question=asked.text, asked_in=asked.asked_in)
            return _once(press, state, self.ask_team(state, occasion, about=entry_id))
        if entry_id not in self.content.entries:
            return None
        match action:
            case "entry":
                return self._related(entry_id, state, occasion)
            case "pick":
                return self._chosen(entry_id, asked, state, occasion)
            case "helped" if press.row_id is not None and asked.shown:
                return self._press_helped(press.row_id, _with(asked, entry_id), state)
            case "not" if press.row_id is not None and asked.shown:
                return self._press_not_asked(press, press.row_id, _with(asked, entry_id), state, occasion)
            case _:
                return None

    def _press_helped(self, row_id: MessageId, asked: Asked, state: State) -> Outcome:
        """Thanks under the answer itself, which keeps only what leads on."""
        text = f"{asked.shown}\n\n<i>{self.voice.say(self.content.replies.helped)}</i>"
        if utf16_len(parse(text).text) > MAX_TEXT:
            text = asked.shown
        redraw = Redraw(row_id, text, self._still_useful(asked.entry_ids, team=False))
        return Outcome(state, redraws=(redraw,), about=asked.asked_in, taps=_all(asked.entry_ids, Tap.HELPED))

    def _press_not_asked(
        self, press: PressIn, row_id: MessageId, asked: Asked, state: State, occasion: Occasion
    ) -> Outcome:
        outcome = _once(press, state, self._not_asked(asked, state, occasion, once=f"not:{row_id}"))
        redraw = Redraw(row_id, asked.shown, self._still_useful(asked.entry_ids, team=True))
        return replace(outcome, redraws=(redraw,))

    def _related(self, entry_id: str, state: State, occasion: Occasion) -> Outcome:
        """A question that the patient went on to: an answer, and nothing to judge."""
        text = browse.answer(self.content, (entry_id,), since_treatment(occasion))
        answered = Answered((entry_id,), (), occasion.now + OFFER_LASTS, state.asked_in)
        state = replace(state.settled(), offered=(), offered_until=None, answered=answered)
        return Outcome(state, (Say(text, buttons=browse.under_entry(self.content, entry_id)),))

    # --- what both lead to ------------------------------------------------------------------------------------------

    def _chosen(self, entry_id: str, asked: Asked, state: State, occasion: Occasion) -> Outcome:
        state, say = self._answered((entry_id,), asked, state, occasion)
        return Outcome(state, (say,), about=asked.asked_in, taps=((entry_id, Tap.CHOSEN),))

    def _not_asked(self, asked: Asked, state: State, occasion: Occasion, once: str = "") -> Outcome:
        """Offer what else the question may have meant; where there is nothing else, people see it."""
        taps = _all(asked.entry_ids, Tap.NOT_ASKED)
        state = replace(state.settled().asks(asked.text, asked.asked_in), answered=None)
        others = self._existing(entry_id for entry_id in asked.candidates if entry_id not in asked.entry_ids)
        if not others:
            outcome = self._none_of_these(asked, state, occasion, once)
            return replace(outcome, taps=taps)
        text = self.voice.say(self.content.replies.not_asked)
        say = Say(text, buttons=browse.offer(self.content, others), once=once)
        return Outcome(state.offers(others, occasion.now), (say,), about=asked.asked_in, taps=taps)

    def _none_of_these(self, asked: Asked, state: State, occasion: Occasion, once: str = "") -> Outcome:
        text = f"{self.voice.say(self.content.replies.none_of_these)}\n\n{self.voice.handed_over(occasion.now)}"
        wrong = [self.content.entries[entry_id].question for entry_id in self._existing(asked.entry_ids)]
        told = "\n".join([asked.text, *(f"Not what they asked: {question}" for question in wrong)])
        return Outcome(
            replace(state.settled().asks(asked.text, asked.asked_in), answered=None),
            (Say(text, once=once),),
            staff=(self.voice.card(told, occasion),),
            about=asked.asked_in,
            taps=_all(asked.candidates, Tap.NONE),
        )

    def ask_team(self, state: State, occasion: Occasion, about: str = "") -> Outcome:
        """Pass the last question on to the clinic's people, and say honestly when they read.

        `about`: the entry under which the button was pressed, if any.
        """
        replies = self.content.replies
        text = self.voice.by_the_clock(replies.human_open, replies.human_closed, occasion.now)
        entry = self.content.entries.get(about)
        told = [state.question, f"About: {entry.question}" if entry else ""]
        card = self.voice.card("\n".join(filter(None, told)), occasion, template=replies.staff_human)
        return Outcome(state, (Say(text),), staff=(card,), about=state.asked_in)

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _with_topic(self, text: str, state: State, occasion: Occasion) -> str:
        """For staff: "and for how long?" means nothing without what was answered before."""
        answered = state.answered_at(occasion.sent_at)
        before = self._existing(answered.entry_ids) if answered else ()
        return "\n".join([text, *(f"Answered before: {self.content.entries[one].question}" for one in before)])

    def _existing(self, entry_ids: Iterable[str]) -> tuple[str, ...]:
        """Those that are still there, each once."""
        return tuple(entry_id for entry_id in dict.fromkeys(entry_ids) if entry_id in self.content.entries)

    def _still_useful(self, entry_ids: tuple[str, ...], *, team: bool) -> Buttons:
        """What stays under an answer once it was judged."""
        best = entry_ids[0]
        if len(entry_ids) == 1:
            return browse.under_entry(self.content, best, team=team)
        return browse.under_answer(self.content, entry_ids)[-1:] if team else ()


def _hold(state: State, occasion: Occasion) -> State:
    """An unsure reply waits: the next message may hold the rest of the question."""
    return replace(state, held_until=occasion.now + HELD, held_batch=state.held_batch + 1)


def _once(press: PressIn, state: State, outcome: Outcome) -> Outcome:
    """A second press on the same button gets the same words; staff have the card already."""
    staff: tuple[TellStaff, ...] = outcome.staff if press.row_id != state.passed_on else ()
    return replace(outcome, state=replace(outcome.state, passed_on=press.row_id), staff=staff)


def _with(asked: Asked, entry_id: str) -> Asked:
    """`asked` for the answer that the press is about: both of two, or the one that was chosen afterwards."""
    return asked if entry_id in asked.entry_ids else replace(asked, entry_ids=(entry_id,))


def _all(entry_ids: Iterable[str], tap: Tap) -> tuple[tuple[str, Tap], ...]:
    return tuple((entry_id, tap) for entry_id in entry_ids)


@lru_cache(maxsize=32)
def _lines(lines: tuple[str, ...]) -> frozenset[str]:
    """Whole messages as they are compared."""
    return frozenset(map(normalise, lines))
