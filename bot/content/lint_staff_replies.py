"""What may be wrong with the replies that staff send again and again."""

from collections.abc import Iterator

from bot.content import lint_text
from bot.content.lint_faq import Finding
from bot.content.schema import Content
from bot.content.yaml_reader import Document
from bot.markup import utf16_len

MAX_ID = 30
"""A button carries the id beside two numbers, in Telegram's 64 bytes."""


def check_staff_replies(content: Content, document: Document | None) -> Iterator[Finding]:
    """Titles that do not fit a button, texts that cannot be sent."""
    if document is None:
        return
    for id_, reply in content.staff_replies.items():
        if len(id_) > MAX_ID:
            yield Finding.error(document, ("replies", id_), f"the name '{id_}' is longer than {MAX_ID} letters")
        if (length := utf16_len(reply.title)) > lint_text.MAX_LABEL:
            text = f"'title' is {length} letters long; a button shows {lint_text.MAX_LABEL}"
            yield Finding.error(document, ("replies", id_, "title"), text)
        for said in lint_text.check_text(reply.text, content.clinic):
            yield Finding.error(document, ("replies", id_, "text"), f"the text of '{id_}' {said}")
