"""Which language a text is in, when it is surely not English: by its script, or by the small words every sentence has.

Pure and small on purpose: it only decides whether a person at the clinic should look, and in which language to say so.
A name, or one foreign word in an English sentence, must not be taken for another language.

The signs of danger that the clinic lists in other languages (`Tongues`) count by themselves, whatever the rest is in.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.content.schema import OtherLanguage, RedFlag
from bot.core.text import MAX_CHARS, clean, normalise
from bot.model import Flag, Level

LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "zh": "Chinese",
}
"""What `foreign` may answer, by ISO 639-1 code, in English. Neighbours in one script are guesses: staff see for
themselves."""

_SCRIPTS = {
    "ARABIC": "ar",
    "BENGALI": "bn",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "TAMIL": "ta",
    "THAI": "th",
}
"""By the first word of a letter's Unicode name."""
_TELLING_LETTERS = (
    ("ur", frozenset("ٹڈڑےں")),
    ("fa", frozenset("پچژگی")),
    ("uk", frozenset("іїєґ")),
)
"""What tells neighbours in one script apart, the rarer language first; small letters."""
_LETTERS_OF = {"ur": "ar", "fa": "ar", "uk": "ru"}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    "de": _set(
        "ich ist das der die den dem ein eine und nicht kann habe mein meine mir mich es zu mit nach wie was wann "
        "wenn noch auch bei auf für von im sind war bin sie wir aber sehr schon oder haben soll darf muss nur "
        "bitte danke guten tag hallo hilfe lange schmerzen schmerz fuß bein wade"
    ),
    "es": _set(
        "el la los las un una de que y en es no me mi por con para se lo al del le pero como cuando cuándo cómo "
        "qué más muy después puedo tengo está esto estoy hay si sí también sin sobre ser soy hace duele hola "
        "gracias buenos buenas dolor pierna pie mucho mucha muchas tratamiento ayuda desde hoy ayer mañana todavía "
        "cuanto cuánto tiempo dura caminar correr bien"
    ),
    "fr": _set(
        "le la les un une de des du et est je j'ai ai mon ma mes que qui pas ne ce c'est dans pour avec sur au aux "
        "en il elle mais comment quand combien puis peux suis être très plus après depuis encore bonjour merci "
        "vous jambe pied mal douleur normal faire fait cette temps beaucoup s'il plaît oui non"
    ),
    "it": _set(
        "il lo la gli le un una di che e è in non mi mio mia ho per con sono del della al alla ma come quando "
        "quanto posso dopo anche più molto ancora questo questa si da dal dolore gamba piede ciao grazie "
        "buongiorno fare fa male normale trattamento aiuto ieri oggi"
    ),
    "nl": _set(
        "ik het een de en van niet mijn is dat die in op te met voor na hoe wat wanneer kan mag heb heeft ben zijn "
        "nog maar ook aan er als bij naar lang pijn been voet hallo bedankt goedemorgen dag veel wel geen moet"
    ),
    "pl": _set(
        "nie jest się na w z do to i mam czy jak co po mnie mi moja mój moje że ale od za o a tak już jestem może "
        "mogę kiedy boli ból noga nogi stopa nogę bardzo proszę dziękuję dzień dobry jeszcze dlaczego długo ile "
        "przez zabiegu normalne cześć pomocy dzisiaj wczoraj"
    ),
    "pt": _set(
        "o a os as um uma de que e em não me meu minha por com para se no na do da mas como quando posso estou "
        "está tenho é eu muito mais depois isso isto também sem dor perna pé olá obrigado obrigada bom dia dias "
        "tarde quanto tempo normal ainda fazer tratamento ajuda hoje ontem"
    ),
    "ro": _set(
        "nu este e eu am mă ma să sa și si de la în in cu pe un o ce că ca care pentru din după dupa mai cum cand "
        "când pot sunt îmi imi meu mea foarte cât cat doare durere durerea picior piciorul bună buna ziua "
        "mulțumesc multumesc ajutor încă inca normal tratament astăzi ieri"
    ),
    "tr": _set(
        "bir ve bu ben çok için ile ne nasıl mi mı mu mü var yok değil ama daha sonra gibi kadar benim bana ağrı "
        "ağrıyor bacağım ayağım zaman merhaba teşekkürler teşekkür ederim yardım normal mıyım lütfen iyi günler "
        "tedaviden hala evet hayır şey bugün dün"
    ),
}
"""The words that a message to a clinic has in each language, small letters."""
_ENGLISH = _set(
    "i i'm im i've ive i'd the a an is are was were am be been my me you your it its it's this that and or but "
    "so to of in on at for from with by as if not no do does did don't dont can can't cant could should would "
    "will what when how why where who long much many have has had after before about still just get got go "
    "need want feel pain leg foot normal please thanks thank hi hello any some there they we he she him her up "
    "out more than then today ok okay yes say says said mean means called name"
)
_OF_NAMES = _set("de la le da di do dos du del der den van von el al bin ben e y i a o")
"""Small words that stand in names too: alone they tell nothing."""
_NEUTRAL = frozenset({"ok", "okay", "hi", "hello"})

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MIN_SCRIPT = 0.5
"""So much of the letters has to be in another script."""
_MIN_HITS = 0.4
"""So many of the words have to be function words of the language."""
_MAX_ENGLISH = 0.25
"""With more words that are English only, it is English with something foreign in it."""
_LONGEST = 60
"""Words looked at."""


