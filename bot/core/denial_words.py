"""The words that tell what a "no" takes back, and what it does not (`denial.py`); all normalised."""

from bot.core.tokens import SMALL_WORDS
from bot.core.wish_words import kind

BODY = kind(
    "leg legs calf calves shin shins thigh knee ankle ankles foot feet heel toe toes arm arms hand hands finger",
    "fingers face mouth lip lips tongue throat eye eyes chest back neck shoulder head stomach tummy belly skin groin",
    "muscle hamstring bum hip jaw cheek",
)
STATES = kind(
    "swollen hot red warm hard tight numb cold blue white purple grey gray black pale weak floppy dizzy faint",
    "breathless",
    "wheezy sick ill unwell feverish shivery clammy confused drowsy sleepy painful sore tender throbbing shiny puffy",
    "itchy lumpy bruised bleeding infected oozing weeping pregnant diabetic suicidal unconscious unresponsive dead",
    "bigger larger fatter thicker huge dark angry spreading droopy slurred tingly heavy stiff asleep limp bad",
)
"""How a body or a part of it is: with these, words state something."""
THINGS_TOO = kind("bleeding throbbing oozing weeping spreading faint")
"""States that are things as well: "no pus, bleeding or throbbing"."""
VERBS = kind(
    "is isnt are arent was were has hasnt had feels felt looks looked seems keeps kept went goes gone got gets hurts",
    "hurt started starts came comes swelled burns throbs aches aching cant wont cannot im ive its hes shes theyre",
)
SUBJECTS = kind("i im ive id my he hes she shes we were they theyre you it its this that there these his her our")

