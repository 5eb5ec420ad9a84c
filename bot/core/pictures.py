"""What is not words: a photo, a voice note, a sticker… alone or with a caption."""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.content.schema import Content
from bot.core.care.joining_unasked import share_phone
from bot.core.checking import Checking
from bot.core.commanding import Commanding
from bot.core.outcome import Held, Occasion, Outcome, Say, State, TellStaff
from bot.core.prefacing import Prefacing
from bot.core.voice import Voice, since_in_words
from bot.model import Media, MediaIn

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
class Pictures:
    """Says that the bot cannot read it, and lets staff see it. Values in, an `Outcome` out."""

    content: Content

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

    @property
    def _checking(self) -> Checking:
        return Checking(self.content)

    @property
    def _commanding(self) -> Commanding:
        return Commanding(self.content)

    @property
    def _prefacing(self) -> Prefacing:
        return Prefacing(self.content)

    def sent(self, sent: MediaIn, state: State, occasion: Occasion) -> Outcome:
        """A photo, a voice note, a sticker… without words: ask for words, and let staff see it where it may matter."""
        replies = self.content.replies
        what = MEDIA_WORDS[sent.media]
        if occasion.flooding:
            return self._commanding.too_many(state, occasion)
        if sent.phone and (joining := share_phone(self.content, sent.phone, state, occasion)) is not None:
            return joining
        before = state
        copy = TellStaff("", copy_message_id=sent.message_id)
        if sent.media in ALBUM_MEDIA:
            known, state = state, replace(state, pictured_at=occasion.sent_at)
            if known.pictured_at is not None and abs(occasion.sent_at - known.pictured_at) <= ALBUM:
                return Outcome(state, staff=(copy,))
        match sent.media:
            case Media.STICKER:
                outcome = Outcome(state, (Say(self._voice.say(replies.sticker)),))
                return self._checking.reminding(self._prefacing.in_time(outcome, False, occasion), before, occasion)
            case Media.CONTACT:
                text = self._voice.say(replies.contact)
            case Media.LOCATION:
                text = self._voice.say(replies.location)
            case _:
                text = self._voice.say(replies.media, what=what)
        card = self._voice.say(replies.staff_media, code=occasion.code, what=what, since=since_in_words(occasion))
        staff = (TellStaff(card, opens_alert=True), copy)
        outcome = self._prefacing.in_time(Outcome(state, (Say(text),), staff=staff), False, occasion)
        return self._checking.reminding(outcome, before, occasion)

    def beside(self, outcome: Outcome, batch: tuple[Held, ...], occasion: Occasion) -> Outcome:
        """A caption was read, its picture was not: say so, and let staff see it when they get the words anyway."""
        pictures = [held for held in batch if held.media is not None]
        if not pictures:
            return outcome
        media = pictures[0].media
        assert media is not None
        line = self._voice.say(self.content.replies.media_caption, what=MEDIA_WORDS[media])
        first, *others = outcome.says or (Say(""),)
        says = (replace(first, text="\n\n".join(filter(None, (first.text, line)))), *others)
        held = any(say.held for say in outcome.says)  # shown once, though the words may be read again with more
        copies = (TellStaff("", held=held, copy_message_id=picture.message_id) for picture in pictures)
        state = replace(outcome.state, pictured_at=occasion.sent_at)
        return replace(outcome, state=state, says=says, staff=(*outcome.staff, *copies))
