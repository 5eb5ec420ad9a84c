"""Which language a text is in; English, and whatever is in doubt, is none of ours to name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import OtherLanguage, RedFlag
from bot.core.language import LANGUAGES, Tongues, foreign
from bot.core.text import clean
from bot.model import Flag, Level

FOREIGN = {
    "ar": ("هل من الطبيعي أن تؤلمني ساقي؟", "شكرا"),
    "de": ("Ist es normal, dass mein Bein noch weh tut?", "wann darf ich wieder laufen"),
    "el": ("είναι φυσιολογικό να πονάει το πόδι μου",),
    "es": ("¿Es normal que me duela la pierna después del tratamiento?", "muchas gracias", "me duele mucho"),
    "fr": ("Est-ce que c'est normal d'avoir mal à la jambe ?", "combien de temps ça dure", "merci beaucoup"),
    "hi": ("क्या पैर में दर्द होना सामान्य है",),
    "it": ("è normale che mi faccia male la gamba?", "quando posso correre di nuovo"),
    "ja": ("足が痛いのは普通ですか",),
    "ko": ("다리가 아픈 게 정상인가요",),
    "nl": ("is het normaal dat mijn been pijn doet",),
    "pl": ("czy to normalne że boli mnie noga", "kiedy mogę biegać", "dzień dobry"),
    "pt": ("é normal ter dor na perna depois do tratamento?", "quando posso voltar a correr"),
    "ro": ("este normal să mă doară piciorul", "cat timp ma doare piciorul"),
    "ru": ("это нормально что болит нога", "спасибо"),
    "tr": ("bacağım çok ağrıyor bu normal mi", "ne zaman koşabilirim"),
    "uk": ("чи це нормально що болить нога після процедури",),
    "ur": ("کیا ٹانگ میں درد ہونا معمول ہے؟",),
    "zh": ("腿疼正常吗",),
}
ENGLISH = (
    "is it normal that my leg jumped",
    "hola, can I run tomorrow",
    "the doctor said c'est la vie",
    "can i go to die Praxis on monday",
    "i no can walk good is normal?",
    "leg pain no good me want know",
    "mi leg e sore",
    "war is bad, so die pain was in my leg",
    "no me so so",
    "en route to the clinic, deja vu",
)
NAMES = (
    "my name is Juan Carlos de la Cruz",
    "Juan Carlos de la Cruz",
    "Maria da Silva",
    "Dr. Van der Berg said to call",
)
SHORT = ("ok merci", "no", "ok", "sore", "a de la", "", "38.5", "👍", "?!")


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in FOREIGN.items() for text in texts])
def test_a_language_is_recognised(language: str, text: str) -> None:
    assert foreign(clean(text)) == language


@pytest.mark.parametrize("text", [*ENGLISH, *NAMES, *SHORT])
def test_english_stays_english_and_doubt_says_nothing(text: str) -> None:
    assert foreign(clean(text)) is None


def test_letters_that_only_look_foreign_are_english() -> None:
    assert foreign(clean("I hаvе chеst pаin")) is None  # some of these are Cyrillic


@given(st.text(max_size=300))
def test_any_text_has_a_language_with_a_name_or_none(text: str) -> None:
    assert foreign(text) in {None, *LANGUAGES}


# --- signs of danger in other languages ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tongues(red_flags: tuple[RedFlag, ...]) -> Tongues:
    def knows(**signs: tuple[str, ...]) -> OtherLanguage:
        return OtherLanguage(emergency="Call.", call_now="Call now.", signs=signs)

    languages = {
        "de": knows(chest_pain_breathless=("kann nicht atmen",), suspected_dvt=("Fuß ist geschwollen",)),
        "pl": knows(self_harm=("chcę umrzeć", "chcę się zabić"), chest_pain_breathless=("ból w klatce",)),
        "ru": knows(chest_pain_breathless=("не могу дышать",)),
        "ar": knows(chest_pain_breathless=("لا أستطيع التنفس",)),
        "hi": knows(chest_pain_breathless=("सांस नहीं आ रही",)),
        "zh": knows(chest_pain_breathless=("不能呼吸",), gone=("消失",)),
    }
    return Tongues(languages, red_flags)


@pytest.mark.parametrize(
    ("text", "language", "flag_id"),
    [
        pytest.param("Hilfe, ich kann nicht atmen!!", "de", "chest_pain_breathless", id="in a sentence"),
        pytest.param("hello doctor, ich KANN nicht\natmen thanks", "de", "chest_pain_breathless", id="among English"),
        pytest.param("der fuss ist geschwollen", "de", "suspected_dvt", id="ss"),
        pytest.param("chce umrzec", "pl", "self_harm", id="no accents"),
        pytest.param("bol w klatce", "pl", "chest_pain_breathless", id="no strokes"),
        pytest.param("Я НЕ МОГУ ДЫШАТЬ", "ru", "chest_pain_breathless", id="capitals that look Latin"),
        pytest.param("لا استطيع التنفس", "ar", "chest_pain_breathless", id="plain alef"),
        pytest.param("मुझे सांस नहीं आ रही है", "hi", "chest_pain_breathless", id="vowel signs"),
        pytest.param("我现在不能呼吸了", "zh", "chest_pain_breathless", id="no blanks"),
    ],
)
def test_a_sign_in_another_language_counts(tongues: Tongues, text: str, language: str, flag_id: str) -> None:
    assert [flag.id for flag in tongues.signs_in(clean(text))] == [flag_id]
    assert tongues.language_of(clean(text)) == language


@pytest.mark.parametrize(
    "text", ["", "ich kann nicht so gut atmen", "sie kann nicht", "消失", "chest pain", "umrzećx chcę"]
)
def test_other_words_are_no_sign(tongues: Tongues, text: str) -> None:
    assert tongues.signs_in(clean(text)) == ()
    assert tongues.language_of(clean(text)) is None


def test_a_sign_comes_once_with_its_level_and_words(tongues: Tongues) -> None:
    found = tongues.signs_in(clean("chcę umrzeć, chcę się zabić"))
    assert found == (Flag("self_harm", Level.EMERGENCY, ("chce umrzec", "chce sie zabic")),)
