"""What is loaded once, and the quick look whether a page holds a word at all."""

import gc
import sys

import pytest

from anonymizer import start
from anonymizer.page import Page


def test_loading_leaves_the_collector_and_the_modules_as_they_were() -> None:
    start.load()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    left = [sys.modules[name] for name in ("spacy.cli", "spacy.cli.info") if name in sys.modules]
    assert all(module.__spec__ is not None for module in left)


@pytest.mark.parametrize("text", ["", "#", "C# 太郎", "三", "Tel 03", "ABCabd", "山田市", "İ市"])
def test_a_page_holds_what_a_plain_search_finds(text: str) -> None:
    page = Page(text)
    for words in (
        ("#",),
        ("a",),
        ("市",),
        ("te", "bc"),
        ("tel",),
        ("abd",),
        ("abe", "tex"),
        ("田市区", "太郎"),
        (" 03", "c#"),
    ):
        plain = any(word in text.lower() for word in words) or ("#" in words and page.has_digits)
        assert page.holds(frozenset(words)) == plain, words
    assert page.holds(frozenset())
