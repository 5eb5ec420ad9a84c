"""Turns of phrase that tell whether words are said of the patient here and now (`borders.py`).

They are looked for in sentences of normalised words. None repeats anything without a small bound.
"""

import re
from datetime import UTC, datetime

from bot.core.denial_words import BODY
from bot.core.tokens import SMALL_WORDS
from bot.core.wish_words import kind


def _any(*turns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(turns)})\b")


_THIS_YEAR = datetime.now(UTC).year
"""When the program was started. Over New Year the old year counts as now until the next start, which errs on the safe
side."""
_PAST_YEARS = "|".join(map(str, range(1940, _THIS_YEAR)))
_BODY = "|".join(sorted(BODY))
_FAMILY = (
    "husband|wife|hubby|missus|partner|boyfriend|girlfriend|fiance|son|daughter|lad|boy|girl|kid|kids|child|children"
    "|baby|mum|mam|mom|ma|mother|dad|da|father|parents|brother|sister|gran|granny|nan|nana|grandma|grandad|grandpa"
    "|grandmother|grandfather|mother in law|father in law|sister in law|brother in law|in laws"
)
_OTHERS = (
    "friend|friends|mate|mates|pal|pals|neighbour|neighbours|neighbor|cousin|cousins|colleague|colleagues|coworker"
    "|workmate|uncle|uncles|aunt|aunts|auntie|aunty|nephew|niece|boss|flatmate|housemate|roommate|hairdresser|coach"
    "|teacher|team mate|teammate|postman|granddaughter|grandson"
)
_PEOPLE = f"{_FAMILY}|{_OTHERS}"
_FOLK = (
    "guy|bloke|fella|fellow|chap|lad|girl|man|woman|lady|person|footballer|patient|customer|runner|player|hero|teacher"
)
_TREATMENT = (
    "session|sessions|treatment|treatments|appointment|appointments|appt|needling|needles|first|next|second|form|slot"
    "|file|booking|visit|leaflet|physio|therapist|question|record|records|notes|own|curiosity|information|info|english"
    "|gym|work|club|church|office|school|street|village|country|class|team|pub|town"
)
_DONE = "session|sessions|treatment|treatments|appointment|appointments|needling|needles|it done|slot|acupuncture"
_SYMPTOM = (
    "pain|pains|ache|swelling|bleeding|blood|lump|bump|bruise|rash|redness|numbness|tingling|weakness|tightness|heat"
    "|fever|cramp|throbbing|itch|itching|mark|spot|wound|hole|needle|headache|breathlessness|pressure"
)
_COUNT = r"(?:\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty|forty|fifty|sixty)"

