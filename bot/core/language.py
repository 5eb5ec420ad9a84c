"""Which language a text is in, when it is surely not English: by its script, or by the small words every sentence has.

Pure and small on purpose: it only decides whether a person at the clinic should look, and in which language to say so.
A name, or one foreign word in an English sentence, must not be taken for another language.
"""

import re
import unicodedata
from collections.abc import Mapping

from bot.core.text import MAX_CHARS

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
