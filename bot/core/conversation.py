"""What to say to a patient: the order of reading, as one pure function per kind of incoming thing.

Order, always: triage → flood limit → wishes (stop, a person, thanks…) → an open choice → FAQ → hand over. Triage sees
every text first, whatever else it might be.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.content.schema import Content
from bot.core import browse
from bot.core.hearing import STAFF_COMMANDS, is_same, is_wish, read_together, words_and_command
from bot.core.hours import next_opening, open_until
from bot.core.outcome import HELD, OFFER_LASTS, Held, Occasion, Outcome, Redraw, Say, State, TellStaff
from bot.core.replies import local_time, render
from bot.core.text import normalise
from bot.core.understand import Brain
from bot.model import (
    Button,
    Decision,
    Kind,
    Level,
    Media,
    MediaIn,
    MessageId,
    PressIn,
    Scope,
    TextIn,
    Understanding,
)

DANGER_LASTS = timedelta(hours=2)
"""How long after a warning each reply begins with it (clinical judgement: somebody may wait instead of calling)."""
LATE = timedelta(minutes=10)
"""A text read later than this begins with "I was off" (issue 2)."""
SHOWN_TO_STAFF = 1500
"""Characters of a patient's text on a card; the whole is in the database."""
ALBUM = timedelta(seconds=5)
ALBUM_MEDIA = frozenset({Media.PHOTO, Media.VIDEO, Media.DOCUMENT})
"""Telegram delivers an album as one message a picture; one reply and one card are enough for all."""
MEDIA_WORDS = {
    Media.PHOTO: "photo",
    Media.VOICE: "voice message",
    Media.VIDEO: "video",
    Media.STICKER: "sticker",
    Media.DOCUMENT: "file",
    Media.CONTACT: "contact",
    Media.LOCATION: "location",
    Media.OTHER: "message",
}