_CAUSE = (
    "cause|causes|lead|give|trigger|puncture|pop|happen|result|set|collapse|damage|damages|hit|break|snap|make|pierce"
    "|touch|kill|infect|bring|start|introduce|burst|get stuck|spread"
)
HARMLESS = _any(
    r"(?:fine|well|good|grand|ok|okay|alright|clear|healed|gone|normal|better|great|calm|none|nothing|soft|sound|class"
    r"|perfect|not|happening|recovered|wrong|symptoms|trouble|bother|strong|booked)(?: \w+)? (?:right |just )?(?:now"
    r"|today)",
    r"now(?: \w+){0,2} (?:fine|good|ok|okay|grand|well|clear|healed|gone|recovered|better|normal|great|nothing|calm"
    r"|perfect|peace|sound)",
    r"(?:never|nothing|not|no|none|hasnt|havent|fine|ok|well|clear|good|grand"
    r"|sound)(?: \w+){0,6}? (?:ever )?since(?: then)?(?! (?:the|my|your|you|yesterday|last|this|treatment|needling"
    r"|session|mon|tue|wed|thu|fri|sat|sun|i|we|it|monday|tuesday|wednesday|thursday|friday|saturday|sunday|a|about"
    r"|when|lunch|breakfast|getting|having|being)\b)",
    r"(?:nothing|none|fine|never)(?: \w+)? since then|since then (?:nothing|fine|never|no|not|im|hes|shes|all)",
    r"(?:can|may|could|should|will|do|am|are|would|is) (?:i|he|she|we|you|it|they|my (?:mum|dad|son|daughter)) still",
    r"still (?:ok|okay|alright|all right|fine|safe|able|allowed|suitable|come|have it|get|book|needed|a client)",
    r"(?:thanks|thank you|run|running|walk|walking|train|training|exercise|swim|swimming|come|needled|play|book|start"
    r"|out|visit|call|ring|gym|driving|drive|work) again",
    r"(?:come in|coming|booked|due|appointment|appt|session|visit) (?:\w+ )?(?:today|tonight|this (?:morning"
    r"|afternoon))",
    r"(?:ive|have|has) never \w+(?: \w+)?|(?:im|hes|shes) (?:not|never)",
    r"would (?:the |dry |this )?(?:needling|needles?|acupuncture|treatment|it) (?:ever )?(?:make|cause|give) my \w+",
    r"(?:to|by|with) (?:the )?needles?(?! (?:mark|site|spot|hole)s?\b)",
    r"on (?:\w+ )?(?:tablets|thinners|warfarin|apixaban|medication|inhalers?) (?:ever )?since",
)
"""Words of now that tell of no danger now; taken out before now is looked for."""
NOW = _any(
    "now|still|today|tonight|currently|keeps?|at the moment|this (?:morning|afternoon|evening|week)|yesterday",
    r"last night|(?<!ever )since(?! (?:childhood|birth)\b)",
)
RETURNED = _any(
    "again|(?:came|come|coming|comes|its|is) back|returned|returning|recurr\\w{1,4}|(?:same|similar) (?:thing|feeling"
    "|pain)|(?:just )?like then|like (?:this|that) (?:one|time)|this (?:is|feels|seems)|another one|flared"
)
HERE = _any(
    rf"(?:my|mine) (?!(?:{_TREATMENT}|{_PEOPLE}|mothers|dads|mums)\b)|mine (?:is|started|has)|like mine",
    rf"(?:my|our|the|his|her|their) (?:\w+ )?(?:{_PEOPLE}) (?:has|have|keeps?|cant|wont|isnt|feels|looks|is (?!asking"
    rf"|worried|wondering|curious|nervous|scared|booked|coming|due|afraid"
    r"|thinking|a\b|on\b|the\b|going|interested|fine|well))",
    rf"(?:my|our) (?:\w+ )?(?:{_FAMILY}) (?:fainted|collapsed|passed out|went|started|fell)",
    r"im (?!(?:sound|just|only|asking|curious|wondering|interested|worried|scared|nervous|booked|coming|going|due|new"
    r"|thinking|considering|not|never|a|fine|grand|well|ok|okay|good|perfectly|terrified|afraid|writing|filling"
    r"|interested|sure|paranoid|anxious|on|in|asking|\d+|having (?:it|my|the|a|another|needling|acupuncture)"
    r"|getting (?:it|my|needled))\b)",
    rf"ive (?!(?:booked|read|heard|never|not|no|only|seen|a|been (?:told|reading|wondering|googling)|{_COUNT}|(?:had"
    rf"|got|have|done) (?:my|a|an|the|{_COUNT})? ?(?:\w+ )?(?:{_DONE}))\b)",
    rf"(?<!if )(?<!should )(?<!can )(?<!could )(?<!do )(?<!would )(?<!may )(?<!will )i (?:have"
    rf"|had) (?!(?:{_COUNT} )?(?:my |the |any |to |not|never|no |none|been (?:told|reading)|\w+ )?(?:{_DONE}|question"
    rf"|worry|phobia|fear)\b)",
    r"(?<!how do )(?<!how would )(?<!if )i (?:feel|felt)(?! (?:fine|well|perfectly|completely|totally|good|ok|great"
    r"|no))",
    rf"(?:hes|shes|theyre) (?!(?:just|only|booked|asking|coming|due|not|fine|grand|well|worried|scared|{_COUNT})\b)",
    r"its (?!(?:my|for|just a|only a|possible|true|safe|ok|normal)\b)",
    rf"(?:this|that|these|the|with) (?:\w+ )?(?:{_SYMPTOM})s?",
    rf"(?:{_CAUSE}|cause|lead to|trigger|do|happen from|normal for) (?:this|that|these|it|all this|such)$|(?:cause"
    rf"|trigger)s? "
    r"(?:this|that|these|my|it)",
    r"(?:this|that) (?:is|could|might|be|feels|looks)|(?:is|are|could|can|would|was|like) (?:this|these)",
    rf"(?:{_BODY}) (?:is|are|feels?|looks?|has|hurts?|keeps|aches|throbs|wont|cant)(?! (?:fine|ok|grand|good|normal"
    rf"|well))",
    "i (?:cant|couldnt|wont)|i keep|i get (?:this|these|a)|hurts|already|(?:for|past|last) (?:the )?(?:last "
    r"|past )?(?:\d+|two|three|few|couple) (?:days?|hours?|nights?|mins?|minutes?)",
)
"""A body here and now: then a question is about it, whatever its form."""
THEIRS = _any(rf"(?:his|her|their) (?:\w+ )?(?:{_BODY}|{_SYMPTOM})", "started|woke")
"""The same of somebody else, or of nobody in particular: in a story it proves nothing."""
MINE = _any(
    r"(?:ive|i have|i) (?:got|had|have|been having|having|get|feel)? ?(?:it|this|that|one|some|those|these|them) (?:now"
    r"|since|for|today|all|right|yesterday|on|at|badly|too|all the time)",
    "(?:it|this|thats?) (?:just )?(?:started|happened|came on|is what i|what i|happening to me|happens to me) ?(?:since"
    "|today|yesterday|now|have|got|last night|this|after|an hour)?",
    "(?:because|as|cos|cause) i(?:ve)? (?:have|got|had|get|feel|am having)|asking because i|ive got (?:it|this|that"
    "|both)",
    "i think (?:i|ive|im|it|thats) \\w+",
    r"mine (?:is|are|has|have|went|started|feels|looks)(?! (?:\w+ )?(?:fine|ok|okay|normal|grand|good|well|not|never"
    r")\b)",
    rf"(?:my|his|her|the|one|left|right) (?:\w+ )?(?:{_BODY}) (?:hurts|aches|throbs|(?:is|feels|looks|keeps|went|gone"
    rf"|has)"
    r"(?! (?:\w+ )?(?:fine|ok|okay|normal|grand|good|well|clear|healed|always|never|no|not)\b))",
)
"""Said after a question that seemed to be in general: it was not."""

