"""What the clinic prints to let patients in: the poster, and sheets with a personal link for each. HTML, one file each.

Nothing in it asks the network for anything; a browser prints it on A4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import segno

from bot.content.schema import Content
from bot.core.replies import render
from bot.markup import plain

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 12mm 16mm }}
body {{ font: 18pt/1.3 sans-serif; color: #000; background: #fff; max-width: 178mm; margin: 0 auto }}
h1 {{ font-size: 24pt; margin: 0 0 4mm }}
h2 {{ font-size: 19pt; margin: 4mm 0 1mm; break-after: avoid }}
p {{ margin: 0 0 2mm }}
ol {{ padding-left: 12mm }}
svg {{ display: block; margin: 6mm auto }}
.cut {{ border: 1px dashed #000; padding: 5mm; margin: 0 0 5mm; break-inside: avoid; text-align: center }}
.small {{ font-size: 12pt; overflow-wrap: anywhere }}
section {{ break-inside: avoid }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
_POSTER_SCALE, _CUT_SCALE = 13, 4
"""Sizes of a QR module in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One patient's link on a sheet to be cut. `whom`: what the clinic calls the patient."""

    whom: str
    link: str


def link_to(bot_name: str, payload: str) -> str:
    """The address that opens the bot in Telegram with `payload` behind /start."""
    return f"https://t.me/{bot_name}?start={payload}"


def qr(text: str, scale: int = _POSTER_SCALE) -> str:
    """A QR code as an SVG to stand inside a page, with a text for who cannot see it."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=scale, title=text, border=4)


def page(title: str, body: Iterable[str]) -> str:
    """A whole page to print. `title` is plain, the parts of `body` are HTML."""
    return _PAGE.format(title=escape(title), body="\n".join(body))


def poster(content: Content, link: str) -> str:
    """The poster: the clinic's name, the code, three steps. Nothing about any patient."""
    texts = content.enrolment
    steps = (texts.poster_step_1, texts.poster_step_2, texts.poster_step_3)
    title = _line(content, texts.poster_title)
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_line(content, texts.poster_intro))}</p>",
        qr(link),
        "<ol>",
        *(f"<li>{escape(_line(content, step))}</li>" for step in steps),
        "</ol>",
        f'<p class="small">{escape(link)}</p>',
        f"<p>{escape(_line(content, texts.poster_foot))}</p>",
    ]
    return page(title, body)


def links(content: Content, cuts: Iterable[Cut], until: str) -> str:
    """Personal links to be cut apart, one for each patient. `until`: the last day they work, in words."""
    texts = content.enrolment
    title = _line(content, texts.links_title)
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(_line(content, texts.links_intro, date=until))}</p>"]
    for cut in cuts:
        shown = (
            f"<p><b>{escape(cut.whom)}</b></p>",
            qr(cut.link, _CUT_SCALE),
            f'<p class="small">{escape(cut.link)}</p>',
        )
        body.append(f'<div class="cut">{"".join(shown)}</div>')
    return page(title, body)


def _line(content: Content, text: str, /, **values: str) -> str:
    return plain(render(text, content.clinic, **values))