@dataclass(frozen=True)
class Conversation:
    """Decides on the content it was built with. `semantics` of every method: values in, an `Outcome` out."""

    content: Content
    brain: Brain

    # --- words ------------------------------------------------------------------------------------------------------

    def on_text(self, said: TextIn, state: State, occasion: Occasion) -> Outcome:
        """Decide on a text, a caption or an edit."""
        words, command = words_and_command(said.text)
        recent = state.recent_texts(occasion.sent_at)
        # A command's own word counts as said just before: "/chest pain".
        alone = self.brain.understand(words, recent=(*recent, f"/{command}") if command else recent)
        batch = () if command or is_wish(alone) else read_together(said, words, state, occasion)
        understanding = self._read_as_one(alone, batch, recent)
        if words.strip():
            state = state.heard(words, occasion.sent_at)
        if understanding.decision is not Decision.RED_FLAG:
            if occasion.flooding and "stop" not in {understanding.id, command}:
                return self._too_many(state, occasion)
            if said.edited and is_same(occasion, understanding):
                return Outcome(state, understanding=understanding)
        elif occasion.flooding and state.was_warned((flag.id for flag in understanding.flags), occasion.now):
            return replace(self._too_many(state, occasion), understanding=understanding)
        take_back = state.held_batch if batch else None
        this = Held(said.message_id, words, said.media)
        if not command and not is_wish(alone):
            state = replace(state.settled(), held=batch or (this,))
        outcome = self._decided(understanding, command, words, state, occasion)
        outcome = replace(outcome, take_back=take_back)
        if batch or not (said.edited and occasion.earlier):  # an edited caption's picture is with staff already
            outcome = self._with_media(outcome, batch or (this,), occasion)
        return self._in_time(outcome, said.edited, occasion)

    def _read_as_one(self, alone: Understanding, batch: tuple[Held, ...], recent: tuple[str, ...]) -> Understanding:
        """What the batch means; but danger that is plain in the newest message alone is not argued away by others."""
        joined = "\n".join(held.text for held in batch)
        if not batch or alone.decision is Decision.RED_FLAG:
            return replace(alone, text=joined or alone.text)
        return self.brain.understand(joined, recent=recent)

    def _decided(
        self, understanding: Understanding, command: str | None, words: str, state: State, occasion: Occasion
    ) -> Outcome:
        if understanding.decision is Decision.RED_FLAG:
            return self._red_flag(understanding, state, occasion)
        if command is None:
            return self._words(understanding, state, occasion)
        if command == "human" and words:
            state = replace(state, question=words)
        return self._command(command, state, occasion)

    def _words(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        if understanding.decision is Decision.META:
            return self._wish(understanding, state, occasion)
        if (chosen := self._typed_choice(understanding.text, state, occasion)) is not None:
            return chosen
        if self._only_agrees(understanding):
            return Outcome(state.settled(), (Say(self._say(self.content.replies.acknowledged)),))
        match understanding.decision:
            case Decision.ANSWER:
                assert understanding.id is not None
                text, buttons = browse.answer(self.content, understanding.id, self._since(occasion))
                answered = replace(state.settled(), question=understanding.text)
                return Outcome(answered, (Say(text, buttons=buttons),), understanding=understanding)
            case Decision.ASK:
                return self._ask(understanding, state, occasion)
            case _:
                return self._hand_over(understanding, state, occasion)

    def _only_agrees(self, understanding: Understanding) -> bool:
        """ "ok" or "no" when nothing was asked: nothing that a person would have to look into."""
        words = (*self.content.words.yes, *self.content.words.no)
        return understanding.decision is not Decision.ANSWER and normalise(understanding.text) in map(normalise, words)

    def _red_flag(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        assert understanding.level is not None
        replies = self.content.replies
        level = understanding.level
        texts = {flag.id: flag.text for flag in self.content.red_flags}
        first = understanding.flags[0]
        # Triage itself failed: there is no sign to name, so the urgent paragraph has to stand alone.
        parts = [self._say(texts[first.id])] if first.id in texts else []
        if level is Level.URGENT:
            parts.append(self._by_the_clock(replies.urgent_open, replies.urgent_closed, occasion.now))
        elif level is Level.ADVISE:
            parts.append(self._say(replies.advise_footer))
        card = self._say(
            replies.staff_red_flag,
            code=occasion.code,
            text=_excerpt(understanding.text),
            since=self._since_words(occasion),
            id=", ".join(flag.id for flag in understanding.flags),
            level=level.value.capitalize(),
        )
        is_pressing = level is not Level.ADVISE
        state = replace(state.settled(), question=understanding.text)
        ids = tuple(flag.id for flag in understanding.flags)
        if state.was_warned(ids, occasion.now):
            # One alert (design 5): staff get the new words behind other patients' alerts.
            told = TellStaff(card)
        else:
            state = replace(state, warned=ids, warned_at=occasion.now)
            told = TellStaff(card, Kind.ALERT if is_pressing else Kind.RELAY, opens_alert=True)
        say = Say("\n\n".join(parts), Kind.EMERGENCY if is_pressing else Kind.REPLY)
        return Outcome(state, (say,), staff=(told,), understanding=understanding)

    def _ask(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        offered = tuple(candidate.entry_id for candidate in understanding.candidates)
        none = (Button(self.content.replies.button_none_of_these, "none"),)
        buttons = (*browse.entry_buttons(self.content, offered), none)
        held = self._hold(understanding, state, occasion)
        held = replace(held, offered=offered, offered_until=occasion.now + OFFER_LASTS)
        return Outcome(
            held, (Say(self._say(self.content.replies.ask), buttons=buttons, held=True),), understanding=understanding
        )

    def _hand_over(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        replies = self.content.replies
        text = self._by_the_clock(replies.hand_over_open, replies.hand_over_closed, occasion.now)
        browse_button = ((Button(replies.button_browse, "faq"),),)
        return Outcome(
            self._hold(understanding, state, occasion),
            (Say(text, buttons=browse_button, held=True),),
            staff=(self._card(understanding.text, occasion, held=True),),
            understanding=understanding,
        )

    def _hold(self, understanding: Understanding, state: State, occasion: Occasion) -> State:
        """An unsure reply waits: the next message may hold the rest of the question."""
        return replace(
            state,
            held_until=occasion.now + HELD,
            held_batch=state.held_batch + 1,
            question=understanding.text,
        )

    # --- wishes and commands ----------------------------------------------------------------------------------------

    def _wish(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        if understanding.id == "human":
            # Their own words say what it is about ("can somebody ring me about my bruise?"), or what they just asked.
            just_asked = state.question if state.question in state.recent_texts(occasion.sent_at) else ""
            state = replace(state, question="\n".join(filter(None, (just_asked, understanding.text))))
        assert understanding.id is not None
        return replace(self._command(understanding.id, state, occasion), understanding=understanding)

    def _command(self, name: str, state: State, occasion: Occasion) -> Outcome:
        """What a command or a wish in free words leads to."""
        replies = self.content.replies
        plain = {
            "start": replies.start,
            "help": replies.help,
            "privacy": replies.privacy,
            "greeting": replies.greeting,
            "thanks": replies.thanks,
            "about_bot": replies.about_bot,
        }
        match name:
            case _ if name in STAFF_COMMANDS:
                return Outcome(state, (Say(self._say(replies.staff_only)),))
            case "stop":
                return self._stop(state, occasion)
            case "resume":
                text = replies.resumed if occasion.stopped else replies.not_stopped
                return Outcome(state, (Say(self._say(text)),), resume=bool(occasion.stopped))
            case "human":
                return self.ask_team(state, occasion)
            case "language":
                text = replies.language
                return Outcome(
                    state, (Say(self._say(text)),), staff=(self._card(state.question or "/language", occasion),)
                )
            case "faq":
                text, buttons = browse.groups(self.content)
                return Outcome(state, (Say(text, buttons=buttons),))
            case _ if name in plain:
                menu = ((Button(replies.button_browse, "faq"),),) if name in {"start", "help", "greeting"} else ()
                return Outcome(state, (Say(self._say(plain[name]), buttons=menu),))
            case _:
                return Outcome(state, (Say(self._say(replies.unknown_command)),))

    def _stop(self, state: State, occasion: Occasion) -> Outcome:
        replies = self.content.replies
        text = replies.already_stopped if Scope.ALL in occasion.stopped else replies.stopped
        return Outcome(state.settled(), (Say(self._say(text)),), stop=Scope.ALL)

    def ask_team(self, state: State, occasion: Occasion, about: str = "") -> Outcome:
        """Pass the last question on to the clinic's people, and say honestly when they read.

        `about`: the entry under which the button was pressed, if any.
        """
        replies = self.content.replies
        text = self._by_the_clock(replies.human_open, replies.human_closed, occasion.now)
        entry = self.content.entries.get(about)
        told = [state.question, f"About: {entry.question}" if entry else ""]
        card = self._card("\n".join(filter(None, told)), occasion, template=replies.staff_human)
        return Outcome(state, (Say(text),), staff=(card,))

    def _too_many(self, state: State, occasion: Occasion) -> Outcome:
        once = f"slow:{int(occasion.now.timestamp()) // 60}"
        return Outcome(state, (Say(self._say(self.content.replies.too_many), once=once),))

    def _typed_choice(self, text: str, state: State, occasion: Occasion) -> Outcome | None:
        """ "2" or "none of these" typed instead of pressed, while an offer stands."""
        if state.offered_until is None or state.offered_until < occasion.now:
            return None
        typed = normalise(text)
        if typed in {normalise(phrase) for phrase in self.content.words.none_of_these}:
            return self._none_of_these(state, occasion)
        if typed.isdecimal() and 1 <= int(typed[:3]) <= len(state.offered):
            return self._entry(state.offered[int(typed[:3]) - 1], state, occasion)
        return None

    # --- presses ----------------------------------------------------------------------------------------------------

    def on_press(self, press: PressIn, state: State, occasion: Occasion) -> Outcome:
        """Decide on a press of one of our own buttons (the caller has checked that the button was there)."""
        if occasion.flooding:
            return self._too_many(state, occasion)
        return self._in_time(self._pressed(press, state, occasion), False, occasion)

    def _pressed(self, press: PressIn, state: State, occasion: Occasion) -> Outcome:
        action, _, argument = (press.data or "").partition(":")
        match action:
            case "entry":
                return self._entry(argument, state, occasion)
            case "none":
                return _once(press, state, self._none_of_these(state, occasion))
            case "team":
                return _once(press, state, self.ask_team(state, occasion, about=argument))
            case "faq":
                return self._redraw(press.row_id, browse.groups(self.content), state)
            case "group":
                return self._redraw(press.row_id, browse.group(self.content, argument), state)
            case "page":
                return self._redraw(press.row_id, browse.page(self.content, argument, self._since(occasion)), state)
            case _:
                return self.stale(state)

    def stale(self, state: State) -> Outcome:
        """A button that no longer means anything."""
        return Outcome(state, (Say(self._say(self.content.replies.stale_button)),))

    def _entry(self, entry_id: str, state: State, occasion: Occasion) -> Outcome:
        if entry_id not in self.content.entries:
            return self.stale(state)
        text, buttons = browse.answer(self.content, entry_id, self._since(occasion))
        chosen = replace(state.settled(), offered=(), offered_until=None)
        return Outcome(chosen, (Say(text, buttons=buttons),))

    def _none_of_these(self, state: State, occasion: Occasion) -> Outcome:
        replies = self.content.replies
        text = self._by_the_clock(replies.hand_over_open, replies.hand_over_closed, occasion.now)
        return Outcome(
            replace(state.settled(), offered=(), offered_until=None),
            (Say(f"{self._say(replies.none_of_these)}\n\n{text}"),),
            staff=(self._card(state.question, occasion),),
        )

    def _redraw(
        self, row_id: MessageId | None, shown: tuple[str, tuple[tuple[Button, ...], ...]] | None, state: State
    ) -> Outcome:
        if row_id is None or shown is None:
            return self.stale(state)
        return Outcome(state, redraws=(Redraw(row_id, *shown),))

    # --- what is not words ------------------------------------------------------------------------------------------

    def on_media(self, sent: MediaIn, state: State, occasion: Occasion) -> Outcome:
        """A photo, a voice note, a sticker… without words: ask for words, and let staff see it where it may matter."""
        replies = self.content.replies
        what = MEDIA_WORDS[sent.media]
        if occasion.flooding:
            return self._too_many(state, occasion)
        copy = TellStaff("", copy_message_id=sent.message_id)
        if sent.media in ALBUM_MEDIA:
            known, state = state, replace(state, pictured_at=occasion.sent_at)
            if known.pictured_at is not None and abs(occasion.sent_at - known.pictured_at) <= ALBUM:
                return Outcome(state, staff=(copy,))
        match sent.media:
            case Media.STICKER:
                return self._in_time(Outcome(state, (Say(self._say(replies.sticker)),)), False, occasion)
            case Media.CONTACT:
                text = self._say(replies.contact)
            case Media.LOCATION:
                text = self._say(replies.location)
            case _:
                text = self._say(replies.media, what=what)
        card = self._say(replies.staff_media, code=occasion.code, what=what, since=self._since_words(occasion))
        staff = (TellStaff(card, opens_alert=True), copy)
        return self._in_time(Outcome(state, (Say(text),), staff=staff), False, occasion)

    def on_return(self, state: State) -> Outcome:
        """The patient unblocked the bot."""
        return Outcome(state, (Say(self._say(self.content.replies.welcome_back)),))

    def _with_media(self, outcome: Outcome, batch: tuple[Held, ...], occasion: Occasion) -> Outcome:
        """A caption was read, its picture was not: say so, and let staff see it when they get the words anyway."""
        pictures = [held for held in batch if held.media is not None]
        if not pictures:
            return outcome
        media = pictures[0].media
        assert media is not None
        line = self._say(self.content.replies.media_caption, what=MEDIA_WORDS[media])
        says = tuple(
            replace(say, text=f"{say.text}\n\n{line}") if number == 0 else say
            for number, say in enumerate(outcome.says)
        )
        held = any(say.held for say in outcome.says)  # shown once, though the words may be read again with more
        copies = (TellStaff("", held=held, copy_message_id=picture.message_id) for picture in pictures)
        state = replace(outcome.state, pictured_at=occasion.sent_at)
        return replace(outcome, state=state, says=says, staff=(*outcome.staff, *copies))

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _in_time(self, outcome: Outcome, edited: bool, occasion: Occasion) -> Outcome:
        """Begin with what the patient must not forget, and with what explains the reply: read late, or read again.

        A warning itself comes before all that.
        """
        lines = self._still_in_danger(outcome, occasion)
        if occasion.now - occasion.sent_at > LATE:
            lines.append(self._say(self.content.replies.was_off))
        if edited:
            lines.append(self._say(self.content.replies.edited))
        if not lines or not outcome.says:
            return outcome
        first = outcome.says[0]
        parts = [first.text, *lines] if first.kind is Kind.EMERGENCY else [*lines, first.text]
        return replace(outcome, says=(replace(first, text="\n\n".join(parts)), *outcome.says[1:]))

    def _still_in_danger(self, outcome: Outcome, occasion: Occasion) -> list[str]:
        """Two hours after a warning a friendly answer must not sound as if all were well."""
        state, replies = outcome.state, self.content.replies
        if state.warned_at is None or occasion.now - state.warned_at > DANGER_LASTS:
            return []
        if outcome.says and outcome.says[0].kind is Kind.EMERGENCY:
            return []
        levels = {flag.level for flag in self.content.red_flags if flag.id in state.warned}
        if Level.EMERGENCY in levels:
            return [self._say(replies.still_emergency)]
        return [self._say(replies.still_urgent)] if Level.URGENT in levels else []

    def _card(self, text: str, occasion: Occasion, held: bool = False, template: str = "") -> TellStaff:
        card = self._say(
            template or self.content.replies.staff_hand_over,
            code=occasion.code,
            text=_excerpt(text or "–"),
            since=self._since_words(occasion),
        )
        return TellStaff(card, held=held, opens_alert=True)

    def _say(self, text: str, /, **extra: str) -> str:
        return render(text, self.content.clinic, **extra)

    def _by_the_clock(self, when_open: str, when_closed: str, now: datetime) -> str:
        """The text for an open or a closed clinic; closed means that nobody is reading now."""
        clinic = self.content.clinic
        if (until := open_until(clinic, now)) is not None:
            same_day = until.astimezone(clinic.zone).date() == now.astimezone(clinic.zone).date()
            reads_until = local_time(clinic, until, now) + (" today" if same_day else "")
            return self._say(when_open, reads_until=reads_until)
        opening = next_opening(clinic, now)
        return self._say(when_closed, next_opening=local_time(clinic, opening, now) if opening else "further notice")

    def _since(self, occasion: Occasion) -> timedelta | None:
        """Time since treatment when the message was written, not when it was read."""
        return occasion.sent_at - occasion.treated_at if occasion.treated_at else None

    def _since_words(self, occasion: Occasion) -> str:
        since = self._since(occasion)
        if since is None:
            return "no treatment on file"
        hours = int(since.total_seconds() // 3600)
        return f"{hours} h after treatment" if hours < 48 else f"{hours // 24} days after treatment"


def _once(press: PressIn, state: State, outcome: Outcome) -> Outcome:
    """A second press on the same button gets the same words; staff have the card already."""
    staff = outcome.staff if press.row_id != state.passed_on else ()
    return replace(outcome, state=replace(outcome.state, passed_on=press.row_id), staff=staff)


def _excerpt(text: str) -> str:
    """What fits on a card: the beginning, and the end, where the newest words are."""
    if len(text) <= SHOWN_TO_STAFF:
        return text
    half = SHOWN_TO_STAFF // 2
    return f"{text[:half]} […] {text[-half:]}"