NEGATED_VERBS = kind("isnt arent wasnt werent hasnt havent hadnt dont doesnt didnt")
CUES = NEGATED_VERBS | kind("no not without never nor neither denies denied zero non")
NEGATIONS = NEGATED_VERBS | kind("not never nobody cant couldnt wouldnt shouldnt cannot")
"""Before another "no" they turn it round…"""
CLAIMED = kind("say saying said claim claiming claimed tell telling told true right deny denying")
"""…next to it, or with one of these between."""
OTHERWISE = frozenset((("ruled", "out"), ("negative", "for"), ("free", "of"), ("free", "from"), ("absence", "of")))
"""Denials in two words."""
NOUN_CUES = kind("no without never nor neither denies denied zero have has had got get any")
"""After these a list is of things ("no fever, chills"), after others of states ("not red, hot")."""
DOUBT = kind(
    "only just merely simply purely sure certain convinced positive clear think thinking thought know knowing believe",
    "reckon suppose guess expect expecting imagine fancy mean understand idea doubt wonder matter mind joke joking",
    "kidding lie lying messing exaggerating exaggeration rush hurry bother worry worries worried offence panic funny",
    "dramatic rude silly one way need like remember recall realise realize realised mention mentioned say said tell",
    "told want much long gonna going trying tryna realising care fuss complain complaining word lets surprised",
    "surprising enough joy luck lightly point",
)
"""Doubt ("not sure"), politeness ("no rush"), and what was not told or noticed are no denials of what follows."""
FAILING = kind(
    "stop stopping stopped settle settling settled ease easing eased clear clearing cleared disappearing fade fading",
    "faded shift shifting shifted budge budging budged heal healing healed close closing closed dry drying",
    "clotting slow slowing respond responding answer answering wake waking breathe breathing move moving talk talking",
    "speak speaking making make work working help helping helps helped touch touching touches touched let lets letting",
    "right normal well good great ok okay alright fine better easier improving improve improved improvement smaller",
    "less go goes gone going getting able enough passed pass peed weed urinated coming come eat eating drink drinking",
    "sleep sleeping slept walk stand lift bend cope coping bear bearable focus concentrate functioning relieve",
    "relieved",
    "subside subsiding reducing shrinking down leaving leave quit quitting awake conscious alive responsive steady",
    "coherent",
    "aware loo toilet mine herself himself myself movin closin kickin wakin stoppin answerin breathin opened opening",
    "wake woken back",
)
"""What has not stopped, healed or answered is a sign of its own, and takes nothing else back."""
LOST = kind(
    "relief improvement change difference rest sleep strength power control memory appetite energy pulse feeling",
    "sensation movement breath air response reply urine wee pee end cure use reason warning explanation recollection",
    "break gap pause let doubt apparent obvious choice luck idea clue joke good help kicks room",
)
"""Nobody denies having had these: what follows "no relief from" is there."""
TROUBLE = kind("problem problems probs trouble troubles difficulty difficulties issue issues")
NOTICED = kind("notice noticed see seen spot spotted find found")
HURTING = kind(
    "hurt hurts ache aches aching throb throbs throbbing itch itches itching bleed bleeds bled bleeding swell swells",
    "swelled swollen swelling smell smells smelling burn burns burning sting stings stinging faint fainted fainting",
    "collapse collapsed collapsing vomit vomited vomiting cough coughed coughing bruise bruised bruising leak leaked",
    "leaking fall fell fallen hit bang banged lose lost bite bit develop developed experience experienced suffer",
    "suffered spread spreads spreading grow grows growing ooze oozing weep weeping spurt spurting drip dripping",
    "shaking",
    "shake shook wheeze wheezing wheezy shivering sweating twitching limping limp slur slurring drooping worsening",
    "worsen paining pain hurting tingle tingling cramp cramping black blacked keel keeled require break broke bother",
    "cry crying peel peeling pulsing dying drowsing vomitting puking throw threw cause caused causing harm scratch",
)
"""What bodies do: "doesn't hurt" denies it. Any other "doesn't" or "not …ing" tells of what somebody cannot do."""
VERB_CUES = kind("dont doesnt didnt havent hasnt hadnt")
TURNED = kind("gone go going goes went turned turn become became")
THINGS = kind(
    "fever fevers temperature chills shivers sweats pus discharge gunk smell redness swelling heat warmth pain pains",
    "ache",
    "bleeding blood bruising bruise bruises rash hives itching itch tingling cramp cramps throbbing oozing fainting",
    "vomiting",
    "nausea headache headaches confusion cough coughing wheeze wheezing palpitations lump lumps bump bumps spots",
    "blisters",
    "cuts sores wounds sore wound infection clot clots fits seizures blackouts falls slurring drooping droop symptoms",
    "pins",
    "needles breath colour color streaks lines trouble problems issues bother twitching limp limping faints leaks",
    "nothing",
)
"""What a list without "or" may name: "no fever, chills, redness"."""
STILL_GOING = kind(
    "stopping easing slowing improving healing settling going subsiding letting reducing shrinking fading"
)
"""Within what is denied, these turn it round: "no sign of the bleeding stopping"."""
FILLERS = SMALL_WORDS | kind(
    "any even been being got had have having feel feels felt feeling get getting seem seems to yet fully properly",
    "completely entirely all particularly especially exactly actually ever really some be look looks looking keep",
    "keeps start started",
)
ENDS = kind(
    "but however except excepting just though only yet although because cos coz cuz bc cause since as when while if so",
    "then also plus still now with without i im ive id he hes she shes we they theyre you this that it its there",
    "these me after until till unless instead apart besides other than bar other otherwise well right good great",
    "better",
    "normal fine ok okay myself himself herself yes nobody anyway again today what which who how why where",
)
PREPOSITIONS = kind("in on of around near at under to from by round over inside behind down up along about for have")
LIKE = kind("this that such so as")
UNLESS_BEFORE = kind("before until till til")
UNLESS_WAS = UNLESS_BEFORE | kind("yesterday earlier morning night first initially previously")
NOT_ABLE = kind(
    "cant couldnt wont unable not never hardly barely impossible dont doesnt didnt isnt no cannot struggle struggling",
    "hard",
)
NO = kind("no none nope nah nil na neither negative never zero 0 not nothing")
PLAIN_NO = NO - kind("nothing never neither not")
NO_GOES_ON = kind(
    "thanks thank at not never none nothing i im ive he she it its there they we my issues problems sign luckily mate",
    "but",
    "just only though nope",
)
ABLE = kind("can could able")
WELL = FAILING | kind("awake conscious alive feel")
"""A "no" to a question with these is no comfort: "Is she breathing? No", "Can you lift it? No"."""
UNWELL = TROUBLE | kind("short shortness hard cant wont not isnt arent couldnt struggling pain no never without")
FELT = kind("swelling lump lumps heat warmth bump bumps hardness pain difference")
ASKED = kind("is are was does do did has should could would")
"""With a "not" behind them at the beginning of a question they expect a yes: "is it not infected?"…"""
REASSURED = kind("ok okay normal to usual safe alright fine if that")
"""…but with one of these between they do not: "is it normal not to…"."""
OF_A_PART = PREPOSITIONS | STATES | FILLERS | BODY | kind("or nor his her the left needled")
"""After these a part of the body belongs to what is denied: "no pain in my calf"."""
NEAR = 6
"""So many words on what carries a denial's meaning has to stand."""
LIST = 16
"""No denial reaches further than so many words."""
QUESTION = 14
"""So many words before a "no" may be the question that it answers."""
