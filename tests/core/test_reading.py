"""The border rules of the red-flag catalogue: which words are said of the patient here and now, and which are not.

In each row the [words] in brackets are looked at.
"""

from collections.abc import Iterator
from typing import cast

import pytest

from bot.core.denial import answered_no, denied
from bot.core.reading import Reading, Why, read
from bot.core.text import clean
from bot.core.tokens import Token, Tokens, tokens_of


def marked(text: str) -> tuple[Reading, list[range]]:
    """The reading of `text` without its brackets, and where the words in each pair of brackets are."""
    whole = read(clean(text.replace("[", "").replace("]", "")))
    found: list[range] = []
    before = ""
    for number, part in enumerate(text.replace("]", "[").split("[")):
        begin, before = len(read(clean(before)).tokens), before + part
        if number % 2:
            found.append(range(begin, len(read(clean(before)).tokens)))
    return whole, found


def rows(text: str) -> list[object]:
    return [pytest.param(line.strip(), id=line.strip()[:60]) for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    "text",
    rows("""
        no fever but [calf hot]
        no redness, however my [calf is swollen]
        no pus. [fever 39]
        no pus; [fever 39]
        No redness no pus just [throbbing all night]
        no bruise though [numb toes]
        no rash yet [throat tight]
        no fever only [swollen ankle]
        no fever although [leg is red]
        without fever, my [leg throbs]
        no fever, [calf swollen and hot]
        no fever, [chest pain]
        no bleeding I have [chest pain]
        no pain he has [collapsed]
        no temperature [calf is boiling]
        no pain and [my calf is swollen]
        no fever and [very hot leg]
        no itching because of the [swelling]
        no swelling except [one calf]
        no pain other than [chest pain]
        Not only sore, [swollen] too
        it's not just [painful] it's [hot]
        not merely [bruised]
        Isn't my [leg swollen]?
        but isn't my [calf a bit hot]?
        is it not [infected]?
        should it not be [swollen] less by now
        Doesn't this look [infected]?
        Isn't [chest pain] a bad sign?
        why isn't the [bleeding] stopping
        how come the [swelling] isn't going down
        why is it not healing, the [pus] is back
        not sure if this is [chest pain]
        I don't think it's serious but my [calf is swollen]
        I don't think it's a [clot]
        not certain whether the [numbness] counts
        probably nothing but [chest tight]
        don't want to bother you, [blood everywhere]
        no rush, [leg swollen]
        no idea why my [foot is cold]
        not being funny but [it stinks]
        no joke [chest pain]
        not gonna lie the [pain is unbearable]
        not to be dramatic but [throat closing]
        no word of a lie [blood hit the wall]
        no relief from the [chest pain]
        no improvement in the [swelling]
        no sleep with the [calf pain]
        no change in the [numb patch]
        no strength in my [arm]
        no sign of the [bleeding] stopping
        the [bleeding] won't stop
        never had such [chest pain]
        I've never felt [pain] like this
        never had a [headache] this bad
        never had [chest pain] before
        never been so [breathless]
        wasn't this [swollen] before
        no [swelling] until today
        it wasn't [swollen] yesterday
        didn't expect this much [swelling]
        didn't mention the [chest pain]
        didn't tell you I [fainted]
        don't remember [collapsing]
        doesn't [squeeze my hand]
        foot doesn't [lift]
        he isn't [answering]
        she's not [breathing]
        hasn't [passed water] all day
        can't walk without [pain in calf]
        not a day without [chest pain]
        can't breathe without [chest pain]
        not as [swollen] as the other day
        no longer [bleeding], only faint
        no better, [still swollen]
        chest pain? yes [chest pain]
        Is she [breathing]? No
        Can you [lift your foot]? no
        is the [swelling going down]? No
        is my calf a [clot], yes or no
        it's [chest pain], no?
        [chest pain]? not really, more a tightness
        [chest pain]. No
        [chest pain]? no idea
        dosent stop, the [bleeding]
        took two tablets, the [pain] touched nothing
        my [leg] is free at last but [swollen]
        nothing helps the [pain]
        nothing touches the [pain]
    """),
)
def test_no_denial(text: str) -> None:
    check_heard(text)