_NEEDLES = (
    "needles?|needling|acupuncture|treatment|it|this|you|they|that|session|people|patients|someone|somebody|anyone"
)
_HAPPENS = (
    "gets?|develops?|starts?|notices?|swells?|faints?|collapses?|bleeds?|happens?|goes|becomes?|turns?|were to|was to"
    "|should|ever|passes out|pass out|keeps?|suddenly|feels?|blacks out|snaps?|breaks?|remains?|spurts?"
)
_HAPPENED = (
    "got|started|noticed|swelled up|swelled|swole up|blew up|puffed up|flared up|fainted|collapsed|bled|happened"
    "|passed out|had an?|went"
)
"""May be told of what has happened, but after "what if"."""
WHETHER = kind(
    "sure know knows knowing wonder wondering wondered ask asking asked see check tell unsure understand decide idea",
    "say",
    "out certain clue matter ok okay normal fine bad serious worried worry concerned question is as confirm advise",
)
"""Before "if" these ask whether it is so: "not sure if it feels hot"."""
IN_GENERAL = _any(
    rf"(?:can|could|does|do|would|will|might|may)(?: (?!have\b"
    rf"|be\b)\w+){{0,3}}? (?:{_NEEDLES})(?: (?!have\b)\w+){{0,4}}? (?:{_CAUSE})(?! up\b)",
    r"(?:can|could|does|do|would|will|might|may)(?: (?!have\b)\w+){1,6}? (?:cause|lead to|trigger|puncture|set off"
    r"|bring on|result in)",
    r"(?:can|could|might|may|would|will) (?:i|you|he|she|they|it)(?: \w+)? (?:get|develop|suffer|faint|pass out|bleed"
    r"|collapse|catch|die|react|lose|black out|swell|end up (?:with|in|having))",
    r"(?:can|could|might|may|do|would|does|will) (?:people|patients|folk|someone|somebody|anyone|anybody|one|a person"
    r"|many|clients|anything)(?: \w+)? (?:get|have|develop|suffer|faint|pass out|bleed|collapse|catch|die|react"
    r"|lose|go)",
    "(?:is|was) it (?:even )?(?:possible|common|likely|true|dangerous)|is there (?:a|any|much|some)(?: \\w+)? (?:risk"
    "|chance|danger)|(?:risks?|the chances?|chances|danger|likelihood|odds) of|(?:is|are)(?: \\w+){1,4} (?:a risk"
    "|common|likely|possible|dangerous)",
    r"(?:what|which|whats|know|recogni[sz]e|list|look out|look for|watch for|are there any)(?: \w+){0,5} (?:signs?"
    r"|symptoms?) (?:of|for)",
    r"(?:what|which) (?:\w+ )?(?:signs?|symptoms?)|difference between|what(?:s| is| are| does) (?:an? )?(?!(?:this|that"
    r"|it|the|my|i|he|she|going|wrong|happening|up|causing|best)\b)\w+(?: \w+)?(?: mean)?$",
    r"(?:do|can|could|would|will) (?:people|patients|folk|most people)",
    r"is (?:\w+ ){1,4}something (?:that |which )?happens",
    r"what (?:happens|would happen|will happen) (?:if|when) (?:ive|i (?:have|get|got|was|were))",
    r"how (?:would|will|do|can|could|does|should) (?:i|you|we|one|anyone|somebody|someone|a \w+) (?:know|tell"
    r"|recogni[sz]e|spot|notice)",
    rf"(?:needles?|needling|acupuncture) (?:can|could|may|might) (?:also )?(?:{_CAUSE}|make)|how much \w+ would be",
    r"how (?:common|likely|often|rare|many people|risky|dangerous)",
    r"should (?:i|we|you) expect (?!(?:\w+ ){0,10}(?:this|these|such|so|after|afterwards|later|days?|hours?|weeks?)\b)",
    r"(?:is|are|was)(?: \w+){1,4}? (?:ever )?(?:a|one of the|a known|a common|a possible|an? usual) side effects?",
    r"has (?:a|any) needles? ever|has (?:anyone|anybody|someone|somebody|a patient) ever|do you ever"
    r"|have you ever (?:had|seen|left|lost)",
    r"what (?:would|does|do|might|should|could)(?: \w+){1,8}? (?:look|feel|mean)(?: like)?|what(?: \w+){1,6} (?:feels"
    r"|looks) like|what (?:to|should (?:i|we|you|one)) (?:look|watch)(?: out)? for",
    "what (?:to do|do you do|happens|should (?:i|we|one|you) do|would you do) (?:when|if) (?:somebody|someone|anyone"
    "|one|people|patients|a (?:patient|person|client))",
    "should (?:i|we) (?:be )?(?:worr(?:y|ied)|concerned|scared|afraid) (?:about|of)|need to worry about"
    "|anything to worry",
    "in theory|theoretically|hypothetically|in general|generally speaking|out of curiosity|for future reference"
    "|in advance",
    "(?<!cant )(?<!you )(?<!not )imagine(?! (?:how|my|the|what)\\b)|supposing|suppose (?:i|someone|my|a)|say i (?:got"
    "|get|had)",
    "(?:scared|afraid|worried|paranoid|nervous|anxious|frightened|terrified|panicking|fear|frightens me) (?:of|about"
    "|that) "
    r"(?:i(?:ll| will| would)|ill|getting|fainting|passing|having|catching|ending|it (?:will|would|could|might)) ?",
    r"(?:scared|afraid|worried|paranoid|nervous|anxious|frightened|terrified) (?:i|ill|it|he|she|theyll"
    r"|it will) ?(?:will |would |ll )?(?:get|faint|pass|bleed|collapse|have|end|break|snap)",
    r"(?:think|thinking|thought|thoughts?) (?:about|of) (?:the )?needles?",
    r"do (?:needles|people|patients|they|you) ever|does (?:anyone|anybody|it|that|needling) ever|ever had (?:anyone"
    r"|somebody)",
    "has (?:anyone|anybody|it|that|one|a patient|someone)(?: \\w+)? ever|whats the (?:risk|chance|first sign)",
)
"""Asked of what can happen to anybody."""
WOULD = _any(
    "(?:what|who|when) would|what ought|(?:if|in case) (?:someone|somebody|anyone|anybody)s?"
    "|would (?:i (?:need|have|know|be able)|that be|it be|this be|you (?:want|need|see))"
)
_IF_WHO = (
    r"(?:(?:i|you|he|she|we|they|it|one|someone|somebody|anyone|a \w+|there)"
    rf"|(?:someone|somebody|anyone|anybody)s? (?:{_BODY})"
    rf"|(?:my|his|her|the|your|our) (?:left |right |whole )?(?:{_BODY}|{_PEOPLE}|bleeding|{_NEEDLES}|pain))"
    r"(?: (?:ever|suddenly|then|really|do|did|also|all of a sudden))?"
)
IF = re.compile(
    rf"(?:(?<!\w)(\w+) )?\b(?:if|in case|incase) {_IF_WHO} (?:{_HAPPENS}|(?P<told>{_HAPPENED}))\b(?! (?:up|out|off|in"
    rf"|to|on|into|home|back|from|there|walking|near|over|worse|any worse)\b)"
)
"""What may yet happen: "what should I do if my calf swells". Not "if I get up", not "if it gets worse"."""
ASKS_ON = kind("like such especially for from after when with in if during later just eg ie and")
ASKS = _any(
    "what|who|whom|whats|how|should i|do i|shall i|can i|could i|would i|would that|may i|will you|do you|would you"
    "|is it|will it|in case|incase|must i|does it|imagine"
)

