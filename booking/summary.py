"""Summaries of what was said, taken from it word for word: nothing is made up, and every line points to its place.

Sentences are chosen greedily so that together they cover what the meeting kept coming back to: a word weighs the logarithm
of how many turns it is said in, counts half as much each time that it is covered again, and a sentence pays for its length
(weighted coverage with diminishing returns, after Lin and Bilmes, 2011). Decisions, action items, dates and amounts are found
by how people say them.
"""

import re
from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from math import log1p

BRIEF, DETAILED = 120, 320  # words of the key points; of short meetings at most a sixth, or a third, of what was said
SHORTEST, LONGEST = 8, 40  # words of a sentence that can be a key point
WIDEST = 600  # characters of a line; what is longer is no sentence
MANY = 8_000  # sentences among which key points are chosen; three hours have about 3,000
AGAIN, PRICE = 0.5, 0.7  # what a word counts when it is covered once more; how much length costs
MOST = {"brief": 5, "detailed": 15}  # of each kind beside the key points
KINDS = {"decision": "Decisions", "action": "Action items", "date": "Dates", "amount": "Amounts"}
END = re.compile(r"(?<=[.?!…])[\"'”’)]*\s+(?=\S)")
WORD = re.compile(r"[^\W\d_][\w'’-]*|\d[\d.,]*", re.UNICODE)
NOISE = re.compile(r"\{[^{}]*\}|\[(?:inaudible|laughter|laughs|crosstalk|music|noise|silence)[^\]]{0,200}\]", re.I)
ENDINGS = ("ations", "ation", "ingly", "edly", "ings", "ing", "ed", "es", "ly", "s")
STOP = frozenset(re.findall(r"\w+", """
a about above actually after again all also am an and any are as at back be because been before being but by came can come
could did do does doing don done down each even every few for from further get gets getting go goes going gonna good got had
has have having he her here him his how i if in into is it its just kind know let like little ll lot made make makes many may
maybe me mean might mm more most much must my need no nope not now of off oh ok okay on once one only or other our out over
own people perhaps please probably put quite rather re really right s said same say see seen she should since so some
something sorry sort still stuff such sure t take than thank thanks that the their them then there these they thing things
think this those though thought through time to too try two uh um un under until up us use very want was way we well went were
what when where whether which while who why will with without won would yeah yep yes yet you your
"""))
MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
    rf"|(?:{MONTHS}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?)\s+\d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{MONTHS})"
    rf"|(?:{WEEKDAYS})s?\b|tomorrow|tonight"
    r"|end of (?:the )?(?:day|week|month|quarter|year)|next (?:week|month|quarter|year)"
    rf"|by (?:the )?(?:end|q[1-4])\b|q[1-4]\b)", re.I)
AMOUNT = re.compile(
    r"(?:[$€£¥]\s?\d[\d.,]*(?:\s?(?:k|m|bn|million|billion|thousand))?\b"
    r"|\b\d[\d.,]*\s?(?:k|m|bn)?\s?(?:dollars?|euros?|pounds?|usd|eur|gbp|percent)\b|\b\d[\d.,]*\s?%)", re.I)
ACTION = re.compile(
    r"\b(?:i'?ll|i will|i am going to|i'm going to|we'?ll|we will|let me|can you|could you|would you|please"
    r"|you (?:should|need to|have to|must)|(?:he|she|they)'?(?:ll| will)|action item|to.?do|follow up|make sure|needs? to"
    r"|has to|have to|assigned? to|take care of|get back to)\b", re.I)
DOES = re.compile(
    r"\b(?:send|share|write|draft|prepare|schedule|set up|call|email|e-mail|mail|check|review|finish|update|escalate|talk to"
    r"|speak (?:to|with)|ask|find"
    r"|look (?:into|at)|fix|build|book|confirm|contact|create|provide|bring|add|invite|introduce|test|deliver|report|arrange|"
    r"organi[sz]e|follow up|reach out|get back|put together|work on|take|submit|design|present)\b", re.I)
# "Lisa, coordinate with marketing by Friday.": a name and what to do
ORDER = re.compile(r"^(?:(?:and|so|then|okay|ok|now|thanks|for now)[, ]+)*[A-Z]\w+(?:(?:,| and) [A-Z]\w+)*, (?:please )?"
                   r"(?:coordinate|{})\b".format(DOES.pattern.removeprefix(r"\b(?:").removesuffix(r")\b")))
DECISION = re.compile(
    r"\b(?:we(?:'ve| have)? (?:decided|agreed|settled|chose|resolved)|decided (?:to|on|that)|decision (?:is|was|to)"
    r"|let'?s (?:go with|use|do|try|keep|stick|take|move)|we(?:'ll| will) (?:go with|use|stick|keep)"
    r"|(?:it )?is (?:agreed|decided|settled)|agreed to|motion (?:is )?(?:carried|agreed|adopted)|i (?:so )?move"
    r"|we are going (?:with|to use)"
    r"|final(?:ly)? (?:decision|choice))\b", re.I)