@pytest.mark.parametrize(
    "text",
    rows("""
        no [chest pain]
        no [fever], no [pus], no [redness], just sore
        no [fever], [chills] or [chest pain]
        no [fever], [chills], [redness]
        No [swelling], [redness] and [heat]
        No [redness] and [swelling].
        I don't have [fever], [pus] or a [rash]
        never had [chest pain], [fits] or [blackouts]
        neither [swelling] nor [redness]
        without [swelling]
        without any [chest pain] or [breathlessness]
        no sign of [infection]
        no signs of [redness] or [pus]
        denies [chest pain]
        the calf isn't [swollen] or [hot]
        it is not [red] and [hot]
        calf not [swollen]
        my leg is not [numb]
        haven't had any [bleeding]
        haven't noticed any [swelling]
        I don't see any [pus]
        can't see any [redness]
        couldn't find any [lump]
        hasn't [bled] at all
        didn't [faint]
        she didn't [pass out]
        never [fainted]
        doesn't [hurt]
        does not [bleed]
        not [bleeding]
        it's no [sore]
        isnt [swollen]
        dosent [bleed]
        didnt have any [swelling]
        doesn t have [fever]
        hasnae [swollen] up
        ain't [swollen]
        w/o [fever]
        [fever] n/a
        [fever]: n/a
        [Chest pain]? no
        [Chest pain]? none, thanks
        [chest pain]? Not at all
        [Chest pain]? I don't have any
        [chest pain]? No I just feel tired
        Any [chest pain], [breathlessness] or [fever]? No.
        [can't breathe]? no
        [trouble breathing]? No
        [swelling] no, [redness] no
        [fever] - none
        [bleeding]: no
        [chest pain], no. [fever], no.
        no to [chest pain]
        nothing [swollen]
        none of the [swelling] you mentioned
        negative for [clots]
        the doctor ruled out a [clot]
        free of [pain]
        [pain] free
        no [breathing problems]
        don't have [breathing problems]
        not getting [chest pain]
        not getting [worse]
        no thoughts of [hurting myself]
        I don't want to [harm myself]
        no [fever] but calf hot
        no [swelling] in my calf
        no [swelling or anything like that]
        is it ok that it's not [sore]
        hasn't gone [red]
    """),
)
def test_a_denial(text: str) -> None:
    check_passed_over(text, Why.DENIED, Why.ANSWERED)


@pytest.mark.parametrize(
    "text",
    rows("""
        what happens if my [calf is swollen] now?
        could my calf be a [clot], it's hot
        could this be a [clot]
        could I have a [blood clot]
        is it normal that I can't [breathe]
        is it normal to have [chest pain] after this, it started an hour ago
        can needling cause [chest pain]? I've had it since lunch
        Can dry needling cause a [collapsed lung]? My chest hurts
        can it cause a [blood clot] because my leg is swollen
        can needling damage a nerve, [foot is numb]
        what if this [swelling] is a clot
        what if my [calf swelling] gets worse
        what are signs of a clot, my [calf is hot]
        how do I know if this is [infected]
        how do I know if my [leg is infected]
        not sure if it feels [hot]
        wondering if it's ok that my [calf is swollen]
        is it ok if my [foot goes numb]
        tell me if this [swelling] is normal
        just in case it matters, I have [chest pain]
        could I end up with [foot drop], mine drags already
        would you need to know if my calf [swelled] up last night
        if I press on it [it hurts]
        if I walk [my calf throbs]
        I get [chest pain] if I walk
        if I get up I am [dizzy]
        do I need to tell you if I [fainted]
        did you [hit a nerve]? foot numb
        could the needle have [punctured my lung]
        should I worry about my [swollen calf]
        should I worry about this [chest pain]
        there are signs of [infection] round it
        signs of [infection]: hot, red
        can you tell me why my [foot is blue]
        would you look at my [swollen leg]
        bro is [convulsing] what do I do
        worried I have a [clot]
        you can't imagine the [pain]
        can my husband come in, he has [chest pain]
        what do I do if my calf is [swollen]
        my mum has [chest pain], can needling do that
        how long does [swelling] this size last, it is on one side
        [face drooping], can needling cause this
        [panting in her chair], can needling cause that
        what should I do if the [bleeding] won't stop
        what should I do if he had a [seizure]
        should I worry if my [calf is swollen]
    """),
)
def test_no_mere_question(text: str) -> None:
    check_heard(text)