def foreign(text: str) -> str | None:
    """The code of the language that `text` is in, one of `LANGUAGES`; None for English, and whenever in doubt."""
    found = _WORD.findall(text[:MAX_CHARS].replace("’", "'"))
    return _by_script("".join(found).lower()) or _by_words(found[:_LONGEST])


def _by_script(letters: str) -> str | None:
    counts: dict[str, int] = {}
    for letter in letters:
        if not letter.isascii() and (code := _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0])):
            counts[code] = counts.get(code, 0) + 1
    if not counts or sum(counts.values()) < _MIN_SCRIPT * len(letters):
        return None
    best = max(sorted(counts), key=lambda code: counts[code])
    if best == "zh" and "ja" in counts:
        return "ja"
    for code, telling in _TELLING_LETTERS:
        if _LETTERS_OF[code] == best and not telling.isdisjoint(letters):
            return code
    return best


def _by_words(found: list[str]) -> str | None:
    """By function words. Two words are enough only where both are words of that language."""
    said = [word.lower() for number, word in enumerate(found) if not _is_name(word, number)]
    telling = [word for word in said if word not in _NEUTRAL]
    if len(telling) < 2:
        return None
    hits = {code: _hits(telling, words) for code, words in _FUNCTION_WORDS.items()}
    best = max(sorted(hits), key=lambda code: hits[code])
    enough = len(telling) if len(telling) == 2 else _MIN_HITS * len(telling)
    if hits[best] < max(enough, 2):
        return None
    ours = _FUNCTION_WORDS[best]
    certain = {word for word in telling if word in ours and word not in _OF_NAMES and word not in _ENGLISH}
    english = sum(word in _ENGLISH and word not in ours for word in telling)
    as_english = sum(word in _ENGLISH for word in telling)
    if len(certain) < 2 or english > _MAX_ENGLISH * len(telling) or as_english >= hits[best]:
        return None
    return best


def _hits(telling: list[str], words: frozenset[str]) -> int:
    return sum(word in words for word in telling)


def _is_name(word: str, number: int) -> bool:
    """Written like a name: a capital inside the text; German nouns are left out by this too, which does no harm."""
    return number > 0 and word[0].isupper() and not word.isupper()


# --- signs of danger in other languages ------------------------------------------------------------------------------

_WITHOUT_BLANKS = frozenset({"ja", "th", "zh"})
"""Languages in which words are written without blanks between them."""
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"}
    | dict(zip("авекмнорстух", "abekmhopctyx", strict=True))  # as `clean` reads capitals that look Latin
    | {"ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ہ": "ه", "ۃ": "ه", "ھ": "ه", "ے": "ي"}
)
"""Letters that people exchange for a plainer one, and that are no letter with an accent to Unicode."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """One phrase, ready to be looked for in a text prepared by `_plain`."""

    language: str
    flag_id: str
    level: Level
    said: str


class Tongues:
    """Finds the signs of danger listed in other languages. No denial is read: in doubt people are told."""

    def __init__(self, languages: Mapping[str, OtherLanguage], red_flags: Sequence[RedFlag]) -> None:
        levels = {flag.id: flag.level for flag in red_flags}
        every = (
            _Sign(code, flag_id, levels[flag_id], said if code in _WITHOUT_BLANKS else f" {said} ")
            for code, language in languages.items()
            for flag_id, lines in language.signs.items()
            if flag_id in levels
            for line in lines
            if (said := _plain(clean(line)))
        )
        self._by_word: dict[str, list[_Sign]] = defaultdict(list)
        """By their first word, since most texts hold none of them."""
        self._unparted: list[_Sign] = []
        for sign in every:
            signs = self._unparted if sign.language in _WITHOUT_BLANKS else self._by_word[sign.said.split()[0]]
            signs.append(sign)

    def signs_in(self, text: str) -> tuple[Flag, ...]:
        """The red flags that a cleaned text names in another language, each once, with the words that say so."""
        words: dict[tuple[str, Level], tuple[str, ...]] = {}
        for sign in self._found(text):
            key = (sign.flag_id, sign.level)
            words[key] = (*words.get(key, ()), sign.said.strip())
        return tuple(Flag(flag_id, level, said) for (flag_id, level), said in words.items())

    def language_of(self, text: str) -> str | None:
        """The code of the language of the first sign in a cleaned text."""
        return next((sign.language for sign in self._found(text)), None)

    def _found(self, text: str) -> Iterator[_Sign]:
        """The signs in a text, in the order of their first words."""
        if not self._by_word and not self._unparted:
            return
        plain = _plain(text)
        padded = f" {plain} "
        for word in dict.fromkeys(plain.split()):
            yield from (sign for sign in self._by_word.get(word, ()) if sign.said in padded)
        if not plain.isascii():
            yield from (sign for sign in self._unparted if sign.said in plain)


def _plain(text: str) -> str:
    """A cleaned text as signs are compared: bare words, no accents, plain letters."""
    return normalise(text if text.isascii() else text.lower().translate(_PLAIN))
