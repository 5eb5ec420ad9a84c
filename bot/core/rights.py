"""A patient's rights over what we send and what we keep: stop, turn on again, see it, have it deleted.

STOP acts at once and asks afterwards what was meant. Being forgotten stops contact at once, and deletes only once the
patient has said twice, ten minutes apart, that they are sure: a phone in a child's hand must not delete a file.
Nothing here touches red flags: whoever writes of danger is answered, whatever they stopped.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.care import Care, CareChange, PlanState
from bot.content.schema import Content
from bot.core.outcome import Asks, Occasion, Outcome, Say, State, Timer
from bot.core.replies import local_time, render
from bot.core.text import words
from bot.core.wish_words import SMALL, kind
from bot.model import Button, Buttons, Scope

STOPPED, FORGET = "stopped", "forget"
"""Why a care plan ended. One that was stopped can go on within its time; one that was forgotten cannot."""
STOPPED_PAUSED = "stopped while paused"
"""The same of one that waited for staff: when it comes back it waits for them still."""
MY_DATA, SURE, ERASE, LAPSED = "my_data", "forget_sure", "forget_erase", "forget_lapsed"
MOVED = "forget_moved"
RESTART, RESTART_IF_ANY = "care_restart", "care_restart_if_any"
"""Due kinds; `ref` is the chat. `RESTART_IF_ANY` says nothing where there are no check-ins to go on with."""
SURE_AFTER = timedelta(minutes=10)
LAPSES_AFTER = timedelta(hours=24)
"""How long a request to be forgotten waits for the patient to say that they are sure."""
DATA_AGAIN_AFTER = timedelta(hours=1)
SCOPE_ASKED = timedelta(minutes=30)
"""How long "only the check-ins" is about the last STOP."""
_LONGEST = 10
"""A message of more words is about something else."""
_CHECK_INS = kind("checkin checkins reminder reminders")
_NEWS = kind("news newsletter newsletters broadcast broadcasts announcement announcements updates")
_EVERYTHING = kind("everything both")
_WANTED = kind("keep want still")
_UNWANTED = kind("stop no not off without dont")
_BESIDE = SMALL | kind(
    "only i mean meant them those clinic clinics ins messages message question questions send as more"
)
_MARKED = _WANTED | _UNWANTED | kind("only just more")
_BARE = 3
"""So few words need none of these."""
_ALIKE = (
    (re.compile(r"\bcheck ins?\b"), "checkins"),
    (re.compile(r"\ball (?:of )?(?:it|them|messages)\b"), "everything"),
)


def scope_meant(text: str) -> Scope | None:
    """Which messages are to stop, in an answer to the question about that; None: it is no such answer.

    "only the check-ins" are those to stop, "keep the check-ins" those to go on.
    """
    joined = " ".join(words(text))
    for pattern, word in _ALIKE:
        joined = pattern.sub(word, joined)
    said = set(joined.split())
    if not said or len(said) > _LONGEST or (len(said) > _BARE and not said & _MARKED):
        return None
    named = [
        scope
        for scope, kind in ((Scope.CHECK_INS, _CHECK_INS), (Scope.BROADCASTS, _NEWS), (Scope.ALL, _EVERYTHING))
        if said & kind
    ]
    if len(named) != 1 or said - _CHECK_INS - _NEWS - _EVERYTHING - _WANTED - _UNWANTED - _BESIDE:
        return None
    if not said & _WANTED or said & _UNWANTED:
        return named[0]
    other = {Scope.CHECK_INS: Scope.BROADCASTS, Scope.BROADCASTS: Scope.CHECK_INS}
    return other.get(named[0])


def ended(care: tuple[Care, ...], reason: str) -> tuple[CareChange, ...]:
    """Every plan of the chat ended, for this reason."""
    return tuple(CareChange(one.enrolment_id, answered=False, state=PlanState.ENDED, reason=reason) for one in care)


def stopped(care: tuple[Care, ...]) -> tuple[CareChange, ...]:
    """Every plan of the chat ended by STOP."""
    paused = tuple(one for one in care if one.state is PlanState.PAUSED)
    others = tuple(one for one in care if one.state is not PlanState.PAUSED)
    return (*ended(others, STOPPED), *ended(paused, STOPPED_PAUSED))


@dataclass(frozen=True)
class Rights:
    """Decides on the content it was built with."""

    content: Content

    # --- stop and resume --------------------------------------------------------------------------------------------

    def stop(self, state: State, occasion: Occasion) -> Outcome:
        """STOP in any wording: everything, at once; then one question about what was meant."""
        replies, texts = self.content.replies, self.content.rights
        parts = [replies.already_stopped if Scope.ALL in occasion.stopped else replies.stopped]
        if occasion.care:
            parts.append(texts.stop_plan)
        parts.append(texts.stop_scope)
        say = Say("\n\n".join(map(self._say, parts)), buttons=self._scopes)
        state = replace(state.settled(), stopped_at=occasion.now)
        return Outcome(state, (say,), stop=Scope.ALL, care=stopped(occasion.care))

    @property
    def _scopes(self) -> Buttons:
        texts = self.content.rights
        return (
            (Button(texts.button_stop_all, f"stop:{Scope.ALL}"),),
            (Button(texts.button_stop_check_ins, f"stop:{Scope.CHECK_INS}"),),
            (Button(texts.button_stop_news, f"stop:{Scope.BROADCASTS}"),),
        )

    def typed_scope(self, text: str, state: State, occasion: Occasion) -> Outcome | None:
        """The answer in words to what STOP asked; None: it is something else."""
        if state.stopped_at is None or occasion.sent_at - state.stopped_at > SCOPE_ASKED:
            return None
        scope = scope_meant(text)
        return self.stop_only(scope, state, occasion) if scope is not None else None

    def stop_only(self, scope: Scope, state: State, occasion: Occasion) -> Outcome:
        """Of what was stopped, only this stays so."""
        texts = self.content.rights
        text = {
            Scope.ALL: texts.stopped_all,
            Scope.CHECK_INS: texts.stopped_check_ins,
            Scope.BROADCASTS: texts.stopped_news,
        }[scope]
        ends = () if scope is Scope.BROADCASTS else stopped(occasion.care)
        # STOP ended the check-ins a moment ago; whoever meant only the news wants them to go on.
        timers = (Timer(RESTART_IF_ANY, occasion.now),) if scope is Scope.BROADCASTS else ()
        state = replace(state, stopped_at=None)
        return Outcome(state, (Say(self._say(text)),), stop=scope, resume=True, care=ends, timers=timers)

    def resume(self, state: State, occasion: Occasion) -> Outcome:
        """Messages are on again; check-ins that were stopped come back only when asked for."""
        replies, texts = self.content.replies, self.content.rights
        if not occasion.stopped and any(care.silent and care.state is PlanState.OPEN for care in occasion.care):
            return Outcome(state, timers=(Timer(RESTART, occasion.now),))  # a plan without replies, asked for again
        if not occasion.stopped:
            return Outcome(state, (Say(self._say(replies.not_stopped)),))
        state = replace(state, stopped_at=None)
        if occasion.stopped == {Scope.BROADCASTS}:
            return Outcome(state, (Say(self._say(replies.resumed)),), resume=True)
        text = "\n\n".join(map(self._say, (replies.resumed, texts.resumed_check_ins)))
        buttons = ((Button(texts.button_restart, "restart"),),)
        return Outcome(state, (Say(text, buttons=buttons),), resume=True)

    # --- what we keep -----------------------------------------------------------------------------------------------

    @property
    def under_privacy(self) -> Buttons:
        """The buttons of /privacy."""
        texts = self.content.rights
        return ((Button(texts.button_my_data, "mydata"),), (Button(texts.button_forget, "forget:ask"),))

    def my_data(self, state: State, occasion: Occasion) -> Outcome:
        """All we keep, as a file, once an hour."""
        texts = self.content.rights
        if state.data_at is not None and occasion.now - state.data_at < DATA_AGAIN_AFTER:
            return Outcome(state, (Say(self._say(texts.my_data_again)),))
        state = replace(state, data_at=occasion.now)
        return Outcome(state, (Say(self._say(texts.my_data_coming)),), timers=(Timer(MY_DATA, occasion.now),))

    # --- being forgotten --------------------------------------------------------------------------------------------

    def forget(self, state: State, occasion: Occasion) -> Outcome:
        """Contact stops at once; what would be deleted is said, and nothing is yet."""
        years = str(self.content.clinic.record_years)
        say = Say(self._say(self.content.rights.forget_ask, record_years=years), buttons=self._yes_or_keep)
        if not self._is_asked(state, occasion.now):
            state = replace(state, forget_again_at=None)
        if state.forget_again_at is None:
            state = replace(state, forget_at=occasion.now)
        return Outcome(
            replace(state.settled(), stopped_at=None),
            (say,),
            stop=Scope.ALL,
            care=ended(occasion.care, FORGET),
            asks_for=Asks.FORGET,
            timers=(Timer(LAPSED, occasion.now + LAPSES_AFTER),),
        )

    def asked_elsewhere(self, state: State, occasion: Occasion) -> Outcome:
        """They asked on a phone that they have left since: this one is asked as that one was."""
        state = replace(state, forget_at=occasion.now, forget_again_at=None)
        say = Say(self._say(self.content.rights.forget_moved), buttons=self._yes_or_keep)
        return Outcome(state, (say,), timers=(Timer(LAPSED, occasion.now + LAPSES_AFTER),))

    @property
    def _yes_or_keep(self) -> Buttons:
        texts = self.content.rights
        return (
            (Button(texts.button_forget_yes, "forget:yes"),),
            (Button(texts.button_forget_keep, "forget:keep"),),
        )

    def sure_once(self, state: State, occasion: Occasion) -> Outcome | None:
        """The first yes. None: that is over."""
        if not self._is_asked(state, occasion.now):
            return None
        at = state.forget_again_at
        if at is not None and at <= occasion.now:
            return self.ask_again(state)  # pressed on the older of the two questions
        timers: tuple[Timer, ...] = ()
        if at is None:
            at = occasion.now + SURE_AFTER
            timers = (Timer(SURE, at),)
        time = local_time(self.content.clinic, at, occasion.now)
        say = Say(self._say(self.content.rights.forget_wait, time=time))
        return Outcome(replace(state, forget_again_at=at), (say,), timers=timers)

    def ask_again(self, state: State) -> Outcome:
        """The second question, ten minutes later."""
        texts = self.content.rights
        buttons = (
            (Button(texts.button_forget_sure, "forget:sure"),),
            (Button(texts.button_forget_keep, "forget:keep"),),
        )
        return Outcome(state, (Say(self._say(texts.forget_sure), buttons=buttons),))

    def is_sure_due(self, state: State, now: datetime) -> bool:
        """Whether the second question is still to be asked."""
        at = state.forget_again_at
        return self._is_asked(state, now) and at is not None and at <= now

    def _is_asked(self, state: State, now: datetime) -> bool:
        return state.forget_at is not None and now - state.forget_at <= LAPSES_AFTER

    def sure_twice(self, state: State, occasion: Occasion) -> Outcome | None:
        """The second yes: it is deleted now. None: that is over."""
        if not self.is_sure_due(state, occasion.now):
            return None
        state = replace(state, forget_at=None, forget_again_at=None)
        say = Say(self._say(self.content.rights.forget_now))
        return Outcome(state, (say,), asks_for=Asks.SURE, timers=(Timer(ERASE, occasion.now),))

    def keep(self, state: State) -> Outcome:
        """They would rather not be forgotten."""
        state = replace(state, forget_at=None, forget_again_at=None)
        return Outcome(state, (Say(self._say(self.content.rights.forget_kept)),), asks_for=Asks.KEEP)

    # --- presses ----------------------------------------------------------------------------------------------------

    def pressed(self, data: str, state: State, occasion: Occasion) -> Outcome | None:
        """What one of these buttons leads to; None: it is not ours, or no longer means anything."""
        action, _, argument = data.partition(":")
        match action, argument:
            case "stop", ("all" | "check_ins" | "broadcasts"):
                return self.stop_only(Scope(argument), state, occasion)
            case "restart", "":
                return Outcome(state, timers=(Timer(RESTART, occasion.now),))
            case "mydata", "":
                return self.my_data(state, occasion)
            case "forget", "ask":
                return self.forget(state, occasion)
            case "forget", "yes":
                return self.sure_once(state, occasion)
            case "forget", "sure":
                return self.sure_twice(state, occasion)
            case "forget", "keep":
                return self.keep(state)
            case _:
                return None

    def _say(self, text: str, /, **extra: str) -> str:
        return render(text, self.content.clinic, **extra)
