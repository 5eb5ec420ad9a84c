"""One text that waits for a clinician, in full as patients see it."""

from bot.content.parts import Signable
from bot.content.plan import Plan
from bot.content.schema import Entry, RedFlag
from bot.core.replies import Html, render
from bot.markup import MAX_TEXT, escape
from bot.model import Button, ChatId, MessageId, Payload, UserId
from bot.services.faq_desk_cards import FAQ, FaqCards
from bot.services.post import Post
from bot.services.review_pack import plan_in_words, waiting
from bot.store.drafts import Draft

REVIEW = "rv"
"""What the data of these buttons begins with: `rv:sign:<item>:<start of its hash>` or `rv:next:<how many to skip>`."""
HASH_LETTERS = 8
"""So much of the hash says which text was read; Telegram takes 64 bytes with a button."""
_NOBODY = Draft(UserId(0), ChatId(0), MessageId(0), None, None)


def sign_button(post: Post, part: Signable) -> Button:
    """Signs this text as it stands."""
    texts = post.library.served.content.faq_desk
    return Button(texts.button_sign, f"{REVIEW}:sign:{part.id}:{part.text_hash[:HASH_LETTERS]}")


def review_card(post: Post, skip: int = 0, said: str = "") -> Payload:
    """The text that waits at this place, with how many are left. `said`: a line above."""
    content, texts = post.library.served.whole, post.library.served.content.faq_desk
    parts = waiting(content, post.clock.now().astimezone(content.clinic.zone).date())
    if not parts:
        return Payload("\n\n".join(filter(None, (said, texts.review_nothing))))
    at = skip % len(parts)
    part = parts[at]
    head = post.text(texts.review, count=str(len(parts)), body=Html(_body(post, part)))
    text = "\n\n".join(filter(None, (said, head)))
    later = Button(texts.button_later, f"{REVIEW}:next:{at + 1}")
    if len(text) > MAX_TEXT:  # what was not read whole is not signed
        return Payload(post.text(texts.review_long, id=part.id), ((later,),))
    change = (Button(texts.button_change, f"{FAQ}:open:{part.id}"),) if isinstance(part, Entry) else ()
    return Payload(text, ((sign_button(post, part),), (*change, later)))


def _body(post: Post, part: Signable) -> str:
    content = post.library.served.whole
    if isinstance(part, Entry):
        return FaqCards(post).shown(part, _NOBODY)
    if isinstance(part, RedFlag):
        name = escape(part.id.replace("_", " "))
        return f"<b>{name}</b>\n\n{render(part.text, content.clinic)}\n\n{render(part.question, content.clinic)}"
    assert isinstance(part, Plan), part.id
    today = post.clock.now().astimezone(content.clinic.zone).date()
    return f"<b>{escape(part.title)}</b>\n\n{render(plan_in_words(content, part, today), content.clinic)}"
