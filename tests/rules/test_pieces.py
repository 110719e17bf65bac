"""The quick ways to normalise and to squeeze give what looking at every character gives."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.pieces import REMEMBERED_CHARS_MAX, sentences, squeeze
from rules.spelling import _INVISIBLE, _LIKE_ASCII, _VARIANTS, normalise, respell

ODD = (
    "ｶﾊﾞﾟか\u3099\u309aはA１Ａ（）　\u00a0\t\n\r\x0b\x1c\x85\u2028 ﬁ㈱…①İıſ\u200b\ufeff\u00ad"
    "\ud800\U00020bb7é\u0301—’“ 様さん殿、がx."
)
TEXTS = st.text(max_size=120) | st.text(alphabet=ODD, max_size=80)
WORDS = st.lists(
    st.sampled_from([*_VARIANTS, *(word[:-1] for word in _VARIANTS), "る", "事", "İ", "N", " "]), max_size=12
)


def plainly_normalised(text: str) -> tuple[str, list[int]]:
    """Return the text and where each of its characters came from: NFKC of every character with its voicing mark."""
    shown, at, index = "", [], 0
    while index < len(text):
        voiced = text[index + 1 : index + 2] in {"\uff9e", "\uff9f", "\u3099", "\u309a"}
        size = 2 if voiced and text[index] not in _INVISIBLE else 1
        char = text[index : index + size]
        if char not in _INVISIBLE and unicodedata.category(char[0]) != "Cs":
            plain = unicodedata.normalize("NFKC", char).translate(_LIKE_ASCII)
            shown += plain
            at += [index] * len(plain)
        index += size
    return shown, [*at, len(text)]


def plainly_squeezed(text: str) -> tuple[str, list[int]]:
    """Return the text without needless blanks and where each character came from."""
    kept, at = "", []
    for index, char in enumerate(text):
        if char.isspace():
            continue
        if kept and text[index - 1].isspace():
            instead = ""
            if char.isascii() and kept[-1].isascii():
                instead = " "
            elif kept.endswith(("様", "さま", "殿", "さん", "くん", "御中")) and char not in (
                "がのをにへとはもでやかけしてばなり、。,)」』】〉"
            ):
                instead = "\x00"
            kept += instead
            at += [index - 1] * len(instead)
        kept += char
        at.append(index)
    return kept, at


def plainly_respelled(text: str) -> str:
    """Return the text in lower case with the longest variant at each place replaced."""
    lower = text.lower() if len(text.lower()) == len(text) else "".join(c.lower() if c != "İ" else c for c in text)
    spelled, index = "", 0
    while index < len(lower):
        word = max((one for one in _VARIANTS if lower.startswith(one, index)), key=len, default="")
        spelled += _VARIANTS[word] if word else lower[index]
        index += len(word) or 1
    return spelled


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_normalising_whole_runs_is_normalising_each_character(text: str) -> None:
    mapped = normalise(text)
    assert (mapped.text, list(mapped.at)) == plainly_normalised(text)


def test_every_character_alone_is_normalised_alike() -> None:
    for code in (*range(0x3400), *range(0x4DF0, 0x4E20), *range(0x9FF0, 0xA010), *range(0xD7F0, 0x11000)):
        text = f"か{chr(code)}a"
        mapped = normalise(text)
        assert (mapped.text, list(mapped.at)) == plainly_normalised(text), hex(code)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_squeezing_by_gaps_is_squeezing_character_by_character(text: str) -> None:
    flat, at = squeeze(text)
    assert (flat, list(at)) == plainly_squeezed(text)


@settings(deadline=None)
@given(WORDS)
def test_the_longest_variant_is_replaced(words: list[str]) -> None:
    assert respell("".join(words))[0] == plainly_respelled("".join(words))


def test_a_piece_that_comes_again_reads_as_at_first() -> None:
    for piece in ("山田様 「見送ります。」\n御縁が 無かった. Thank you.", "採用 を\n" * REMEMBERED_CHARS_MAX):
        assert list(sentences(piece)) == list(sentences(piece)) != []
