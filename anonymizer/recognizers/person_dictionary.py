"""Japanese names by the dictionary alone: surname and given name side by side, or a morpheme read as a name."""

import re
from collections.abc import Iterator

from anonymizer import lexicon, name_lists, names
from anonymizer.model import Kind, Span
from anonymizer.name_lists import is_given_kana
from anonymizer.names import NAME, Token, Word
from anonymizer.page import Page
from anonymizer.recognizers.japanese import in_organisation, is_kanji, is_rare_given, not_a_person, rare_given_end
from anonymizer.recognizers.rulefile import load

NAME_ID = "person-ja"
_NO_NAME = Word.PARTICLE | Word.SYMBOL | Word.SUFFIX | Word.NUMBER
_WORDS_MAX = 65_536
_EVERYDAY = Word.COMMON | Word.PROPER | Word.PLACE | Word.VERBAL | Word.OTHER
_KATAKANA = re.compile(r"[ァ-ヶー]+")
_KANJI = re.compile(r"[一-鿿々ヶ]{1,3}(?![一-鿿々ヶ])")
# 小野寺つむぎ, 森 ひなたさん: all of a run of kana, but for what may follow a name.
_HIRAGANA_GIVEN = re.compile(
    r"(?!さん|さま|くん|ちゃん|です)(?P<x>[ぁ-ん]{3,4}?)(?=(?:さん|さま|くん|ちゃん|です|と申|でござ|より|から|は|が|を|に|の|と|も|へ)?(?![ぁ-ん]))"
)
_HEADS = frozenset("\n。「『(【!?><:;/|・*※→ ")
_AFTER_GIVEN = frozenset(("(", "\n", "", "/", " "))
_ON_THE_WAY = frozenset("-→~〜")
_AFTER_NAME = frozenset("はがをにもとへでのやよりからまでさだけ、。・,./()「」『』[]:;!?\n \t→-=|~〜")


def _span(start: int, end: int, score: float, why: str) -> Span:
    return Span(Kind.PERSON, start, end, score, NAME_ID, why)


class _Leads(dict[str, bool]):
    """Whether a word can be a surname, however it was read; worked out when first met."""

    def __missing__(self, surface: str) -> bool:
        leads = bool(names.kinds(surface) & Word.SURNAME) and surface not in lexicon.words("not_people")
        if len(self) < _WORDS_MAX:
            self[surface] = leads
        return leads


_LEADS = _Leads()


def _can_be_given(token: Token) -> bool:
    if token.word & Word.GIVEN:
        return True
    return (
        not token.word & _NO_NAME
        and bool(names.kinds(token.surface) & Word.GIVEN)
        and token.surface not in lexicon.words("not_people")
    )


def _given_after(page: Page, index: int) -> int | None:
    """Return the end of a given name that follows the surname token ``index``, over at most one space."""
    tokens, after = page.tokens, index + 1
    surname = tokens[index]
    spaced = after < len(tokens) and tokens[after].surface in (" ", "・")
    if after + spaced >= len(tokens):
        return None
    first = tokens[after + spaced]
    kana = (
        _HIRAGANA_GIVEN.match(page.text, first.start)
        if surname.word & Word.SURNAME and is_kanji(surname.surface[-1])
        else None
    )
    if kana and is_given_kana(kana.group("x")):
        return kana.end("x")
    if spaced and len(surname.surface) == 1 and _KATAKANA.fullmatch(first.surface) and len(first.surface) >= 2:
        return first.end
    if spaced and surname.word & Word.SURNAME:
        run = _KANJI.match(page.text, first.start)
        if run and run.end() > first.end and is_rare_given(run.group()):
            return run.end()
    if not _can_be_given(first) or (first.surface in lexicon.words("not_surnames") and not first.word & Word.GIVEN):
        run = _KANJI.match(page.text, first.start)
        rare = (
            spaced
            and surname.word & Word.SURNAME
            and run
            and names.kinds(run.group()) == Word.NONE
            and is_rare_given(run.group())
        )
        return run.end() if rare and run else None
    if not first.word & Word.GIVEN and (in_organisation(page.text, surname.end) or not (surname.word & Word.SURNAME)):
        return None
    return rare_given_end(page, first.end) if len(first.surface) == 1 else first.end


