"""What a command leads to, and a wish in free words that means the same."""

from dataclasses import dataclass, replace

from bot.content.schema import Content
from bot.core import browse
from bot.core.answering import Answering
from bot.core.care.checking_in import CheckIns
from bot.core.hearing import STAFF_COMMANDS
from bot.core.outcome import Occasion, Outcome, Say, State
from bot.core.rights import Rights
from bot.core.voice import Voice
from bot.model import Button, Understanding


@dataclass(frozen=True)
class Commanding:
    """Does what was asked for by name. Values in, an `Outcome` out."""

    content: Content

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

    @property
    def _answering(self) -> Answering:
        return Answering(self.content)

    @property
    def _check_ins(self) -> CheckIns:
        return CheckIns(self.content)

    @property
    def _rights(self) -> Rights:
        return Rights(self.content)

    def wish(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        assert understanding.id is not None
        if understanding.id != "human":
            return replace(self.command(understanding.id, state, occasion), understanding=understanding)
        # Their own words say what it is about ("can somebody ring me about my bruise?"), or what they just asked.
        fresh = state.answered_at(occasion.sent_at)
        is_fresh = fresh is not None or state.question in state.recent_texts(occasion.sent_at)
        told = (state.question if is_fresh else "", understanding.text)
        about = fresh.entry_ids[0] if fresh is not None and fresh.asked_in == state.asked_in else ""
        state = state.asks("\n".join(filter(None, told)), occasion.message_id)
        return replace(self._answering.ask_team(state, occasion, about), understanding=understanding)

    def command(self, name: str, state: State, occasion: Occasion) -> Outcome:
        """What a command or a wish in free words leads to."""
        replies = self.content.replies
        plain = {
            "start": replies.start,
            "help": replies.help,
            "greeting": replies.greeting,
            "about_bot": replies.about_bot,
        }
        mine = self._rights
        rights = {"stop": mine.stop, "resume": mine.resume, "mydata": mine.my_data, "forget": mine.forget}
        match name:
            case _ if name in STAFF_COMMANDS:
                return Outcome(state, (Say(self._voice.say(replies.staff_only)),))
            case _ if name in rights:
                return rights[name](state, occasion)
            case "privacy":
                return Outcome(state, (Say(self._voice.say(replies.privacy), buttons=self._rights.under_privacy),))
            case "human":
                return self._answering.ask_team(state, occasion)
            case "language":
                card = self._voice.card(state.question or "/language", occasion)
                return Outcome(state, (Say(self._voice.say(replies.language)),), staff=(card,))
            case "plan":
                return Outcome(state, (self._check_ins.asking.overview(occasion.care, occasion.now),))
            case "faq":
                text, buttons = browse.groups(self.content)
                return Outcome(state, (Say(text, buttons=buttons),))
            case "thanks":
                return self._answering.polite(replies.thanks, state, occasion)
            case _ if name in plain:
                menu = ((Button(replies.button_browse, "faq"),),) if name in {"start", "help", "greeting"} else ()
                return Outcome(state, (Say(self._voice.say(plain[name]), buttons=menu),))
            case _:
                return Outcome(state, (Say(self._voice.say(replies.unknown_command)),))

    def too_many(self, state: State, occasion: Occasion) -> Outcome:
        once = f"slow:{int(occasion.now.timestamp()) // 60}"
        return Outcome(state, (Say(self._voice.say(self.content.replies.too_many), once=once),))

    def stale(self, state: State) -> Outcome:
        """A button that no longer means anything."""
        return Outcome(state, (Say(self._voice.say(self.content.replies.stale_button)),))