_LIFE = (
    "child|kid|teenager|teen|baby|toddler|boy|girl|lad|lass|student|youngster|schoolboy|schoolgirl|infant|bairn|wean"
)
_AGE = (
    r"(?:about |around |only |just )?(?:\d{1,2}(?! (?:min|mins|minutes|hours|weeks|days)\b)|six|seven|eight|nine|ten"
    "|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty)"
)
PAST = _any(
    rf"(?<!since )(?<!since in )(?<!at )(?<!\d )(?:{_PAST_YEARS})",
    r"(?<!the )(?<!since )last (?:year|winter|summer|spring|autumn|christmas|easter)",
    r"(?:years?|yrs?|months|mths|decades|lifetime|donkeys) (?:ago|back)|long ago|ages ago|way back (?:in|when)"
    r"|back in the day|back then|back when|back in (?:school|college|uni|the day)|years before(?: i)?",
    rf"as a (?:\w+ )?(?:{_LIFE})|as a young \w+|when i was (?:an? )?(?:\w+ )?(?:{_LIFE}|little|young|younger|small"
    rf"|wee)",
    rf"when (?:i|he|she) (?:was|were) (?:{_AGE}|at (?:school|uni|college|primary)|in (?:school|college|uni|primary"
    rf"|the army"
    r"|my teens)|pregnant|expecting|carrying|born)",
    r"in (?:my|his|her) (?:teens|teenage years|twenties|thirties|forties|fifties|youth|childhood|\d0s)|in childhood"
    r"|in the (?:fifties|sixties|seventies|eighties|nineties|\d0s)|childhood",
    r"(?:past |medical |family )?history of|used to (?:get|have|suffer|faint|pass out|black out)|(?:i|he|she|we"
    r"|they) used to (?!be (?:able|fine|ok)|it\b|manage|lift|walk|run|do\b)",
    r"previously|in the past(?! (?:few|couple|\d|two|three|hour|day|week|half|month|an? ))",
    r"(?:first|last|previous|earlier|other|second) pregnanc(?:y|ies)|(?:pregnant|carrying"
    r"|expecting) (?:with )?my (?:son|daughter|eldest|youngest|first|second|boy|girl|kids)|with my (?:eldest|youngest"
    r"|firstborn)|when i had my (?:son|daughter|eldest|youngest|first|second|boy|girl|kids|baby|twins)",
    r"^(?:that|the) time i (?:had|broke|gave birth)(?! (?:the|my|it|this|your|needl\w*|acupuncture|treatment)\b)",
    r"(?:i|he|she|we|they|and|mum|dad|nan|gran) once (?:had|got|fainted|collapsed|went|swelled|passed|bled|was|nearly"
    r"|did)",
    r"had (?:it|one|this|that) once(?! (?:i|the|it))|(?:only )?once in \w+$",
    # "I've had a clot before": ever, not a moment ago. "I fainted before" may well be of today.
    r"(?:ive|have|has|hes|shes) (?:\w+ )?(?:had|fainted|collapsed|passed out|blacked out|suffered from)"
    r"(?: (?!this|that|these|those|it|same|never)\w+){0,5} before(?= (?:do|does|is|are|can|could|should|will|would|may"
    r"|am|but|and|so|at|with|in)\b|$)",
    r"(?<!than )(?<!as )(?<!like )(?<!since )before (?:i|he|she|we) (?:ever |first )?(?:came(?: to you| here| in| for"
    r"|$)|started (?:with|treatment|needling|coming|seeing)|met|knew|booked|saw you|found you|found yous|had (?:the|my"
    r"|any|your) (?:needl|treat|session|first)\w*|had needling)",
    r"(?<!than )(?<!as )(?<!like )(?<!since )(?:days?|weeks?|months?) before (?:the|my|any|this|your"
    r"|our) (?:first )?(?:needling|needles|treatment|session|appointment|visit)",
)
NOT_SO_THEN = _any("didnt|wasnt|werent|never|hadnt|no|not|couldnt")
"""With "before I came" these tell that it is so now."""
BEFORE = re.compile(r"\bbefore\b")
GOES_ON = kind(
    "with after where when which who whose from during following due because by at in on for as while so some about",
    "around",
    "long then",
)
WENT_ON = kind("took had got went was were lost spent came hit fell bled needed fainted collapsed ended")
"""A clause that begins with one of these, or with "and" and one of those, goes on with the story before it."""

