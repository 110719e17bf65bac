"""Employers: by legal form, by what firms are called, and by the words of a career (前職, 入社, worked at)."""

import re
from collections.abc import Iterator

from anonymizer import lexicon, names
from anonymizer.model import Kind, Span
from anonymizer.names import NAME as NAMED
from anonymizer.names import Word
from anonymizer.page import Page
from anonymizer.recognizers import employer_career, employer_latin
from anonymizer.recognizers.institution import start_with_hiragana
from anonymizer.recognizers.rulefile import apply, load, matches
from anonymizer.recognizers.spans import Recogniser

NAME = "employer"
_FORM_NEEDS = frozenset(("会社", "法人", "組合", *(f"({form})" for form in "株有同合資名社医財学福独")))
_CONTEXT_NEEDS = frozenset(("職", "先", "所属", "在籍", "会社名", "企業名", "とこ", "の会社", "勤め"))
_NOW_NEEDS = frozenset(("現在", "今", "前", "直近", "次", "元", "もと", "→"))
_NAME_CHARS_MAX = 12
_WORDS_CHARS_MAX = 80
_VERB_CHARS_MAX = 24
_CAREER_NEEDS = frozenset("入社 勤務 在籍 転職 就職 入職 出向 復職 退社 退職 辞め 出身 インターン バイト".split(" "))  # noqa: SIM905


def _by_form(page: Page) -> Iterator[Span]:
    patterns = load(NAME).patterns
    for name in ("BEFORE", "AFTER"):
        for match in matches(load(NAME), page, name):
            found = match.group()
            named = name == "BEFORE" and " " in found[:8] and match.start() and _in_name(page.text[match.start() - 1])
            # 三栄フーズ株式会社商品開発部: the form belongs to the name before it, a department follows.
            behind = named or (name == "BEFORE" and _is_department(page, match))
            kind_only = name == "BEFORE" and patterns["KIND_OF_FIRM"].match(page.text, match.start())
            if behind or kind_only or patterns["CAREER_WORD"].match(found):
                continue  # The form belongs to the name before it, or is preceded by 前職 and belongs to what follows.
            # The first four characters are the form itself or the beginning of the name.
            department = patterns["DEPARTMENT"].search(found, 6) if name == "BEFORE" else None
            found = (found[: department.start()] if department else found).rstrip(" ・-&'")
            start = _start_of_name(page, match.start()) if name == "AFTER" else match.start()
            yield Span(Kind.EMPLOYER, start, match.start() + len(found), 0.85, NAME, "legal form")


def _is_department(page: Page, match: re.Match[str]) -> bool:
    """Tell whether a department, and no name, stands behind a form: 株式会社 採用ご担当者様."""
    form = load(NAME).patterns["FORM"].match(match.group())
    at = form.end() + match.group().startswith(" ", form.end()) if form else 0
    return form is not None and load(NAME).patterns["DEPARTMENT"].match(match.group(), at) is not None


def _start_of_name(page: Page, start: int) -> int:
    """Return where a firm's name begins whose later part begins at ``start``: いわき+製缶, Okinawa Blue +Resorts."""
    words = load(NAME).patterns["WORDS_BEFORE"].search(page.text, max(0, start - _WORDS_CHARS_MAX), start)
    if words:
        return words.start("x")
    index = page.token_ends.get(start)
    token = page.tokens[index] if index is not None else None
    named = token and token.word & (NAMED | Word.PLACE | Word.PROPER | Word.COMMON)
    if token and named and len(token.surface) > 1 and "ぁ" <= token.surface[0] <= "ん":
        # 但馬しらさぎ+運送: the place before it is part of the name.
        return min(token.start, start_with_hiragana(page.text, start))
    before = _hiragana_before(page, start)
    return before if before < start else start_with_hiragana(page.text, start)


def _with_no(text: str, start: int) -> int:
    """Return where a house's name begins that stands at the head of a line or in quotes: 鶴の+森クリニック."""
    before = load(NAME).patterns["BEFORE_NO"].search(text, max(0, start - _NAME_CHARS_MAX), start)
    return before.start("x") if before else start


def _is_generic(word: str) -> bool:
    """Tell whether a word names a line of business and no firm."""
    known = names.kinds(word)
    return word in lexicon.words("businesses") or bool(known & Word.COMMON and not known & Word.PROPER)


def _by_suffix(page: Page) -> Iterator[Span]:
    patterns = load(NAME).patterns
    for match in matches(load(NAME), page, "SUFFIX"):
        start = match.start()
        while start > 0 and match.start() - start <= _NAME_CHARS_MAX and _in_name(page.text[start - 1]):
            start -= 1
        start = _start_of_name(page, start) if start == match.start() else start_with_hiragana(page.text, start)
        start = _with_no(page.text, start)
        word = page.text[start : match.end()]
        if (
            not patterns["NOT_MEANT"].match(page.text, match.end())
            and 0 < match.start() - start <= _NAME_CHARS_MAX
            and not _is_generic(word)
            and not patterns["NOT_A_NAME"].match(word)
        ):
            yield Span(Kind.EMPLOYER, start, match.end(), 0.55, NAME, "what firms are called")


