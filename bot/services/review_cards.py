"""One text that waits for a clinician, in full as patients see it."""

from bot.content.parts import Signable
from bot.content.plan import Plan
from bot.content.schema import Entry, RedFlag
from bot.core.replies import Html, render
from bot.markup import MAX_TEXT, escape, split
from bot.model import Button, ChatId, MessageId, Payload, UserId
from bot.services.faq_desk_cards import FAQ, FaqCards
from bot.services.faq_entry_view import is_long
from bot.services.post import Post
from bot.services.review_pack import plan_in_words, waiting
from bot.store.drafts import Draft
from bot.store.messages import MAX_BUTTON_BYTES

REVIEW = "rv"
"""What the data of these buttons begins with: `rv:sign:<item>:<start of its hash>` or `rv:next:<how many to skip>`."""
READ = f"{REVIEW}:read"
"""`rv:read:<how many to skip>.<page>.<who has read those before it>.<start of its hash>`."""
NOBODY = UserId(0)
_LEFT = 100
"""Letters left free under a page."""
HASH_LETTERS = 8
"""So much of the hash says which text was read; Telegram takes 64 bytes with a button."""
_NOBODY = Draft(UserId(0), ChatId(0), MessageId(0), None, None)


def sign_button(post: Post, part: Signable, reader: UserId | None = None) -> Button:
    """Signs this text as it stands. `reader`: only this person may, who has read all its pages."""
    texts, by = post.library.served.content.faq_desk, f".{reader}" if reader is not None else ""
    begin = f"{REVIEW}:sign:{part.id}:"
    room = MAX_BUTTON_BYTES - len(begin) - len(by)
    return Button(texts.button_sign, f"{begin}{part.text_hash[: min(HASH_LETTERS, room)]}{by}")


def review_card(
    post: Post, skip: int = 0, said: str = "", number: int = 0, reader: UserId = NOBODY, start: str = ""
) -> Payload:
    """The text that waits at this place, with how many are left. `said`: a line above; `number`: of the page, where it
    is too long for one message; `reader`: who has read the pages before it, of the text whose hash begins with
    `start`; where that is not there any more, another is shown from its first page."""
    content, texts = post.library.served.whole, post.library.served.content.faq_desk
    parts = waiting(content, post.clock.now().astimezone(content.clinic.zone).date())
    if not parts:
        return Payload("\n\n".join(filter(None, (said, texts.review_nothing))))
    at = next((at for at, part in enumerate(parts) if start and part.text_hash.startswith(start)), skip % len(parts))
    part = parts[at]
    if not part.text_hash.startswith(start):
        said, number = texts.review_changed, 0
    head = post.text(texts.review, count=str(len(parts)), body=Html(_body(post, part)))
    text = "\n\n".join(filter(None, (said, head)))
    later = Button(texts.button_later, f"{REVIEW}:next:{at + 1}")
    sign: tuple[Button, ...] = (sign_button(post, part),)
    if is_long(text):
        text, sign = _page(post, text, part, at, number, reader)
    if not isinstance(part, Entry):
        return Payload(text, (sign, (later,)))
    change = Button(texts.button_change, f"{FAQ}:open:{part.id}")
    retire = Button(texts.button_retire, f"{REVIEW}:retire:{part.id}")
    return Payload(text, (sign, (change, retire), (later,)))


def _page(
    post: Post, text: str, part: Signable, at: int, number: int, reader: UserId
) -> tuple[str, tuple[Button, ...]]:
    """One page of what is too long for a message, with its buttons: what was not read whole is not signed."""
    texts, pages = post.library.served.content.faq_desk, split(text, MAX_TEXT - _LEFT)
    number, start = min(number, len(pages) - 1), part.text_hash[:HASH_LETTERS]
    where = post.text(texts.review_page, number=str(number + 1), count=str(len(pages)))
    shown = f"{pages[number]}\n\n{where}"
    if number + 1 < len(pages):
        return shown, (Button(texts.button_page, f"{READ}:{at}.{number + 1}.{reader}.{start}"),)
    first = Button(texts.button_first, f"{READ}:{at}.0.{reader}.{start}")
    return shown, (sign_button(post, part, reader), first)


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
