"""The one safety question: a red flag is suspected, something harmless is as likely, and only the patient can tell.

The question goes out at once and holds who to call if it is serious. "Yes" and "not sure" lead to what the red flag
itself leads to, "no" to the answer the words would have had. No answer brings people in (red-flag catalogue, "Border
rules", One clarifying question): `SILENCE` says when.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from functools import lru_cache

from bot.content.schema import Content, Replies, Words
from bot.core.outcome import Check, Occasion, Outcome, Say, State, TellStaff, Timer
from bot.core.replies import Html
from bot.core.text import normalise, words
from bot.core.voice import Voice
from bot.model import SELF_HARM, Button, Buttons, Decision, Flag, Kind, Level, Understanding

NUDGE, UNANSWERED = "check_nudge", "check_unanswered"
"""The kinds of the timers."""
FIRST = timedelta(minutes=10)
"""After so long without an answer staff hear of a suspected emergency, and a patient with a less pressing one is asked
once more; what has always been so counts as new."""
SECOND = timedelta(minutes=30)
"""After so long staff hear of the less pressing one."""


class Reply(StrEnum):
    """An answer to the question; also the action of its button."""

    YES = "yes"
    NO = "no"
    NOT_SURE = "unsure"


class Silence(Enum):
    """What the lack of an answer asks for now."""

    NOTHING = "nothing"
    NUDGE = "nudge"
    """Ask the patient once more."""
    ALERT = "alert"
    """Tell staff."""
    COUNTS = "counts"
    """Treat it as the red flag that it may be."""


# --- answers ---------------------------------------------------------------------------------------------------------

_SURELY_YES = frozenset(words("yes y yea yeah yep yup yess yesss aye definitely"))
_SURELY_NO = frozenset(words("no n nope nah naw"))
"""Words that answer, whatever follows: "sure" and "ok" may begin anything."""
_OR_MORE = re.compile(r"\b(\d+) or more\b")
_NUMBER = re.compile(r"(\d{1,2})(?: (?:out of )?10)?")
_SPARE = 2
"""Words that may stand beside a doubt without making it something else ("not sure to be honest")."""
_LONGEST_NO = 7
"""A "no" with more words behind it says more than no."""
_AFTER_NO = frozenset(
    words("it its i im ive he hes she shes they theyre we not none nothing thanks thank sorry all both thats same")
)
_ENDS_NO = re.compile(r"\W*no?\s*[,.;:!\n-]", re.IGNORECASE)
"""After these, or such a mark, a "no" stands by itself: "no strength in it" is no answer."""
_GOES_ON = frozenset(
    words(
        "but although though except however worse worsening more new yet still getting maybe sure think know bit "
        "little slightly only just when if unless and or can could should how what why"
    )
)
"""With one of these a "no" is not the whole of it."""
_NEW = frozenset(words("new worse worsening both since"))
_NOT_NEW = frozenset(words("same usual always unchanged neither"))
_BESIDE_NEW = frozenset(words("its it is a bit much lot and yes as ever the my normal that thats way than before im"))


def read_reply(text: str, check: Check, question: str, known: Words) -> Reply | None:
    """The answer that a message is; None where it is something else. Doubt is told apart; it leads where yes leads."""
    said = normalise(text)
    typed = said.split()
    if not typed and not _is_listed(text, known.yes) and not _is_listed(text, known.no):
        return None
    if _is_listed(text, known.no):
        return Reply.NO
    if _is_listed(text, known.not_sure) or _is_doubt(typed, known.not_sure):
        return Reply.NOT_SURE
    if _is_listed(text, known.yes) or typed[0] in _SURELY_YES:
        return Reply.YES
    if typed[0] in _SURELY_NO and _is_bare_no(typed, text):
        return Reply.NO
    if check.is_usual:
        return _new_or_not(frozenset(typed))
    least, number = _OR_MORE.search(question), _NUMBER.fullmatch(said)
    if least and number:
        return Reply.YES if int(number[1]) >= int(least[1]) else Reply.NO
    return None


def _is_bare_no(typed: list[str], text: str) -> bool:
    """Whether a message that begins with a "no" says no more than that."""
    if not 1 < len(typed) <= _LONGEST_NO or not _GOES_ON.isdisjoint(typed):
        return False
    return len(typed[0]) > 2 or typed[1] in _AFTER_NO or _ENDS_NO.match(text) is not None


def _new_or_not(typed: frozenset[str]) -> Reply | None:
    """ "Worse", "same as always": the answer in the question's own words."""
    if typed & _NEW and typed <= _NEW | _BESIDE_NEW:
        return Reply.YES
    return Reply.NO if typed & _NOT_NEW and typed <= _NOT_NEW | _BESIDE_NEW else None