STORY = re.compile(
    rf"\b(?:someone|somebody|people|who|whose|where|(?:the|a|an|some|one|that|this|in which) (?:\w+ )?(?:{_FOLK}"
    rf"|{_OTHERS}))\b"
)
THEY = kind("he she they his her their the then ended died who whose where which after when with from because so that")
TOLD = re.compile(r"(?:i|he|she|we|they|it) \w")
PRESENT = _any("is|are|am|im|hes|shes|its|hurts|have|has|ive|cant")

_MEDIA = (
    "film|movie|series|novel|book|news|papers?|newspaper|magazine|tv|telly|television|youtube|tiktok|tik tok|facebook"
    "|insta|instagram|reddit|google|internet|radio|online|documentary|programme|program|drama|soap|episode|show|video"
    "|clip|article|post|advert|ad|forum|podcast|headline|website|story|stories|thread|netflix|poster|paper"
)
_SCREEN = (
    "film|movie|series|novel|news|newspaper|newspapers|tv|telly|television|youtube|tiktok|tik tok|facebook|instagram"
    "|reddit|google|internet|documentary|soap|forum|netflix|hospital drama"
)
_HAD = (
    "had|got|gets|lost|died|ended|suffered|went into|came out|nearly|once|passed out|fainted|woke|told|caught|has had"
)
HELP = _any(
    "what (?:do|should) (?:i|we) do|help|ambulance|your (?:needles?|pins?|clinic|waiting room|floor|couch|place|table)"
    "|from (?:my|the) (?:session|treatment)|here|just"
)
"""A story with one of these is none."""
STORY_TIME = re.compile(
    r"…(?: \w+){0,4} (?:last night|yesterday|tonight|today|this (?:morning|afternoon|evening|week))"
)
"""When it was seen or heard, once that is taken out."""
HEARSAY = _any(
    rf"(?:read|reading|reads|heard|hear|saw|seen|came across|googled|see)(?: \w+){{0,4}} (?:{_MEDIA})",
    r"(?:watched|watching|watch)(?: \w+){1,7}? (?:where|about|of|on|with|how)",
    r"(?:i|ive|just|we|she|he|they|mum|dad|nan|wife|husband|have|been|friend|sister|brother|only|always|once"
    r"|i just) (?:read|reading) (?:that|about|of|on|in|online|somewhere|something|how|up|people|stories|needling|dry"
    r"|you can|diabetics|it can|one|some|where)",
    r"(?:heard|hear|hearing|googled|told) (?:of|about|that|someone|somebody|people|stories|loads|horror|it can|you can"
    r"|needling|dry|a lot of|some)(?! (?:my|the|you|i|it|her|his|this|your)\b)",
    rf"(?:on|in|from|off) (?:a |an |the |that |this |one )?(?:{_SCREEN})",
    rf"(?:someone|somebody|people) i (?:know|knew|work with)|(?:{_OTHERS}|brother|sister|in law)s? (?:{_PEOPLE})"
    rf" (?:{_HAD})|(?:{_PEOPLE})s? (?:{_OTHERS}) (?:{_HAD})",
    rf"(?:{_PEOPLE}|{_FOLK})(?: (?:at|from|in) (?:my |the )?\w+)? (?:told|tells|says|said|reckons|swears|thinks|saw"
    rf"|heard) (?:me |us )?(?:that |of |about )?(?:someone|somebody|people|loads|lots|(?:her|his|their|a|one"
    rf"|some) (?:\w+ )?(?:{_PEOPLE}|{_FOLK}))",
    r"(?:a|some|one|this) (?:\w+ )?(?:bloke|guy|lad|fella|fellow|chap|man|woman|lady|girl|person|patient|customer"
    r"|colleague|mate|friend|footballer|runner|player|someone)(?: \w+)? (?:at|in|from|down|on|i) (?:my|the|our|her|his"
    r"|work|church|know|club|gym)(?: \w+)?(?: \w+)? (?:had|got|died|lost|ended|came out|went into|was rushed)",
    r"(?:someone|somebody) (?:at|from|in) (?:my|our|her|his|the|work|church)(?: \w+){0,3} (?:had|got|died|lost|ended"
    r"|came out)",
    rf"my (?:\w+ )?(?:{_PEOPLE}|great \w+) once|urban myth|old wives|horror stor(?:y|ies)",
)

