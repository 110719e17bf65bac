"""Who the mail speaks to, and whether its decision is about somebody else."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from rules import moods
from rules.mail import Mail
from rules.reading import Hit, Reading
from rules.spelling import plain
from rules.text import Sentence

SALUTATION_SENTENCES = 4
BODIES = (
    r"株式会社|有限会社|合同会社|合資会社|\(株\)|\(有\)|\(同\)|一般社団法人|公益|財団法人|学校法人|医療法人|社会福祉法人"
    r"|協同組合|キャリア(支援)?(センター|室|課)|就職(課|支援)|学生課"
)
_BODY = re.compile(
    BODIES + r"|大学$|\b(inc|ltd|llc|corp|gmbh|co\.,? ?ltd|plc|limited|agency|recruitment|staffing|partners)\b",
    re.IGNORECASE,
)
_TO_A_BODY = re.compile(
    rf"({BODIES})[^。]{{0,40}}(様|さま|殿|さん|御中)\x00?$|御中\x00?$|ご?担当者(様|さま|各位)"
    r"|(取引先|関係者|担当者|社員|職員|会員|お客様|保護者)(様|の皆様)?各位|関係者の皆様"
)
_TO_A_ROLE = re.compile(
    r"(dear|hi|hello|hey) (suppliers?|vendors?|partners?|bidders?|authors?|customers?|members?"
    r"|hiring team|recruiters?|all|team|colleagues?|everyone)\b"
)
_TO_A_ROLE_STARTS = ("dear ", "hi ", "hello ", "hey ")
_SALUTATION = re.compile(r"(?P<name>[^。、]{1,40}?)(様|さま|殿|さん|くん)\x00?$")
#: How every sentence ends that `_SALUTATION` fits.
_SALUTATION_ENDS = tuple(word + end for word in ("様", "さま", "殿", "さん", "くん") for end in ("", "\x00"))
_HONORIFICS = ("様", "さん", "氏", "殿", "くん")
_HONORED = re.compile(r"([^。、\x00]{1,16}?)(?:様|さん|氏|殿|くん)(?=は|が|を|に|の|も|で|、|と|につ)")
_NO_NAME = re.compile(
    r"(皆|みな|客|者|方|貴|あなた|本人|同|模|各|スタッフ|奥|母|父|神|お子|仕|生徒|学生|人|担当|応募|候補|先|有り|多|一|弊社|当社"
    r"|お疲れ|たく|お隣|ご足労|王|殿|御|おかげ|世話|[のたるなかすくいれてで])$"
)
_GREETING = re.compile(
    r"^(dear|hi|hello|hey|good (morning|afternoon|evening)),? (mr |mrs |ms |miss |dr "
    r"|prof )?(?P<name>[a-z .'-]{1,40}?)(?=,|:|!|$| thank| i | we )"
)
_EN_NAMED = re.compile(
    r"\b(?:pass(?:ing)? on|reject(?:ing)?|turn(?:ing)? down|forward with|proceed(?:ing)? with|hir(?:e|ing)"
    r"|select(?:ing)?|interview|ahead with|continue with)"
    r" (?P<name>[A-Z][a-z]+)(?='s|[.,;!]|$| (?:for|at|to|in|and|as|on|this|further|because|due)\b)"
    r"|(?:^|[.,;:] |\b(?:that|and|but) )(?P<subject>[A-Z][a-z]{2,}) (?:was|is|has) not (?:been )?"
    r"(?:selected|successful|chosen|shortlisted|hired|accepted|suitable|a (?:good|right|strong))\b(?! you)"
)
#: Where this is not found, `_EN_NAMED` is not either: the ends of its verbs before a name, and what follows a subject.
_MAY_NAME = re.compile(r"(?:on|ing|down|with|hire|ject|lect|view) [A-Z][a-z]|[a-z] (?:was|is|has) not ")
_EN_NO_NAME = re.compile(
    r"you|your|the|this|other|another|that|it|he|she|they|there|which|application|position|role|we|our|unfortunately"
    r"|however|candidates|applicants"
)


def speaks_to_a_body(mail: Mail, reading: Reading) -> bool:
    """Tell whether the addressee is a company, school or agency rather than a person."""
    if any(_BODY.search(plain(name)) for name in mail.display_names):
        return True
    return any(_greets_a_body(sentence.text) for sentence in reading.layout.new[:SALUTATION_SENTENCES])


@functools.lru_cache(maxsize=moods.REMEMBERED_SENTENCES)
def _greets_a_body(sentence: str) -> bool:
    """Tell whether a sentence speaks to no person; remembered as `rules.moods` remembers what is said, and as safe."""
    if not sentence.isascii() and _TO_A_BODY.search(sentence):  # every branch of it is Japanese
        return True
    return sentence.startswith(_TO_A_ROLE_STARTS) and _TO_A_ROLE.match(sentence) is not None


def somebody_else(mail: Mail, reading: Reading) -> Hit | None:
    """Return the "no" whose sentence names a person other than the addressee."""
    noes = [hit for hit in reading.noes if hit.place == "text"]
    known = _known_names(mail, reading.layout.new) if noes else frozenset()
    if not known:
        return None
    asked: set[int] = set()
    for hit in noes:
        if hit.sentence in asked:
            continue
        asked.add(hit.sentence)
        sentence = reading.layout.new[hit.sentence]
        if any(not _is_known(name, known) for name in _names_in(sentence, reading.text)):
            return hit
    return None


def _names_in(sentence: Sentence, text: str) -> Iterator[str]:
    if not sentence.text.isascii():
        if any(honorific in sentence.text for honorific in _HONORIFICS):
            yield from (name for name in _HONORED.findall(sentence.text) if not _NO_NAME.search(name))
        return
    start, end = sentence.origin(0, len(sentence.text))
    written = text[start:end]
    if not _MAY_NAME.search(written):
        return
    for found in _EN_NAMED.finditer(written):
        name = (found.group("name") or found.group("subject")).lower()
        if not _EN_NO_NAME.fullmatch(name):
            yield name


def _is_known(name: str, known: frozenset[str]) -> bool:
    """``name`` may carry words before the name itself (残念ながら山田), and be the surname only (of 山田花子)."""
    if any(name.endswith(one) or one.startswith(name) for one in known):
        return True
    return any(one.startswith(name[-size:]) for one in known for size in range(2, min(len(one), len(name)) + 1))


def _known_names(mail: Mail, new: Sequence[Sentence]) -> frozenset[str]:
    return _names_known(mail.display_names, tuple([sentence.text for sentence in new[:SALUTATION_SENTENCES]]))


@functools.lru_cache(maxsize=8)
def _names_known(display_names: Sequence[str], opening: Sequence[str]) -> frozenset[str]:
    """Return the addressee's names: asked twice a mail, hence the short memory."""
    return frozenset(_each_known_name(display_names, opening))


def _each_known_name(display_names: Sequence[str], opening: Sequence[str]) -> Iterator[str]:
    full = [plain(name).strip() for name in display_names if name.strip()]
    for name in full:
        words = re.split(r"[\s,・.]+", re.sub(r"(様|さま|殿|さん)$", "", name))
        yield from (word for word in words if word)
        yield "".join(words)
    for sentence in opening:
        found = _SALUTATION.search(sentence) if sentence.endswith(_SALUTATION_ENDS) else None
        found = found or _GREETING.search(sentence.strip())
        if found is not None:
            words = found.group("name").split()
            yield from words
            yield "".join(words)
            break


def known_names(mail: Mail, reading: Reading) -> frozenset[str]:
    """Return the addressee's names in canonical spelling, from the header and from the salutation."""
    return frozenset(name for name in _known_names(mail, reading.layout.new) if len(name) > 1 or not name.isascii())
