"""What is loaded once, and the quick look whether a page holds a word at all."""

import gc
import subprocess
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


#: As a web process does it whose first visitors come together.
_TOGETHER = """
from concurrent.futures import ThreadPoolExecutor
from anonymizer.engine import anonymise
with ThreadPoolExecutor(6) as threads:
    print({found.text for found in threads.map(anonymise, ["山田太郎様 090-1234-5678"] * 6)})
"""


def test_whichever_thread_comes_first_the_others_wait() -> None:
    done = subprocess.run([sys.executable, "-c", _TOGETHER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("〔電話番号〕")) == (0, 1), done.stderr


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
