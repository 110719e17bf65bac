"""Charsets as mail carries them: labels, vendor characters, places in octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter import charset as charsets
from gateway.letter import jis
from gateway.letter.charset import Family
from gateway.letter.doubt import Doubt
from tests.gateway.mails import property_of


@pytest.mark.parametrize(
    ("label", "family"),
    [
        ("windows-31j", Family.SHIFT_JIS),
        ("x-sjis", Family.SHIFT_JIS),
        ("Shift_JIS", Family.SHIFT_JIS),
        ("cp50220", Family.ISO_2022_JP),
        ("cp50221", Family.ISO_2022_JP),
        ("iso-2022-jp-ms", Family.ISO_2022_JP),
        ("x-euc-jp", Family.EUC_JP),
        ("eucjp-ms", Family.EUC_JP),
        ("x-gbk", Family.DOUBLE),
        ("'UTF-8'", Family.UTF_8),
        ("US-ASCII", Family.ASCII),
        ("windows-1252", Family.SINGLE),
    ],
)
def test_labels_that_mail_uses_are_known(label: str, family: Family) -> None:
    found = charsets.lookup(label)
    assert found is not None
    assert found.family is family
    assert charsets.decode(b"abc", found) == "abc"


@pytest.mark.parametrize("label", ["utf-16", "utf-7", "rot13", "hex", "x-unknown", "idna", ""])
def test_other_labels_are_not_guessed(label: str) -> None:
    assert charsets.lookup(label) is None


def _as_jis(text: str) -> bytes:
    """Shift_JIS pairs as rows and cells: what Windows mail programmes put into ISO-2022-JP."""
    octets = b""
    for letter in text:
        lead, trail = letter.encode("cp932")
        octets += _pair(lead, trail)
    return b"\x1b$B" + octets + b"\x1b(B"


def _pair(lead: int, trail: int) -> bytes:
    for row in range(0x21, 0x98):
        for cell in range(0x21, 0x7F):
            first = (row + 1) // 2 + (0x70 if row <= 0x5E else 0xB0)
            second = cell + (0x7E if row % 2 == 0 else 0x20 if cell >= 0x60 else 0x1F)
            if (first, second) == (lead, trail) and row <= 0x7E:
                return bytes((row, cell))
    return b""


@pytest.mark.parametrize("letter", "①⑳ⅠⅩ㍉㎜㈱㈲㍻№℡")
def test_nec_characters_in_iso_2022_jp_are_read(letter: str) -> None:
    assert charsets.decode(b"a" + _as_jis(letter) + b"b", charsets.ISO_2022_JP) == f"a{letter}b"


def test_nec_selected_ibm_characters_in_iso_2022_jp_are_read() -> None:
    # Rows 89 to 92 hold the 髙 and 﨑 of many family names.
    octets = b"\x1b$B" + bytes.fromhex("7c627975") + b"\x1b(B"
    assert charsets.decode(octets, charsets.ISO_2022_JP) == "髙﨑"


def test_half_width_kana_is_read_in_both_forms() -> None:
    assert charsets.decode(b"\x1b(I12\x1b(B", charsets.ISO_2022_JP) == "ｱｲ"
    assert charsets.decode(b"\xb1\xb2 ok", charsets.ISO_2022_JP) == "ｱｲ ok"


def test_vendor_characters_in_euc_jp_are_read() -> None:
    octets = bytes.fromhex("ada1adea") + "採用".encode("euc_jp")
    assert charsets.decode(octets, charsets.EUC_JP) == "①㈱採用"


def test_every_jis_character_agrees_with_the_standard_codec() -> None:
    """The pair shift and Python's own table name the same character, twins of dashes and waves apart."""
    compared = 0
    for row in range(0x21, 0x7F):
        for cell in range(0x21, 0x7F):
            try:
                standard = (b"\x1b$B" + bytes((row, cell)) + b"\x1b(B").decode("iso2022_jp")
            except UnicodeDecodeError:
                continue
            assert charsets.same_words(jis.vendor_character(row, cell), standard)
            compared += 1
    assert compared == 6879


@pytest.mark.parametrize("octets", [b"\xff\xfe", b"\x1b$B\x80\x80", b"\x1b$A!!"])
def test_octets_that_no_label_explains_are_a_doubt(octets: bytes) -> None:
    with pytest.raises(Doubt):
        charsets.decode(octets, charsets.ISO_2022_JP)


@pytest.mark.parametrize("family", [charsets.ISO_2022_JP, charsets.SHIFT_JIS, charsets.EUC_JP])
def test_waves_and_dashes_are_written_in_every_japanese_charset(family: charsets.Charset) -> None:
    for text in ("10～12時", "10〜12時", "－", "−", "—", "￠¢"):
        octets = charsets.encode(text, family)
        assert octets is not None
        assert charsets.same_words(charsets.decode(octets, family), text.replace("—", "―"))


