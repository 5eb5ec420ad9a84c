"""What may be wrong with the announcements that are kept for use again."""

from collections.abc import Iterator
from datetime import date

from bot.content import lint_text
from bot.content.broadcasts import TEMPLATE_PLACEHOLDERS, BroadcastTemplate
from bot.content.lint_faq import Finding
from bot.content.locked_screen import locked_screen, names_clinic, private_word
from bot.content.schema import Content
from bot.content.yaml_reader import Document, Place
from bot.errors import MarkupError
from bot.markup import utf16_len


def check_broadcasts(content: Content, document: Document | None, today: date | None) -> Iterator[Finding]:
    """Everything wrong or doubtful in the templates. Without `today` no closure is over."""
    if document is None:
        return
    for index, word in enumerate(content.private_words):
        if not lint_text.normalise(word):
            yield Finding.error(document, ("private_words", index), f"'{word}' has no letters in it")
    for template_id, template in content.templates.items():
        yield from _template(content, document, template_id, template, today)


def _template(
    content: Content, document: Document, template_id: str, template: BroadcastTemplate, today: date | None
) -> Iterator[Finding]:
    place: Place = ("templates", template_id)
    if (length := utf16_len(template.title)) > lint_text.MAX_LABEL:
        text = f"'title' is {length} letters long; a button shows {lint_text.MAX_LABEL}"
        yield Finding.error(document, (*place, "title"), text)
    text_place = (*place, "text")
    for said in lint_text.check_text(template.text, content.clinic, TEMPLATE_PLACEHOLDERS):
        yield Finding.error(document, text_place, f"the text of '{template_id}' {said}")
    is_to_come = any(today is None or closure.last >= today for closure in content.clinic.closures)
    if "{closure}" in template.text and not is_to_come:
        text = f"'{template_id}' names {{closure}}, and clinic.yaml has no closure to come"
        yield Finding.warning(document, text_place, text)
    try:
        shown = locked_screen(lint_text.fill(template.text, content.clinic))
    except MarkupError:
        return  # said already
    if (word := private_word(shown, content.clinic.name, content.private_words)) is not None:
        text = f"'{template_id}' says '{word}' in its first words, which a locked phone shows to everybody"
        yield Finding.warning(document, text_place, text)
    if not names_clinic(shown, content.clinic.name):
        text = f"'{template_id}' does not begin with {{clinic_name}}; patients may not know who writes"
        yield Finding.warning(document, text_place, text)
