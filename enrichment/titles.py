"""What a job title says of its bearer: seniority, department, and what part they have in a decision to buy.

A title says something only by words that say it: the written patterns below name the ranks and departments that a title may
speak of, in the words of seven languages. Where it speaks of several, weights of word pieces that were learned from lists of
titles (titles.json; `python -m bench.titles --train`) choose between these. See docs/decisions/0014-job-titles.md.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

MANAGEMENT, DIRECTOR, LEAD, SENIOR, PROFESSIONAL, JUNIOR = "Management", "Director", "Lead", "Senior", "Professional", "Junior"
OTHER = "Other"
DECIDES, INFLUENCES, USES = "Decision maker", "Influencer", "End user"
SIZES = (3, 4, 5)  # of word pieces
LONGEST = 200  # characters of a title that are read

# Patterns meet titles as `plain` leaves them: lower case, no accents, ä as ae.
RANKS = {
    MANAGEMENT: r"""
        \bc[efotmsidprx]o\b|\bcc?[cd]o\b|\bchro\b|\bciso\b|\bchief\b|geschaeftsfuehr|geschaeftsfueh|\bgf\b|vorstand|vorsitz
        |president|praesident|presidente?|\bs?vp\b|\b[ear]vp\b|founder|gruender|mitgruend|inhaber|\bowners?\b|gesellschafter
        |eigentuemer|proprietaire|\bgerante?\b|\bpdg\b|fondat|fundador|titolare|\bduen[oa]\b|propietari|eigenaar|oprichter
        |amministrat(ore|rice) delegat|consejer[oa] delegad|managing partner|unternehmer\b|unternehmerin|entrepreneur|chairman
        |chairwoman|\bchair\b|aufsichtsrat|bestuurder|board member|intendant
        |geschaeftsf(ue|u)er|directeur general
        |director general|direttore generale|algemeen directeur|zaakvoerder|soci[ao].(gerente|manager)|diretor geral
    """,
    DIRECTOR: r"""
        direc?tor|direkt(or|rice)|directeur|directrice|directora|diretor|direttore|direttrice|\bdir\b|prokurist|\bppa\b|\bmd\b
    """,
    LEAD: r"""
        head\b|\bheads\b|leiter|leitung|leitend|\bltg\b|\bltr\b|\bgl\b|\blead\b|hoofd\b|leider\b|teamlead|domainlead|leader
        |\bchef|vorgesetzt|supervis|\bcapo\b|\bjef[ea]\b|responsabile|responsavel|vorarbeiter|meister\b|meisterin\b|dekan\b
        |rektor\b
    """,
    SENIOR: r"""
        senior|\bsr\b|\bsen\b|manag|\bmgr\b|\bpm\b|consult|consulente|advisor|executive|speciali[sz]|spezialist|expert
        |engineer|ingenieur|ingegnere|ingenier[oa]|developer|architect|architekt|coordin|koordin|assistant|responsable|partner
        |administrat|\bchargee?\b|scientist|representative|officer|\bmember\b|planner|strategist|stratege\b|strategin|principal|professional
    """,
    JUNIOR: r"""
        junior|\bjr\b|\bjun\b|assist(en|an)|assitenz|assistenz|sekret|secret|referent|mitarbeit|sachbearbeit|trainee|praktik
        |\binterns?\b|internship|stagiaire|alternant|apprenti|azubi|auszubild|werkstudent|student|volont|analyst|associate
        |aushilf|hilfskraft|becari[oa]|tirocin|stagista|medewerk|absolvent|graduate|entry level|estagiari|aprendiz|lehrling
    """,
}
DEPARTMENTS = {
    "Marketing": r"""
        marketing|\bmarket\b|kommunikation|communicat|comunica|\bpr\b|public relation|relations publiques|\bpresse|\bpress\b
        |oeffentlichkeitsarbeit|\bwerb|(?<!be)(?<!er)werbung|advertis|publicit|pubblicit|publicidad|\bbrand(?!schutz|meister)|\bmesse|(?<!pr)event|evenement|veranstaltung
        |\bfairs?\b|\bsalons?\b|exhibition|campaign|kampagn|content|\bseo\b|\bsea\b|social media|\bmedia\b|medien
        |corporate affairs|mark?t?kom|promotion|copywrit|\bcmo\b|mercadeo|mercadotecnia
    """,
    "Sales": r"""
        sales|vertrieb|verkauf|verkaeuf|\baccount(?!ant|ing)|\bvent(es?|as)\b|\bvendeu|\bvended|commercial|commercieel|kommerz
        |aussendienst|innendienst|kundenberat|vendite|venditore|verkoop|\bvendas\b|akquis|\bcso\b|\bcro\b|comercial
    """,
    "Information Technology": r"""
        \bit\b|\bitk\b|\bits[mb]\b|ciit|\bict\b|\bti\b|\bedv\b|crm|\bsap\b|digital|informati[kcq]|informati(on|ek)|software
        |developer|entwickler|programmer|programmier|system|application|applikation|anwendung|\berp\b|\bdata\b|(?<!sol)daten|\bbi\b
        |cloud|cyber|network|netzwerk|\bcio\b|\bcto\b|\bweb|front.?end|back.?end|full.?stack|devops|technolog|infrastru
        |e-?commerce|administrator|administrateur|\bdba\b|sharepoint|dynamics|computer|desarrollador|sviluppatore|ontwikkelaar
        |developpeur|desenvolvedor
    """,
    "Business Development": r"""
        business|geschaeftsentwicklung|unternehmensentwicklung|developpement commercial|desarrollo de negocio
    """,
    "Project Management": r"project|projekt|\bprojets?\b|proyecto|progetto|projeto|\bpmo\b|scrum|\bagil|program(me)? manag",
    "Consulting": r"""
        consult|(?<!steuer)berater|beratung|\bcoach|trainer|\bconseil|consulente|advisor|advisory|adviseur|\basesor
    """,
    "Administrative": r"""
        assist|assitenz|sekret|secret|office manag|administrati(on|ve|f|vo|va)\b|verwaltung|empfang|reception|back.?office
        |bueroleit|buerokauf|segretar|secretari
    """,
    "Purchasing": r"""
        einkauf|einkaeuf|purchas|procure|\bbuyer|sourcing|beschaffung|\bachats?\b|acheteu|acquist|compras|comprador|inkoop
    """,
    "Customer Support": r"""
        support|kundenservice|kundendienst|kundenbetreu|customer (service|care|success)|service ?desk|help ?desk|call ?cent
        |contact ?cent|klantenservice|servicio al cliente|service clients?
    """,
    "Human Resources": r"""
        \bhr\b|\bhrbp\b|\bchro\b|human re|personal(?!(ly)? (assist|train))|personnel|recruit|rekrutier|talent acq
        |ressources humaines|\brh\b|recursos humanos|risorse umane|people (manag|oper|partner|&|and|cult)|payroll
    """,
    OTHER: r"operations",
}
SAME = (  # what stands for something else than its words say, and what is short for longer words
    (r"\bc\.\s?([a-z])\.\s?o\b\.?", r"c\1o"),
    (r"\bv\.\s?p\b\.?", "vp"),
    (r"\bg\.m\.", "general manager"),
    (r"\b(product|process|data|service|system|application|solution|produkt|prozess)[- ]?owners?\b", "specialist"),
    (r"\b(general|staats)sekret\w*|\b(secretary general|general secretary|secretary of state)\b", "president"),
    (r"\bchief of staff\b|\bvorstandsbuero\b|\bceo office\b", "advisor"),
    (r"\bmembers? of the (\w+ )?board\b|\bboard of directors\b", "vorstand"),
    (r"^\W*((senior|equity|founding|general) )?partner(in)?\W*$", "managing partner"),
    (r"\b(hr|people) (business )?partner(in)?\b", "hr manager"),
    (r"\btalent acquisition\b|\brecrutement\b|\bseleccion de personal\b", "recruiting"),
    (r"\s(@|at|bei|chez|presso|bij)\s[^/|,;]*", " "),  # what a company is called tells nothing of its people
    (r"\bdir\b\.?", "director"),
    (r"\bsr\b\.?", "senior"),
    (r"\bjr\b\.?", "junior"),
    (r"\bmgr\b\.?|\bgerente\b|\bgestora?\b|\bgestionnaire\b", "manager"),
    (r"\bmgmt\b\.?", "management"),
    (r"\bmktg?\b\.?|\bmarketeer\b", "marketing"),
    (r"\bltr\b\.?", "leiter"),
    (r"\bltg\b\.?", "leitung"),
    (r"\bass(is)?t\b\.?", "assistant"),
    (r"\bexec\b\.?", "executive"),
    (r"\bops\b", "operations"),
    (r"\bsoporte\b|\bsupporto\b|\bsuporte\b", "support"),
    (r"\bbiz ?dev\b", "business development"),
)
PAST = re.compile(r"\b(ex|former|formerly|retired|ehemals|ehemalige[rn]?|anciens?|ancienne|a\. ?d\.|i\. ?r\.)(?=\W|$)")
APART = re.compile(r"\s*[/|,;()•·–—]\s*|\s+-+\s+|\s*\.\.\.\s*")  # between two titles of one person
HELPING = re.compile(
    r"(?:\b(?:executive|personal|persoenlicher?|team|management|chief|project|projekt)\W+)*"
    r"\w*(?:assist|assitenz|sekret|secretar)\w*\b(?!\s+(?:vp|vice|director|manager|professor|general|secretary))"
)
AND = re.compile(r"(?:\bund|\band|\bet|\by|\be|\ben|&|\+)\s*$")
SMALL_LEAD = re.compile(
    r"team|projekt|project|projet|proyecto|gruppen|schicht|shift|squad|tech(nical)? lead|bauleit|meister|vorarbeiter"
    r"|lead (developer|engineer|consultant|designer|analyst|architect|scientist)"
)
RUNS_IT = re.compile(r"(general|country) manager|managing (director|partner)|geschaeftsleit|prokurist|direction generale")
BEGINNER = re.compile(r"student|junior|trainee|praktik|intern\b|azubi|auszubild|stagiaire|alternant|becari")
WORD = re.compile(r"[^\W\d_]+")
LONG_WORD, LATIN = re.compile(r"[^\W\d_]{3}"), re.compile(r"[a-z]")


@dataclass(frozen=True)
class Title:
    """What a title says: "" where it says nothing at all; `said` is the word that told, "" where none did."""

    seniority: str = ""
    department: str = ""
    decision_maker: str = ""
    seniority_said: str = ""
    department_said: str = ""
    sure: bool = False  # of the seniority: one rank alone is named


def read(title):
    """The `Title` of a text; one without Latin words, or that tells of former times only, says nothing."""
    return _read((title or "")[:LONGEST])


@lru_cache(maxsize=4096)
def _read(title):
    text = plain(title)
    for pattern, word in SAME:
        text = re.sub(pattern, word, text)
    text = " / ".join(part for part in APART.split(text) if not PAST.search(part))
    own, helping = _own_part(text)
    ranks, departments = _patterns()
    named = [rank for rank, pattern in ranks.items() if pattern.search(own)]
    where = [name for name, pattern in departments.items() if pattern.search(text)]
    if not (named or helping or where or (LATIN.search(own) and LONG_WORD.search(own))):
        return Title()
    if helping and not named:  # an assistant has none of the ranks of whom they assist
        seniority = JUNIOR if BEGINNER.search(text) else choose("seniority", helping, [SENIOR, JUNIOR])
    elif MANAGEMENT in named:  # whatever else somebody is who runs the company
        seniority = MANAGEMENT
    else:
        seniority = choose("seniority", own, named) or PROFESSIONAL
    department = choose("department", text, where) or OTHER
    return Title(
        seniority,
        department,
        _decides(seniority, own),
        _said(title, ranks.get(seniority)),
        _said(title, departments[department]),
        len(named) == 1,
    )


def plain(text):
    """Lower case without accents; ä, ö, ü and ß as German writes them without."""
    text = text.lower().translate(UMLAUTS)
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def pieces(text):
    """The set of word pieces of a plain text, with marks where a word begins and ends."""
    found: set[str] = set()
    for word in WORD.findall(text):
        marked = f"_{word}_"
        for size in SIZES:
            found.update(marked[at : at + size] for at in range(len(marked) - size + 1))
    return found


def _own_part(text):
    """(the title without what it says of other people, the word that says that its bearer helps somebody)."""
    parts, helping = [], ""
    for part in APART.split(text):
        if match := HELPING.search(part):
            helping = match[0]
            before = part[: match.start()]
            part = AND.sub("", before) if AND.search(before) else ""
        parts.append(part)
    return " / ".join(parts), helping


def _decides(seniority, text):
    if seniority in (MANAGEMENT, DIRECTOR) or RUNS_IT.search(text) or (seniority == LEAD and not SMALL_LEAD.search(text)):
        return DECIDES
    return INFLUENCES if seniority in (LEAD, SENIOR) else USES


def choose(what, text, names):
    """That one of `names` which the learned weights find likeliest, "" without names."""
    if len(names) < 2:
        return names[0] if names else ""
    learned = _learned()[what]
    rows = [learned["pieces"][piece] for piece in pieces(text) if piece in learned["pieces"]]
    length = max(1, len(rows)) ** 0.5
    scores = [bias + sum(row[at] for row in rows) / length for at, bias in enumerate(learned["bias"])]
    by_name = dict(zip(learned["names"], scores, strict=True))
    return max(names, key=lambda name: by_name[name])


def _said(title, pattern):
    """The first word of `title` that the pattern knows, as it is written there."""
    if pattern is None:
        return ""
    words = WORD.findall(title)
    for size in (1, 2, 3):
        for at in range(len(words) - size + 1):
            if pattern.search(plain(" ".join(words[at : at + size]))):
                return " ".join(words[at : at + size])
    return ""


@cache
def _patterns():
    """(patterns of ranks, patterns of departments), compiled."""
    return tuple(
        {name: re.compile(re.sub(r"\s*\n\s*", "", pattern)) for name, pattern in table.items()}
        for table in (RANKS, DEPARTMENTS)
    )


@cache
def _learned():
    """{"seniority" or "department": {"names": [...], "bias": [...], "pieces": {piece: weights, one a name}}}."""
    return json.loads(Path(__file__).with_name("titles.json").read_text(encoding="utf-8"))