def _is_doubt(typed: list[str], lines: tuple[str, ...]) -> bool:
    doubts = (line.split() for line in _lines(lines))
    return any(typed[: len(line)] == line and len(typed) - len(line) <= _SPARE for line in doubts if line)


def _is_listed(text: str, lines: tuple[str, ...]) -> bool:
    """Whether the whole message is one of these; an emoji has nothing to compare but itself."""
    said = normalise(text)
    return said in _lines(lines) if said else text.strip() in lines


@lru_cache(maxsize=32)
def _lines(lines: tuple[str, ...]) -> frozenset[str]:
    return frozenset(filter(None, map(normalise, lines)))


# --- the question ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checking:
    """Asks, and says what follows from an answer or from none. Values in, values out."""

    content: Content

    @property
    def voice(self) -> Voice:
        """Who asks."""
        return Voice(self.content.clinic, self.content.replies)

    def about(self, understanding: Understanding, occasion: Occasion, *, owes_answer: bool = True) -> Check:
        """The question to ask about what is suspected."""
        flag, *others = understanding.suspected
        if flag.id == SELF_HARM:
            flag = replace(flag, usual=False)
        pressing = tuple(other.id for other in others if other.level.is_pressing)
        return Check(flag, understanding.text, occasion.now, occasion.message_id, pressing, owes_answer)

    def ask(self, check: Check, state: State, occasion: Occasion) -> Outcome:
        """The question and its timers; thoughts of self-harm are told to staff at once."""
        kind = Kind.REPLY if check.flag.level is Level.ADVISE else Kind.EMERGENCY
        staff = (self.card(check),) if check.flag.id == SELF_HARM else ()
        if SELF_HARM in check.others:
            staff = (alert_about(Level.EMERGENCY, (SELF_HARM,)),)
        state = state.settled().asks(check.text, occasion.message_id).checks(check)
        return Outcome(state, (self.say(check, kind),), staff=staff, timers=timers(check))

    def say(self, check: Check, kind: Kind = Kind.REPLY, *, held: bool = False, template: str = "") -> Say:
        """The question with its buttons; the line about emergencies is in the same message."""
        replies = self.content.replies
        usual = replies.check_self_harm if check.flag.id == SELF_HARM else replies.check
        text = self.voice.say(template or usual, question=Html(self.question(check)))
        return Say(text, kind, self._buttons(check.flag.id), held)

    def question(self, check: Check) -> str:
        """The bare question, in Telegram's HTML."""
        if check.is_usual:
            return self.voice.say(self.content.replies.check_usual)
        asked = {flag.id: flag.question for flag in self.content.red_flags}
        return self.voice.say(asked.get(check.flag.id, self.content.replies.check_usual))

    def reminding(self, outcome: Outcome, before: State, occasion: Occasion) -> Outcome:
        """`outcome` of something that was said before the answer, with the question once more behind it, once."""
        check = outcome.state.check_at(occasion.now)
        if check is None or check.is_repeated or not outcome.says:
            return outcome
        if before.check is None or before.check.asked_at != check.asked_at or before.check.flag.id != check.flag.id:
            return outcome  # it was put just now
        again = self.say(check, held=outcome.says[-1].held)
        state = replace(outcome.state, check=replace(check, shown_at=occasion.now, is_repeated=True))
        return replace(outcome, state=state, says=(*outcome.says, again))

    def reply_in(self, text: str, state: State, occasion: Occasion) -> Reply | None:
        """The answer to the open question that a text is, if it is one."""
        check = state.check_at(occasion.now)
        if check is None:
            return None
        reply = read_reply(text, check, self.question(check), self.content.words)
        if reply is Reply.NO and _is_offered_since(check, state, occasion):
            return None  # "no" may be meant for the offer, and "no" to danger has to be sure
        return reply

    # --- what follows -----------------------------------------------------------------------------------------------

    def confirmed(self, check: Check, text: str = "") -> Understanding:
        """What the patient's words come to when the answer is yes, or counts as yes."""
        return Understanding(
            text=text or check.text,
            decision=Decision.RED_FLAG,
            id=check.flag.id,
            level=check.flag.level,
            confidence=1.0,
            flags=(check.flag,),
        )

    def note(self, check: Check, reply: Reply | None) -> str:
        """For a card: what was asked, and the answer."""
        replies = self.content.replies
        answer = replies.staff_check_no_answer if reply is None else label_of(reply, replies)
        return self.voice.say(replies.staff_check_answer, question=Html(self.question(check)), answer=answer)

    def silence(self, check: Check, now: datetime) -> Silence:
        """What is to be done when no answer has come until `now`."""
        waited, level = now - check.asked_at, check.flag.level
        if waited < FIRST or check.is_told:
            return Silence.NOTHING
        if check.is_usual:
            return Silence.COUNTS
        match level:
            case Level.EMERGENCY:
                return Silence.ALERT
            case Level.URGENT if waited >= SECOND:
                return Silence.ALERT
            case Level.URGENT if not check.is_nudged:
                return Silence.NUDGE
            case _:
                return Silence.NOTHING

    def nudge(self, check: Check, state: State, occasion: Occasion) -> Outcome:
        """Ask once more."""
        say = self.say(check, template=self.content.replies.check_nudge)
        check = replace(check, shown_at=occasion.now, is_nudged=True)
        return Outcome(replace(state, check=check), (say,), about=check.asked_in)

    def alert(self, check: Check, state: State) -> Outcome:
        """Tell staff that no answer came; one can still be given."""
        state = replace(state, check=replace(check, is_told=True))
        return Outcome(state, staff=(self.card(check),), about=check.asked_in)

    def card(self, check: Check) -> TellStaff:
        """An alert about what is suspected, without an answer."""
        return alert_about(check.flag.level, (check.flag.id,), self.note(check, None))

    def denied(self, check: Check) -> TellStaff:
        """What adds a "no" to the alert that there is about what was suspected."""
        card = alert_about(check.flag.level, (check.flag.id,), self.note(check, Reply.NO))
        return replace(card, is_denied=True)

    def _buttons(self, flag_id: str) -> Buttons:
        return (tuple(Button(label_of(reply, self.content.replies), f"{reply}:{flag_id}") for reply in Reply),)


