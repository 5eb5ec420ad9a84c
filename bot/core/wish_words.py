"""The kinds of words that wishes are made of (`wish_kinds.py`); all normalised."""

from bot.core.text import words


def kind(*texts: str) -> frozenset[str]:
    """The words of `texts`."""
    return frozenset(word for text in texts for word in words(text))


SMALL = kind(
    "a an the this that these those it its is am are be been being was i me my mine we us our you",
    "your and or but so to of for from with in into on at by as please pls thanks thank hi hello hey",
    "ok okay oh well now then just really actually very can could would will do does have has got",
    "like id im ill sorry yes lol haha x xx xxx here there kindly anyway again all dear sir madam",
    "good morning afternoon evening moment",
)
TREATMENT = kind(
    "pain pains painful hurt hurts hurting sore soreness ache aches aching achy stiff stiffness",
    "tender swollen swelling swell bruise bruises bruised bruising blood bleed bleeding lump bump",
    "itch itchy numb tingling tingly cramp cramps twitch twitches twitching jump jumping spasm knot",
    "knots tight muscle muscles tendon nerve bone skin foot feet heel heels calf calves leg legs shin",
    "shins ankle ankles toe toes arch sole soles achilles knee back hip body needle needles needled",
    "needling treatment session sessions appointment plaster plasters run running walk walking gym",
    "swim swimming shower bath sauna drive driving car bike cycle cycling work working job sport",
    "sports football training race exercise exercises stretch stretches stretching raises massage",
    "roller ice heat hot cold pack shoes boots insoles socks tablet tablets pills paracetamol",
    "ibuprofen aspirin alcohol beer wine pint drink drinking coffee pregnant pacemaker diabetes",
    "diabetic allergic allergy cost price book booking cancel better worse heal healing normal safe",
    "dry",
)
"""With one of these a message is about the patient, not about the chat."""

MAIL = kind(
    "message messages messaging text texts texting mail mails email emails reminder reminders",
    "notification notifications update updates alert alerts checkins sms writing",
    "sending contacting bothering pestering spamming",
)
SEND = kind(
    "write text message contact mail email send texting messaging writing sending contacting",
)
CEASE = kind(
    "stop quit end cease halt pause mute enough unsubscribe remove delete rid block silence cancel",
)
START = kind(
    "start restart resume begin continue renew reactivate resubscribe subscribe unmute back again",
)
ROBOT = kind(
    "robot bot chatbot machine computer ai program programme software automated automatic algorithm",
    "app chatgpt gpt siri alexa bots robots machines",
)
PERSON = kind(
    "person people human humans someone somebody anyone anybody staff team podiatrist doctor",
    "receptionist reception desk nurse worker agent operator manager member clinician secretary",
)
SPEAK = kind(
    "speak talk chat talking speaking chatting ring call phone reach bell reply answer conversation",
    "contact",
)
ASK = kind(
    "want need wish prefer rather like can could may let get give put pass transfer connect have able",
)
LANGUAGES = kind(
    "spanish french polish german italian portuguese romanian arabic urdu hindi punjabi bengali",
    "gujarati tamil ukrainian russian turkish chinese mandarin cantonese vietnamese thai korean",
    "japanese dutch greek czech slovak hungarian lithuanian latvian bulgarian serbian croatian",
    "albanian somali swahili farsi persian dari pashto kurdish hebrew welsh irish gaelic gaeilge",
    "swedish danish norwegian finnish tagalog filipino malay indonesian nepali amharic tigrinya",
)
OWN_NAMES = kind(
    "espanol castellano deutsch francais polski polsku italiano portugues turkce romana romaneste",
    "russki arabi magyar nederlands cesky slovensky hrvatski srpski shqip lietuviu latviesu svenska",
    "dansk norsk suomi ukrainsku",
)
"""Of languages, in themselves; what stands beside them is not English."""
THANKFUL = kind(
    "thank thanks thx ta cheers appreciate appreciated grateful gratitude bless legend star lifesaver",
    "helpful angel gem",
)
GREETING = kind(
    "hi hello hey hiya heya hullo hallo yo howdy greetings morning afternoon evening alright",
)
HOW_ARE_YOU = kind("you things going form life craic tricks keeping")
ABOUT_MAIL = MAIL | kind(
    "any anymore more daily every day list service number chat bot clinic how get getting me off out up",
    "stuff things forever good switch turn keep would not want name from them receive receiving longer",
    "ever make anything something else wish",
)
"""What may stand beside a wish about messages."""
ABOUT_ROBOTS = PERSON | kind(
    "real or not some kind sort one talking speaking chatting texting who what other end true only name",
    "another answering writing reading replying behind",
)
"""Beside the question who is writing."""
WITH_LANGUAGE = kind(
    "speak speaks talk talks write read reads know knows answer get switch change translate translated",
    "version versions chance way any anything something else other another language languages english",
    "small little bad poor not understand possible easier better mother mum mam father dad wife husband",
    "gran granny son daughter she he her him they only info also instead prefer want need available say",
    "give send how if",
)
"""Beside the name of a language."""
WITH_THANKS = THANKFUL | kind(
    "one lovely brilliant perfect super grand fab fantastic amazing wonderful awesome excellent sound",
    "class great sorted nice sweet mate mates love pal bud buddy lads guys folks team everyone everybody",
    "hun million mil bunch heaps tons loads lot much many so help helped kind kindness time quick fast",
    "reply answer answers information info advice useful wanted know needed what god bless aw ah ur such",
    "really thats life saver friend clinic doctor appreciate too ever explaining letting telling sorting",
    "day evening weekend back getting job understood noted see later bye",
)
"""Beside thanks."""
WITH_GREETING = GREETING | kind(
    "everyone everybody anybody anyone someone somebody team clinic folks lads guys bud buddy pal mate",
    "love hun friend doc doctor nurse podiatrist boss ye yous both how things hows going today day name",
    "long time no see old nice meet doody thing working people home happy monday friday weekend hope",
    "keeping form life craic return me back",
)
"""Beside a greeting."""