@pytest.mark.parametrize(
    "text",
    rows("""
        what happens if I have a [seizure] with needles in?
        would needling make my [face swell]?
        how would I know if I was having an [allergic reaction] to the needles?
        do people on thinners [bleed for an hour]?
        can needling cause a [blood clot]
        Can dry needling [collapse a lung]?
        could acupuncture damage a [nerve]
        can needles [break off] inside
        does it ever cause [fits]
        do people ever [faint]
        can you get an [infection] from it
        can someone have a [stroke] from this
        is it possible to get [sepsis] from needles
        is there any risk of [bleeding]
        what are the signs of a [clot]
        what symptoms would [sepsis] have
        which signs of [infection] should people look for
        how would I know if I had a [clot]
        how do you tell a [clot] from a bruise
        how common is [fainting]
        what would a [clot] feel like
        what does an [allergic reaction] look like
        what if I got a [clot]
        could I end up with [foot drop]
        if my calf [swelled] up would I need to ring
        if I got a [fever] afterwards would that be bad
        what happens if I [faint]
        what should I do if I get [chest pain]
        what do I do if my [calf swells]
        who do I ring if it [bleeds] at night
        should I worry about [blood clots]
        I want your number just in case I get [chest pain]
        what if someone [collapses], [bleeds] or [faints]
        I'm scared of getting a [clot]
        nervous that I will [faint]
        imagine a [needle] broke
        in theory could one die of [sepsis]
        I'm booked for Monday, can it cause [fits]
        my mum is asking, can needling cause a [stroke]
        what is [sepsis]
        has anyone ever [fainted]
        can needling cause [chest pain] or [fever], just wondering
    """),
)
def test_a_mere_question(text: str) -> None:
    check_passed_over(text, Why.HYPOTHETICAL)


@pytest.mark.parametrize(
    "text",
    rows("""
        by the time I had parked I had [chest pain]
        the time I had my session I [fainted]
        I had a clot in 2015 and now my [calf is swollen]
        I had a [clot] in 2015 and it's back again
        [chest pain] since 2015
        [calf swollen] since Tuesday
        [chest pain] all night
        I [fainted]
        my leg was [swollen]
        have had [chest pain] for days
        [fever] keeps coming
        years ago I was fine, today I have [chest pain]
        last year fine, calf still [swollen]
        I [fainted] when I was at the clinic
        I [fainted] when I was in the shower
        in the past hour I've had [chest pain]
        treated on 20/11/2025 and [calf swollen]
        before I came round I was [shaking]
        chest [pain] before I came home
        I didn't have this [pain] before I came
        worse [swelling] than before I came
        over the last year it was ok, leg [swollen] today
        I used to be able to lift it, [foot drops]
        same [chest pain] as years ago, come back today
        DVT years ago, [calf swollen]
        it happened once I got home, [fainted]
        had epilepsy as a kid, [collapsed]
        I had a DVT before, [calf swollen]
        had DVT in 2019 and this [feels the same]
    """),
)
def test_not_past(text: str) -> None:
    check_heard(text)


@pytest.mark.parametrize(
    "text",
    rows("""
        the time I had malaria I was [delirious with fever]
        I had a [clot] in 2015
        In 2015, I had a [clot]
        [clot] years ago
        a [fit] about ten years ago
        I had [fits] as a child
        I [fainted] when I was 12
        [collapsed] when I was at school
        had a [stroke] last year
        used to get [chest pain]
        [fainted] in my first pregnancy
        [fainted] when I was pregnant with my son
        history of [seizures]
        before I came to you the [pain] was a nine
        had a [DVT] two years before
        I once had a [collapsed lung]
        my nan once had a [clot]
        [clot] in 2009, nothing since
        [swollen leg] in 2009, all fine now
        I [fainted] and hit my head on a step, fifteen years ago
        dad had a [terrible reaction] as a young man, with his [tongue swelling]
        had it last winter, the [infection]
        in my twenties I had [chest pain]
        a [foot ulcer] in 2012, can I still come
        about fifteen years ago, when I was pregnant with my son, I [fainted] and hit my head
        previously had [sepsis]
        months ago my [leg was swollen]
    """),
)
def test_past(text: str) -> None:
    check_passed_over(text, Why.PAST)


@pytest.mark.parametrize(
    "text",
    rows("""
        a lad at work [collapsed] and isn't breathing
        I read about clots and my [calf is swollen]
        I read about it, [calf is swollen]
        read online it's normal but I have [chest pain]
        I heard a pop in my calf and it is [swollen]
        the leaflet says soreness but this is [burning]
        my husband has [collapsed]
        my daughter's face is [swollen]
        my mum [fainted]
        my wife says her [leg is numb]
        he was watching TV and [collapsed]
        my friend has [collapsed] here
        my mate is not with it, he's [shaking]
        a man in your waiting room [collapsed]
        my nan is [unresponsive]
        she found a [needle] in the paper
        a man at the bus stop [collapsed] what do I do
        my sister's kid stood on a [needle from my session]
        my neighbour's husband sat on [your needle]
        my mother [collapsed] in the chair, I read it happens
        [leg numb], read online that it happens
        my wife read about it online, she [can't breathe]
        I read about it and [can't breathe]
        watched telly on the couch, [calf throbbing]
    """),
)
def test_no_hearsay(text: str) -> None:
    check_heard(text)