def _by_form_behind(page: Page) -> Iterator[Span]:
    """Yield ホテル・サザンウィンド, and names in hiragana with the form behind: さざなみ(株)."""
    for match in matches(load(NAME), page, "HOUSE"):
        yield Span(Kind.EMPLOYER, *match.span(), 0.55, NAME, "what firms are called")
    for match in matches(load(NAME), page, "FORM_BEHIND_KANA"):
        start = start_with_hiragana(page.text, match.start())
        if start < match.start():
            yield Span(Kind.EMPLOYER, start, match.end(), 0.8, NAME, "legal form")


def _by_weak_suffix(page: Page) -> Iterator[Span]:
    """Yield names whose end much else has, too, beside the words of a career: みつば家具に平成20年から."""
    patterns = load(NAME).patterns
    for match in matches(load(NAME), page, "WEAK_SUFFIX"):
        start = match.start()
        while start > 0 and match.start() - start <= _NAME_CHARS_MAX and _in_name(page.text[start - 1]):
            start -= 1
        start = start_with_hiragana(page.text, start)
        stem = page.text[start : match.start()]
        behind = patterns["CAREER_RIGHT"].match(page.text, match.end())
        if not 1 < len(stem) <= _NAME_CHARS_MAX or not (
            behind or patterns["CAREER_LEFT"].search(page.text, max(0, start - _VERB_CHARS_MAX), start)
        ):
            continue
        if _names_something(page, start, match.start()) and not patterns["NOT_A_NAME"].match(stem):
            yield Span(Kind.EMPLOYER, start, match.end(), 0.55, NAME, "what firms are called, a career beside it")


def _names_something(page: Page, start: int, end: int) -> bool:
    """Tell whether a stretch is no everyday word: a name or a place begins it, or no list has it."""
    known, index = names.kinds(page.text[start:end]), page.starts.get(start)
    head = page.tokens[index].word if index is not None else Word.NONE
    # One word in katakana that no dictionary has.
    unheard = index is not None and page.tokens[index].end == end and known == Word.NONE and page.text[start] >= "ァ"
    return bool((known | head) & (NAMED | Word.PLACE | Word.PROPER)) or "ぁ" <= page.text[start] <= "ん" or unheard


def _hiragana_before(page: Page, end: int) -> int:
    """Return where a hiragana word of its own begins that ends at ``end`` (みずうみ銀行), else ``end``."""
    start = end
    while start > 0 and end - start < _NAME_CHARS_MAX and "ぁ" <= page.text[start - 1] <= "ん":
        start -= 1
    known = names.kinds(page.text[start:end])
    alone = start == 0 or not _in_name(page.text[start - 1])
    return start if alone and end - start > 1 and known & Word.COMMON and not known & Word.PARTICLE else end


def _in_name(char: str) -> bool:
    return "一" <= char <= "鿿" or "ァ" <= char <= "ヶ" or char in "々ー" or (char.isascii() and char.isalpha())


def _by_context(page: Page) -> Iterator[Span]:
    patterns = load(NAME).patterns
    for name, score, needs in (("CONTEXT", 0.65, _CONTEXT_NEEDS), ("CAREER", 0.55, _CAREER_NEEDS)):
        for match in patterns[name].finditer(page.text) if page.holds(needs) else ():
            start = _start_of_name(page, match.start("x")) if name == "CAREER" else match.start("x")
            word = page.text[start : match.end("x")]
            if patterns["NOT_EMPLOYER"].match(word) or word.lower() in lexicon.words("skills") or _is_generic(word):
                continue
            if name == "CAREER" and not names.kinds(word) & Word.PROPER and names.kinds(word) != Word.NONE:
                continue
            yield Span(Kind.EMPLOYER, start, match.end("x"), score, NAME, "words of a career")
    yield from _now(page)


def _now(page: Page) -> Iterator[Span]:
    """Yield what somebody is at now, was at before or went to, when it begins with a place or a name and is no word."""
    patterns = load(NAME).patterns
    found = patterns["NOW"].finditer(page.text) if page.holds(_NOW_NEEDS) else ()
    arrows = patterns["BEFORE_ARROW"].finditer(page.text) if "→" in page.chars else ()
    for match in (*found, *arrows):
        group = "x" if match.group("x") else "y"
        word, index = match.group(group), page.starts.get(match.start(group))
        if index is None or patterns["NOT_NOW"].search(word) or patterns["NOT_EMPLOYER"].match(word):
            continue
        head = page.tokens[index]
        end = match.end(group)
        named = head.word & (NAMED | Word.PLACE | Word.PROPER) and head.end < end
        # One word in katakana that no dictionary has: トリップリー.
        unheard = head.end == end and patterns["KATAKANA"].fullmatch(word)
        if (named or unheard) and names.kinds(word) == Word.NONE and word.lower() not in lexicon.words("skills"):
            yield Span(Kind.EMPLOYER, match.start(group), match.end(group), 0.55, NAME, "where somebody is now")


def find(page: Page) -> Iterator[Span]:
    """Yield employers; generic words (製薬会社, 銀行) stay."""
    yield from apply(load(NAME), page, NAME)
    if page.japanese:
        if page.holds(_FORM_NEEDS):
            yield from _by_form(page)
        yield from _by_suffix(page)
        yield from _by_form_behind(page)
        yield from _by_weak_suffix(page)
        yield from _by_context(page)
    if page.has_latin:
        yield from employer_latin.find(page)
    yield from employer_career.find(page)


RECOGNISER = Recogniser(NAME, (Kind.EMPLOYER,), find)
