"""What a patient typed, made comparable: `clean` for reading, `normalise` for comparing, `words` for counting.

`clean` keeps sentences and lines (triage needs to know where a "no" stops) and takes out what hides words from a
program but not from a person: zero-width and direction marks, look-alike letters of other alphabets, "heeeelp".
`normalise` goes on to bare lower-case words. Both are idempotent, never raise, and read at most `MAX_CHARS`.
"""

import re
import unicodedata
from functools import lru_cache

MAX_CHARS = 4096
"""Telegram's limit for one message; NFKC can make eighteen characters of one, so the result is cut there too."""

_LINE_ENDS = re.compile(r"\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_QUOTES = str.maketrans(dict.fromkeys("’‘‛ʼʻʹ′`´＇", "'") | dict.fromkeys("“”„‟«»″", '"'))
"""Before NFKC, which would turn the acute accent people use as an apostrophe into a space."""
_LAYOUT = str.maketrans("", "", "\n\t")
_DASHES = re.compile(r" ?[‒–—―]+ ?")
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks of width zero that Unicode does not class as format characters."""
_TWINS = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеѕіјорсухԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοναρικυχτɑɡıƖ",
    "ABESIJKMHOPCTXYaesijopcyxdhqwABEZHIKMNOPTYXovapikyxtagil",
)
"""Cyrillic and Greek letters, and a few rare Latin ones, that look like a plain Latin letter."""
_COUSINS = str.maketrans("вгкмнптиѵѡӏηωγհոսօց", "brkmhntuvwlnwyhnuog")
"""Letters that pass for one of ours only in a word that mixes alphabets."""
_SHAPES = str.maketrans(
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢϲϹ" + "".join(chr(first + number) for first in (0x1F150, 0x1F170) for number in range(26)),
    "abcdefghijklmnoprstuvwyzcC" + "abcdefghijklmnopqrstuvwxyz" * 2,
)
"""Our letters in shapes that NFKC leaves alone or makes another letter of: small capitals, white on black."""
_UNBROKEN = re.compile(r"\S+")
_RUN = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_MAX_MARKS = 4
"""More is not a language but "zalgo"; sorting thousands of them, as NFKC must, takes quadratic time."""
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_BREAKS = re.compile(r" ?\n[ \n]*")
_NOT_A_WORD = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|[^\w.,]|_")
"""Everything but letters, digits, and the point in "38.5"."""


def clean(raw: str) -> str:
    """The text as a person would read it: one line per line, single blanks, plain Latin letters, no hidden marks.

    Capitals and punctuation stay. A letter typed three or more times running stays twice.
    """
    text = raw[:MAX_CHARS]
    is_plain = text.isascii() and text.translate(_LAYOUT).isprintable()  # as most are
    text = text.replace("`", "'") if is_plain else _latin(text)
    return _LINE_BREAKS.sub("\n", _BLANKS.sub(" ", _RUN.sub(r"\1\1", text))).strip()


def _latin(text: str) -> str:
    """What `clean` does about letters and marks beyond ASCII."""
    text = _visible(_LINE_ENDS.sub("\n", text).translate(_SHAPES).translate(_QUOTES))
    text = _visible(unicodedata.normalize("NFKC", text)[:MAX_CHARS].translate(_QUOTES))
    text = _DASHES.sub(" - ", _BLANKS.sub(" ", text))[:MAX_CHARS]
    return _without_loose_marks(unicodedata.normalize("NFKC", _fold_twins(text)))


def normalise(text: str) -> str:
    """Lower-case words with single blanks: no accents, no punctuation ("can't" is "cant"), digits and "38.5" kept."""
    plain = text[:MAX_CHARS].lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFD", _visible(_LINE_ENDS.sub("\n", plain).translate(_QUOTES)))
        plain = unicodedata.normalize("NFC", "".join(char for char in plain if not unicodedata.combining(char)))
    return " ".join(_NOT_A_WORD.sub(" ", plain.replace("'", "")).split())


def words(text: str) -> tuple[str, ...]:
    """The normalised words of `text`, in order."""
    return tuple(normalise(text).split())


@lru_cache(maxsize=4096)
def _is_invisible(char: str) -> bool:
    """Control, format, surrogate, private and unassigned characters, variation selectors, and blank letters."""
    if char in "\n\t":
        return False
    return unicodedata.category(char)[0] == "C" or char in _FILLERS or "\ufe00" <= char <= "\ufe0f"


@lru_cache(maxsize=4096)
def _alphabet(char: str) -> str:
    """ "LATIN", "CYRILLIC", …"""
    return unicodedata.name(char, "").partition(" ")[0]


def _is_latin(char: str) -> bool:
    return char.isalpha() and _alphabet(char) == "LATIN"


def _visible(text: str) -> str:
    """`text` without what cannot be seen, and with no more than `_MAX_MARKS` accents on one letter."""
    if text.isascii() and text.isprintable():
        return text
    letters = set(text)
    text = text.translate({ord(char): None for char in letters if _is_invisible(char)})
    if not any(map(unicodedata.combining, letters)):
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def _fold_twins(text: str) -> str:
    """Latin letters for look-alikes, and only where a whole word becomes Latin: Russian stays Russian."""
    if text.isascii():
        return text
    return _UNBROKEN.sub(_fold_word, text)


def _fold_word(found: re.Match[str]) -> str:
    folded = found[0].translate(_TWINS)
    if len({_alphabet(char) for char in found[0] if char.isalpha()}) > 1:
        folded = folded.translate(_COUSINS)
    return folded if all(_is_latin(char) for char in folded if char.isalpha()) else found[0]


def _without_loose_marks(text: str) -> str:
    """Without accents stacked on Latin letters beyond what Unicode composes, or hanging on nothing."""
    marks = {char for char in set(text) if unicodedata.category(char) in {"Mn", "Me"}}
    if not marks:
        return text
    kept: list[str] = []
    base = ""
    for char in text:
        if char not in marks:
            base = char
        elif not base.isalpha() or _is_latin(base):
            continue
        kept.append(char)
    return "".join(kept)
