"""The texts of the block: short, writable in every charset of Japanese mail, the same in text and HTML."""

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from core.errors import ConfigError
from gateway.letter import blocks, charset
from gateway.letter.block import Block
from gateway.letter.blocks import BlockTemplate
from tests.gateway import mails
from tests.gateway.mails import OPTOUT, RELAY

TONES = [(lang, tone) for lang in ("ja", "en") for tone in ("polite", "plain")]


def made(lang: str, tone: str = "polite", **changes: Any) -> Block:
    values: dict[str, Any] = {
        "agency": "株式会社あおば人材",
        "licence_no": "13-ユ-000000",
        "relay_url": RELAY,
        "optout_url": OPTOUT,
        "expires_on": date(2027, 2, 9),
    }
    return blocks.block("en" if lang == "en" else "ja", tone, **values | changes)


def test_both_languages_come_in_two_tones() -> None:
    assert {(template.lang, template.tone) for template in blocks.shipped()} == set(TONES)


@pytest.mark.parametrize(("lang", "tone"), TONES)
def test_a_block_names_agency_licence_date_and_both_links(lang: str, tone: str) -> None:
    block = made(lang, tone)
    for said in ("株式会社あおば人材", "13-ユ-000000", RELAY, OPTOUT):
        assert block.text.count(said) == 1
        assert unescape(block.html).count(said) == 1
    assert block.html.isascii()
    assert ("2027年2月9日" if lang == "ja" else "9 February 2027") in block.text
    assert block.link_prefixes == ("https://relay.example.jp/r/", "https://relay.example.jp/u/")


@pytest.mark.parametrize(("lang", "tone"), TONES)
def test_a_block_is_short(lang: str, tone: str) -> None:
    text = made(lang, tone).text.replace(RELAY, "").replace(OPTOUT, "")
    assert len(text) <= 300
    assert len(re.findall(r"[。！？]|[.!?](?=\s)", text)) <= 3


class _Words(HTMLParser):
    """A reader of HTML that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.links: list[str | None] = []
        self.langs: list[str | None] = []

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("br", "span", "a"), "nothing that a paragraph or a table cell cannot hold"
        self.links += [value for name, value in attrs if name == "href"]
        self.langs += [value for name, value in attrs if name == "lang"]


@pytest.mark.parametrize(("lang", "tone"), TONES)
def test_html_says_the_same_in_the_same_order(lang: str, tone: str) -> None:
    block = made(lang, tone)
    page = _Words()
    page.feed(block.html)
    said = block.text.replace(RELAY, "").replace(OPTOUT, "")
    assert page.words.split() == said.split()
    assert page.links == [RELAY, OPTOUT]
    assert page.langs == [lang]


@pytest.mark.parametrize("template", blocks.shipped(), ids=lambda template: f"{template.lang}-{template.tone}")
@pytest.mark.parametrize("codec", ["iso2022_jp", "shift_jis", "euc_jp", "utf-8"])
def test_shipped_texts_fit_every_charset_of_japanese_mail(template: BlockTemplate, codec: str) -> None:
    assert blocks.check(template) == ()
    for line in template.lines:
        line.encode(codec)
        assert line.isascii() or template.lang == "ja"


def test_values_cannot_leave_their_place_in_html() -> None:
    block = made("ja", agency="A&B <b>人材</b>")
    assert "A&amp;B &lt;b&gt;" in block.html
    assert "A&B <b>人材</b>" in unescape(block.html)


def test_a_value_is_not_read_as_a_pattern() -> None:
    assert "{licence_no}社" in made("ja", agency="{licence_no}社").text


@pytest.mark.parametrize(
    "changes",
    [
        {"agency": "x\r\nBcc: y"},
        {"agency": "x\u2028y"},
        {"agency": "x\u202ey"},
        {"agency": " "},
        {"licence_no": "1\0"},
        {"agency": "あ" * 301},
        {"relay_url": "https://relay.example.jp/r/x y"},
        {"relay_url": "https://relay.example.jp/r/x\r\ny"},
        {"relay_url": 'https://relay.example.jp/r/x"onclick="'},
        {"relay_url": "javascript:alert(1)"},
        {"optout_url": "https://relay.example.jp/u/" + "x" * 500},
        {"optout_url": "https://日本.example.jp/u/x"},
    ],
)
def test_values_that_would_break_a_mail_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="block:"):
        made("ja", **changes)


def test_a_tone_that_is_not_shipped_reads_as_polite() -> None:
    assert made("ja", "neutral") == made("ja", "polite")


OWN = """
lang = "ja"
tone = "own"
sentences = ["{agency}（{licence_no}）をご案内します。"]
relay_label = "ご案内（{expires_on}まで）"
optout_label = "不要な方"
"""


def test_a_companys_own_text_is_read_and_filled() -> None:
    template = blocks.load(OWN, "own.toml")
    values = {"agency": "甲", "licence_no": "1", "expires_on": "明日"}
    block = blocks.fill(template, values, relay_url=RELAY, optout_url=OPTOUT)
    assert block.text == f"甲（1）をご案内します。\nご案内（明日まで）\n{RELAY}\n不要な方\n{OPTOUT}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("ご案内します", "ご案内します♥", "not in ISO-2022-JP: ♥"),
        ("ご案内します", "①をご案内します", "not in ISO-2022-JP: ①"),
        ("ご案内します", "ご案内します。二。三。四", "4 sentences"),
        ("ご案内します", "ご" * 280, "at most 300"),
        ("（{licence_no}）", "", "{licence_no} is missing"),
        ("（{licence_no}）", "{licence_no}{name}", "unknown {name}"),
        ("不要な方", "https://example.org/x", "links and tags"),
        ("不要な方", "<b>不要</b>", "links and tags"),
        ("不要な方", " ", "empty"),
        ("不要な方", "不要\\n方", "line end"),
        ("lang =", "lang", "own.toml"),
        ('lang = "ja"', 'lang = "en"', "not in US-ASCII: "),
        ('lang = "ja"', 'lang = "fr"', "own.toml:2: write lang"),
        ('lang = "ja"', 'lang = "ja"\ncolour = 1', "own.toml:3: unknown key 'colour'"),
        ("tone = ", "tone = 1 #", "tone is a word"),
        ("sentences = ", "sentences = 1 #", "sentences is a list"),
        ("relay_label = ", "relay_label = 1 #", "relay_label is a text"),
    ],
)
def test_a_text_is_checked_when_it_is_saved(old: str, new: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        blocks.load(OWN.replace(old, new), "own.toml")
    assert problem in caught.value.message
    assert caught.value.message.startswith("own.toml:")


def test_a_block_without_its_links_cannot_exist() -> None:
    with pytest.raises(ValueError, match="links"):
        Block("text", "<a>", (RELAY, OPTOUT))
    with pytest.raises(ValueError, match="links"):
        Block(f"{RELAY} {RELAY} {OPTOUT}", f"{RELAY} {OPTOUT}", (RELAY, OPTOUT))


def test_the_sample_is_readable_in_iso_2022_jp() -> None:
    octets = charset.encode(mails.JA.text, charset.ISO_2022_JP)
    assert octets is not None
    assert octets.decode("iso2022_jp") == mails.JA.text