def test_what_a_charset_lacks_is_not_written() -> None:
    assert charsets.encode("髙島", charsets.ISO_2022_JP) is None
    assert charsets.encode("日本", charsets.LATIN_1) is None
    assert charsets.encode("plain", charsets.LATIN_1) == b"plain"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("選考結果のご連絡".encode(), "選考結果のご連絡"),
        ("選考結果のご連絡".encode("cp932"), "選考結果のご連絡"),
        ("選考結果のご連絡".encode("euc_jp"), "選考結果のご連絡"),
        ("選考結果".encode("iso2022_jp"), "選考結果"),
        (b"caf\xe9", "café"),
        (b"plain", "plain"),
    ],
)
def test_undeclared_text_is_guessed_for_reading(octets: bytes, text: str) -> None:
    assert charsets.read_loosely(octets, "") == text


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"plain", charsets.ASCII),
        ("選考結果".encode("iso2022_jp"), charsets.ISO_2022_JP),
        ("選考結果のご連絡".encode(), charsets.UTF_8),
        ("we\u2019ve".encode(), charsets.UTF_8),
        ("選考結果のご連絡".encode("cp932"), None),
        ("選考結果のご連絡".encode("euc_jp"), None),
        (b"caf\xe9", None),
        ("人人".encode(), None),  # three characters of EUC-JP
        ("café".encode(), None),  # half-width kana of Shift_JIS
    ],
)
def test_undeclared_text_is_certain_where_no_other_charset_fits(octets: bytes, found: charsets.Charset | None) -> None:
    assert charsets.certain(octets) is found


JAPANESE = st.text(st.sampled_from("abc <>{}\r\n-漢字かなカナ、。〜①㈱"), max_size=60)


@property_of(200)
@given(JAPANESE, st.data())
def test_a_place_in_the_text_is_found_in_the_octets(text: str, data: st.DataObject) -> None:
    text = text.replace("\r", "").replace("\n", "\r\n")
    index = data.draw(st.integers(0, len(text)))
    for found in (charsets.UTF_8, charsets.SHIFT_JIS):
        octets = text.encode(found.codec)
        decoded = octets.decode(found.codec)
        offset = charsets.octets_of(octets, decoded, [index], found)[0]
        assert octets[:offset].decode(found.codec) == decoded[:index]
        assert octets[offset:].decode(found.codec) == decoded[index:]


@property_of(200)
@given(st.text(st.sampled_from("ab<\r漢字かな①㈱"), max_size=40), st.data())
def test_a_place_in_iso_2022_jp_is_in_ascii_where_it_can_be(text: str, data: st.DataObject) -> None:
    text = text.replace("\r", "\r\n")
    octets = b"".join(_as_jis(c) if c in "①㈱" else c.encode("iso2022_jp") for c in text)
    index = data.draw(st.integers(0, len(text)))
    assert charsets.decode(octets, charsets.ISO_2022_JP) == text
    offset = charsets.octets_of(octets, text, [index], charsets.ISO_2022_JP)[0]
    # Every letter here brings its own escapes, so that both halves stand for themselves.
    assert charsets.decode(octets[:offset], charsets.ISO_2022_JP) == text[:index]
    assert charsets.decode(octets[offset:], charsets.ISO_2022_JP) == text[index:]


@pytest.mark.parametrize(
    ("octets", "index"),
    [
        (b"\x1b$B4A\r\n;z\x1b(B", 1),
        (b"\x1b$B4A;z", 2),
        (b"\x0e12\x0f", 0),
    ],
    ids=["over-a-line-end", "never-back-in-ascii", "shift-out"],
)
def test_iso_2022_jp_without_a_certain_place_is_a_doubt(octets: bytes, index: int) -> None:
    text = octets.decode("iso2022_jp_ext", jis.VENDOR_JIS)
    with pytest.raises(Doubt):
        charsets.octets_of(octets, text, [index], charsets.ISO_2022_JP)[0]


def test_a_piece_inside_double_bytes_brings_its_escapes() -> None:
    octets = "漢字".encode("iso2022_jp")
    [(octet, state)] = jis.places(octets, [1], 2)
    new = octets[:octet] + jis.embed(b"<br>", state, state) + octets[octet:]
    assert charsets.decode(new, charsets.ISO_2022_JP) == "漢<br>字"
    assert jis.embed(b"", state, state) == b""
    assert jis.embed(b"", jis.ASCII, state) == state


@pytest.mark.parametrize(("octets", "letters"), [("ada1f9a18eb1", "①纊ｱ"), ("f9a1", "纊")])
def test_euc_jp_with_vendor_characters_is_counted_letter_by_letter(octets: str, letters: str) -> None:
    """Python writes 纊 in three octets (JIS X 0212), Windows programmes in two."""
    page = bytes.fromhex(octets) + b"<br>"
    text = charsets.decode(page, charsets.EUC_JP)
    assert text == letters + "<br>"
    assert page[charsets.octets_of(page, text, [text.index("<")], charsets.EUC_JP)[0] :] == b"<br>"


def test_between_two_stretches_the_place_in_ascii_is_taken() -> None:
    """So that a block at the end of a line needs no escape sequence of its own."""
    octets = b'\x1b$B$"\x1b(B\r\n\x1b$B$$\x1b(B'
    assert jis.places(octets, [0, 1, 3, 4], 4) == [(0, jis.ASCII), (8, jis.ASCII), (10, jis.ASCII), (18, jis.ASCII)]