USUAL = _any(
    r"(?<!not )(?<!nearly )(?<!is )always(?! (?:been (?:fine|healthy|well|fit|good|ok|had)|now|at|in|on|there|coming"
    r"|comes|wet|bleeding)\b)",
    r"(?<!diabetic )(?<!warfarin )(?<!thinners )(?<!epileptic )(?<!epilepsy )(?<!type \d )(?:for|these|past"
    r"|last)(?: \w+){0,3} (?:years|yrs|decades)(?! ago)|years now|as long as i can remember|all my life|my whole life"
    r"|since forever",
    r"as (?:per )?(?:usual|ever|always)|like (?:always|usual|every (?:year|summer|winter))|same as (?:ever|always"
    r"|usual)",
    r"(?:same|like (?:this|that)) (?:every|each) (?:year|summer|winter|time)|every (?:summer|winter)|each (?:summer"
    r"|winter)",
    r"just as (?:it|they|he|she)(?: \w+)? (?:always|ever|was|were|has been)|my (?:normal"
    r"|usual)(?! (?:\w+ ){0,2}(?:fits?|seizures?|turns?|ones?|self|dose)\b)|(?:normal|usual) for (?:me|him|her)"
    r"|nothing new|no different (?:than|to|from) (?:usual|normal|before)",
    r"(?<!type \d )(?<!diabetic )(?<!diabetes )since (?:i was (?!in\b|at\b|treated|with)|birth|childhood|born|school"
    r"|\d0s)|born (?:with|that way|like)|long ?standing|long term|chronic(?:ally)?",
    r"(?:i|he|she) gets? (?:\w+ ){1,4}easily",
    r"same (?:as )?before (?:the |i |my )?(?:needling|treatment|session|came)|like (?:it|this|that) before i came"
    r"|since before (?:i|the|my|any)",
)
USUAL_ASIDES = _any(
    r"nothing new|never(?: been)? (?:new|worse|changed|different|any)|no (?:worse|different)|not (?:any )?(?:worse|new"
    r"|different)|(?:hasnt|havent|never|not) (?:got|changed|been|gotten)(?: any)?(?: worse)?",
)
NOT_USUAL = _any(
    "never|new|newly|worse|worsening|worst|sudden|suddenly|today|tonight|first time|different|differently|this time"
    "|more than|not like|but now|this morning|yesterday|last night|bigger than|hour|hours|spreading|tripled|doubled|now"
    "|getting|gone|went|started|woke",
    r"since (?:the|my|you|your|yesterday|last|this|treatment|needling|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday)",
)
ASIDE = SMALL_WORDS | kind(
    "about around some so over in back on at of i was had this that then well long ago maybe perhaps all and only just",
    "once two three four five six seven eight nine ten fifteen twenty thirty forty fifty sixty couple few many now",
    "when",
    "though but probably nearly almost he she " + " ".join(map(str, range(100))),
)
"""A clause that names a time and nothing but these ("In 2015,") speaks of its neighbour."""
SHORT = 4
REFERS = kind("that thats it its they which always same as like nothing normal usual my for since all just no")
"""A short clause that begins with one of these may speak of the one before it: "swollen, always has been"."""