def label_of(reply: Reply, replies: Replies) -> str:
    """What stands on its button."""
    return {Reply.YES: replies.button_yes, Reply.NO: replies.button_no, Reply.NOT_SURE: replies.button_not_sure}[reply]


def alert_about(level: Level, flag_ids: tuple[str, ...], note: str = "") -> TellStaff:
    """What tells staff of signs of danger; the services write the card, and see that somebody takes it."""
    return TellStaff("", Kind.ALERT, opens_alert=True, level=level, flag_ids=flag_ids, note=note)


def timers(check: Check) -> tuple[Timer, ...]:
    """When to look whether an answer came: none where nothing would follow."""
    first, second = check.asked_at + FIRST, check.asked_at + SECOND
    if check.is_usual or check.flag.level is Level.EMERGENCY:
        return (Timer(UNANSWERED, first),)
    return (Timer(NUDGE, first), Timer(UNANSWERED, second)) if check.flag.level is Level.URGENT else ()


def as_signs(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """Suspected flags as plain ones, highest level first, each once."""
    found: dict[str, Flag] = {}
    for flag in sorted(flags, key=lambda flag: -flag.level.rank):
        found.setdefault(flag.id, replace(flag, usual=False))
    return tuple(found.values())


def _is_offered_since(check: Check, state: State, occasion: Occasion) -> bool:
    """Whether the patient was offered something to choose from after the question was last put."""
    if not state.offer_at(occasion.sent_at) or state.offered_at is None:
        return False
    return state.offered_at > (check.shown_at or check.asked_at)