def _alone(page: Page, token: Token) -> Iterator[Span]:
    """Judge a single name morpheme by what surrounds it."""
    text, surface = page.text, token.surface
    if surface in lexicon.words("not_surnames") or surface in lexicon.words("not_people") or len(surface) < 2:
        return
    before, after = text[token.start - 1 : token.start], text[token.end : token.end + 1]
    beside_role = load("person_ja").patterns["BESIDE_ROLE"]
    if in_organisation(text, token.end) or (
        before and is_kanji(before) and not beside_role.search(text[max(0, token.start - 6) : token.start])
    ):
        return
    known = names.kinds(surface)
    # 鶴岡-新潟-東京: places on the way.
    beyond = page.starts.get(token.end + 1) if known & Word.PLACE and after in _ON_THE_WAY else None
    if beyond is not None and names.kinds(page.tokens[beyond].surface) & Word.PLACE:
        return
    if surface in lexicon.words("places") and rare_given_end(page, token.end) == token.end:
        return
    free = not after or after in _AFTER_NAME
    if token.word & Word.SURNAME:
        end = rare_given_end(page, token.end)
        if end == token.end and not free and _opens(page, token):
            yield from _before_compound(page, token)
        elif (end > token.end or free or not is_kanji(after)) and not (
            _KATAKANA.fullmatch(surface) and known & (Word.COMMON | Word.PROPER)
        ):
            yield _span(token.start, end, 0.8 if end > token.end else 0.6, "surname by context of the tokeniser")
    elif token.word & Word.GIVEN:
        if free and not known & (Word.COMMON | Word.PLACE | Word.OTHER | Word.VERBAL):
            yield _span(token.start, token.end, 0.55, "given name by context of the tokeniser")
    elif free and not known & _EVERYDAY and len(surface) >= 3 and not (before and "ァ" <= before <= "ー"):
        yield _span(token.start, token.end, 0.5, "foreign name of the dictionary")


def _opens(page: Page, token: Token) -> bool:
    """Tell whether a frequent surname opens a sentence or a cell."""
    head = token.start == 0 or page.text[token.start - 1] in _HEADS
    return head and len(token.surface) > 1 and token.surface in name_lists.lists().family_kanji


def _before_compound(page: Page, token: Token) -> Iterator[Span]:
    """Yield a surname that opens a sentence before more kanji: 樋口一夏(2001/8/1), 佐久間歩合制の."""
    run = _KANJI.match(page.text, token.end)
    named = run and page.text[run.end() : run.end() + 1] in _AFTER_GIVEN and not not_a_person(run.group())
    if run and named and not in_organisation(page.text, token.end):
        yield _span(token.start, run.end(), 0.6, "surname and a word that may be a given name")
    else:
        yield _span(token.start, token.end, 0.55, "surname before a compound")


def dictionary_names(page: Page) -> Iterator[Span]:
    """Yield names that the dictionary and the tokeniser agree on."""
    tokens, leads = page.tokens, _LEADS
    # One of four morphemes: the others are particles and words that are no name.
    possible = [
        index
        for index, (_, _, surface, word) in enumerate(tokens)
        if not word & _NO_NAME and (word & NAME or leads[surface]) and not surface.isascii()
    ]
    for index in possible:
        token = tokens[index]
        if token.word & Word.SURNAME or leads[token.surface]:
            end = _given_after(page, index)
            if end is not None:
                yield _span(token.start, end, 0.9, "surname and given name of the dictionary")
                continue
        if token.word & NAME:
            yield from _alone(page, token)