@pytest.mark.parametrize(
    "text",
    rows("""
        a lad at work went into [anaphylactic shock] after a prawn
        I read that a man had a [collapsed lung]
        I heard of someone who had a [stroke]
        saw on TV that a man had a [broken needle] in him
        my friend's cousin had a [collapsed lung]
        my neighbour told me her cousin [passed out]
        a bloke at work had a [blood clot]
        someone at my gym got a [punctured lung]
        my colleague's wife got a [clot] from flying
        in the film he gets [chest pain]
        saw a TikTok where a girl [couldn't breathe]
        we watched a documentary about [sepsis]
        there was a man on the news with a [collapsed lung]
        horror stories of [infections]
        someone I know had a [seizure]
    """),
)
def test_hearsay(text: str) -> None:
    check_passed_over(text, Why.HEARSAY)


@pytest.mark.parametrize(
    "text",
    rows("""
        [feet numb] for years
        my [ankles] are always [swollen]
        I always get [breathless], asthma
        [calf hard] same as ever
        [numb toes] as usual
        [swollen ankles] all my life
        [foot numb] since I was born
        [swollen], that is normal for me
        my usual [chest tightness]
        both [feet swell] every summer
    """),
)
def test_usual_state(text: str) -> None:
    check_passed_over(text, Why.USUAL)


@pytest.mark.parametrize(
    "text",
    rows("""
        [feet numb] for years but worse since the treatment
        I always get puffed but this is [new chest pain]
        had my usual [short fit] today
        is this the normal [soreness]
        [bleeding] for ages
        diabetic for years, [black toe]
        type 1 since I was six, [hole in my foot]
        always healthy, [chest pain] today
        numb for years, suddenly [cannot lift it]
    """),
)
def test_not_usual(text: str) -> None:
    check_heard(text)


def check_heard(text: str) -> None:
    reading, found = marked(text)
    assert found
    assert {reading.tokens[one].word: reading.why[one] for each in found for one in each if reading.why[one]} == {}


def check_passed_over(text: str, *reasons: Why) -> None:
    """One word that does not count is enough, for a sign needs all of its words."""
    reading, found = marked(text)
    assert found
    for each in found:
        why = {reading.tokens[one].word: reading.why[one] for one in each}
        assert set(why.values()) & set(reasons), why


class Counted:
    """Tokens that count how often they are looked at."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.looks = 0

    def __len__(self) -> int:
        return len(self._tokens)

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens)

    def __getitem__(self, index: int) -> Token:
        self.looks += 1
        return self._tokens[index]


HOSTILE = (
    pytest.param("no, " * 1000, id="denials"),
    pytest.param("no fever, " * 400, id="a denial after the other"),
    pytest.param("no " + "fever, " * 580 + "or pus", id="one list"),
    pytest.param("not a, b, c, d and " * 200, id="lists"),
    pytest.param("not without never " * 220, id="nested"),
    pytest.param("pain? no " * 450, id="answers"),
    pytest.param("pain, " * 600 + "? no", id="a long question"),
    pytest.param("if I get " * 450 + "?", id="nested ifs"),
    pytest.param("can it " * 580, id="questions"),
    pytest.param("could it could it cause " * 170, id="half questions"),
    pytest.param("what a " * 580, id="what"),
    pytest.param("in 2015, " * 450, id="times"),
    pytest.param("my friend's " * 340, id="friends of friends"),
    pytest.param("I read " * 580, id="stories"),
    pytest.param("always " * 580, id="always"),
    pytest.param("since i was since then " * 170, id="since"),
    pytest.param("no fever\n" * 450, id="lines"),
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    """Counted in looks at a word, so that a slow machine does not fail it."""
    counted = Counted(tokens_of(clean(text)))
    for find in (denied, answered_no):
        assert all(0 <= index < len(counted) for index in find(cast("Tokens", counted)))
    assert counted.looks <= 400 * len(counted)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_read(text: str) -> None:
    reading = read(clean(text))
    assert len(reading.why) == len(reading.tokens)