def summarize(segments, detail="brief"):
    """(text, points) of segments as transcripts.read answers them.

    `text` has the key points, then decisions, action items, dates and amounts, a line each. `points` are the same lines as
    {"kind": "key", "decision", "action", "date" or "amount", "text", "speaker", "segment": place among `segments`, "start"}.
    """
    spoken = sentences(segments)
    said = sum(len(text.split()) for *_, text in spoken)
    keys = chosen(spoken, min(BRIEF, said // 6) if detail == "brief" else min(DETAILED, said // 3))
    told = {kind: found[: MOST[detail]] for kind, found in marked(spoken).items()}
    once = {one for found in told.values() for one in found}  # what stands under its kind is not a key point as well
    points = [_point("key", one) for one in keys if one not in once]
    for kind, found in told.items():
        points += [_point(kind, one) for one in found]
    parts = []
    for kind, title in (("key", "Key points"), *KINDS.items()):
        lines = [f"- {one['speaker']}: {one['text']}" if one["speaker"] else f"- {one['text']}"
                 for one in points if one["kind"] == kind]
        if lines:
            parts.append("\n".join([title, *lines]))
    return "\n\n".join(parts), points


def sentences(segments):
    """[(segment, speaker, start, sentence)]: what was said, without transcribers' noise; a sentence may run over captions."""
    found: list[tuple] = []
    for number, one in enumerate(segments):
        text = re.sub(r"\s+", " ", NOISE.sub(" ", one["text"])).strip()
        parts = [part.strip() for part in END.split(text) if part.strip()]
        if parts and found and found[-1][1] == one["speaker"] and found[-1][3][-1] not in ".?!…" \
                and len(found[-1][3]) < WIDEST and len(found[-1][3].split()) < LONGEST:
            place, speaker, start, before = found.pop()
            parts[0] = f"{before} {parts[0]}"
            found.append((place, speaker, start, parts.pop(0)))
        found += [(number, one["speaker"], one["start"], part) for part in parts]
    return found


def chosen(spoken, words):
    """The sentences that together say most of it, in their order, until they have so many words; one at least."""
    turns: dict[str, set[int]] = defaultdict(set)
    terms = []
    for place, _, _, text in spoken:
        mine = frozenset(stem(word) for word in WORD.findall(text.lower()) if is_content(word))
        terms.append(mine)
        for word in mine:
            turns[word].add(place)
    weight = {word: log1p(len(places)) if len(places) > 1 else 0.0 for word, places in turns.items()}
    lengths = [max(len(text.split()), len(text) // 12) for *_, text in spoken]  # what has no blanks is long all the same
    usual = [n for n, length in enumerate(lengths) if SHORTEST <= length <= LONGEST] or list(range(len(spoken)))
    usual = usual[:: len(usual) // MANY + 1]
    covered: Counter = Counter()

    def worth(n):
        return sum(weight[word] * AGAIN ** covered[word] for word in terms[n]) / max(lengths[n], 1) ** PRICE

    heap = [(-worth(n), n) for n in usual]
    heapify(heap)
    picked: list[int] = []
    total = 0
    while heap and (total < words or not picked):  # what a sentence is worth only ever falls, so most need not be weighed again
        _, n = heappop(heap)
        now = worth(n)
        if heap and -heap[0][0] > now:
            heappush(heap, (-now, n))
            continue
        picked.append(n)
        total += lengths[n]
        covered.update(terms[n])
    return [spoken[n] for n in sorted(picked)]


def marked(spoken):
    """{kind: sentences} that say a decision, something to do, a date or an amount; each sentence once, by the first kind."""
    found: dict[str, list] = {kind: [] for kind in KINDS}
    for one in spoken:
        text = one[3].replace("’", "'")
        if len(text) > WIDEST or not 3 < len(text.split()) <= 2 * LONGEST:
            continue
        if DECISION.search(text) and not text.endswith("?"):
            found["decision"].append(one)
        elif (ACTION.search(text) and DOES.search(text)) or ORDER.match(text):
            found["action"].append(one)
        elif AMOUNT.search(text):
            found["amount"].append(one)
        elif DATE.search(text):
            found["date"].append(one)
    return found


def is_content(word):
    plain = re.split(r"['’]", word)[0]
    return len(plain) > 2 and plain not in STOP


def stem(word):
    """A word without its ending, so that `prices` and `price` are one; crude, but the same on both sides."""
    word = re.split(r"['’]", word)[0]
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _point(kind, one):
    segment, speaker, start, text = one
    text = text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
    return {"kind": kind, "text": text, "speaker": speaker, "segment": segment, "start": start}
