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
    left = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("spacy", "thinc")]
    assert all(module.__spec__ is not None for module in left), "no stand-in stays behind"


#: As a web process does it whose first visitors come together.
_TOGETHER = """
from concurrent.futures import ThreadPoolExecutor
from anonymizer.engine import anonymise
with ThreadPoolExecutor(6) as threads:
    print({found.text for found in threads.map(anonymise, ["山田太郎様 090-1234-5678"] * 6)})
import sys
assert not {"spacy", "thinc"} & sys.modules.keys(), "a third of a second and 40 MB for models that nobody uses"
import spacy
print(len(spacy.blank("en")("It works, too.")))
"""


def test_whichever_thread_comes_first_the_others_wait() -> None:
    done = subprocess.run([sys.executable, "-c", _TOGETHER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("〔電話番号〕")) == (0, 1), done.stderr
    assert done.stdout.endswith("5\n")


@pytest.mark.parametrize(
    "text", ["", "#", "C# 太郎", "三", "Tel 03", "ABCabd", "山田市", "İ市", "𠮷野太郎様", "Tel 0312"]
)
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
        ("abca", "l 03"),
        ("𠮷野太郎", "野太郎様", "山田市区"),
        ("el 0", "abcab", "𠮷野太"),
    ):
        plain = any(word in text.lower() for word in words) or ("#" in words and page.has_digits)
        assert page.holds(frozenset(words)) == plain, words
    assert page.holds(frozenset())
