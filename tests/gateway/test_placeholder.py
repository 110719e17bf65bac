"""``{{careerrelay}}``: replaced by the block, or taken out when none goes in."""

import pytest

from gateway.letter.rewrite import Rewritten, remove_placeholder, rewrite
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS, mail, multipart, part

MARKS = ["{{careerrelay}}", "{{CareerRelay}}", "{{ careerrelay }}", "{{キャリアリレー}}", "｛｛キャリアリレー｝｝"]
FORMS = [
    ("utf-8", "8bit", "utf-8"),
    ("utf-8", "base64", "utf-8"),
    ("utf-8", "quoted-printable", "utf-8"),
    ("iso-2022-jp", "7bit", "iso2022_jp"),
    ("shift_jis", "8bit", "cp932"),
    ("euc-jp", "base64", "euc_jp"),
]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(("charset", "encoding", "codec"), FORMS, ids=str)
def test_the_block_takes_its_place(charset: str, encoding: str, codec: str, mark: str) -> None:
    text = f"お祈りします。\r\n\r\n{mark}\r\n\r\n今後ともよろしくお願いします。\r\n\r\n-- \r\n佐藤\r\n"
    raw = mail(part(text, charset, encoding, codec=codec))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten), result
    shown = mails.texts(result.apply(raw))[0].replace("\r\n", "\n")
    assert shown == text.replace("\r\n", "\n").replace(mark, JA.text)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(("charset", "encoding", "codec"), FORMS, ids=str)
def test_without_a_block_its_line_goes(charset: str, encoding: str, codec: str, mark: str) -> None:
    text = f"お祈りします。\r\n{mark}\r\nよろしくお願いします。\r\n"
    raw = mail(part(text, charset, encoding, codec=codec))
    cleaned = remove_placeholder(raw, LIMITS)
    assert cleaned is not None
    assert mails.texts(cleaned.apply(raw))[0].replace("\r\n", "\n") == "お祈りします。\nよろしくお願いします。\n"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("see {{careerrelay}} below\r\n", "see below\r\n"),
        ("see {{careerrelay}}\r\nx", "see\r\nx"),
        ("{{careerrelay}} {{careerrelay}}\r\nx\r\n", "x\r\n"),
        ("前{{careerrelay}}後", "前後"),
        ("{{careerrelay}}", ""),
        ("> {{careerrelay}}\r\nx {{careerrelay}}", "> {{careerrelay}}\r\nx"),
    ],
)
def test_spaces_around_it_go_with_it(text: str, cleaned: str) -> None:
    raw = mail(part(text, "utf-8", "8bit"))
    made = remove_placeholder(raw, LIMITS)
    assert made is not None
    assert made.apply(raw) == mail(part(cleaned, "utf-8", "8bit"))


def test_a_block_inside_a_line_gets_lines_of_its_own() -> None:
    raw = mail(part("before {{careerrelay}} after\r\n", "utf-8", "8bit"))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten)
    body = JA.text.replace("\n", "\r\n")
    assert mails.texts(result.apply(raw))[0] == f"before\r\n{body}\r\nafter\r\n"


def test_only_the_first_becomes_the_block() -> None:
    raw = mail(part("a\r\n{{careerrelay}}\r\nb\r\n{{careerrelay}}\r\n", "utf-8", "quoted-printable"))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten)
    shown = mails.texts(result.apply(raw))[0]
    assert shown.count(mails.RELAY) == 1
    assert "{{" not in shown


@pytest.mark.parametrize(
    "mark",
    [
        "{{careerrelay}}",
        "{{<b>careerrelay</b>}}",
        "{<span>{careerrelay}</span>}",
        "{{&#12461;&#12515;&#12522;&#12450;&#12522;&#12524;&#12540;}}",
        "{{&#x30AD;ャリアリレー}}",
        "{{&nbsp;careerrelay&nbsp;}}",
    ],
)
def test_in_html_tags_inside_it_stay(mark: str) -> None:
    raw = mail(part(f"<p>a {mark} b</p>", "utf-8", "base64", "html"))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten), result
    shown = mails.texts(result.apply(raw))[0]
    assert shown.startswith("<p>a ")
    assert shown.endswith(" b</p>")
    assert shown.count(mails.RELAY) == 1
    for tag in ("<b>", "</b>", "<span>", "</span>"):
        assert shown.count(tag) >= mark.count(tag)
    assert "careerrelay" not in shown.replace("relay.example.jp", "")
    cleaned = remove_placeholder(raw, LIMITS)
    assert cleaned is not None
    assert "{{" not in mails.texts(cleaned.apply(raw))[0]


def test_each_form_keeps_its_own_place() -> None:
    plain = part("a\r\n{{careerrelay}}\r\nb\r\n", "utf-8", "8bit")
    html = part("<p>a</p><p>b</p></body>", "utf-8", "8bit", "html")
    raw = mail(multipart("alternative", plain, html))
    result = rewrite(raw, JA, LIMITS)
    assert isinstance(result, Rewritten)
    text, page = mails.texts(result.apply(raw))
    assert text.endswith("\r\nb\r\n")
    assert page.index("<p>b</p>") < page.index(mails.RELAY)


@pytest.mark.parametrize(
    "raw",
    [
        mail(part("no mark here\r\n", "utf-8", "8bit")),
        mail(multipart("signed", part("{{careerrelay}}\r\n", "utf-8", "8bit"), b"\r\nx")),
        mail(part(b"\xff{{careerrelay}}\r\n", "utf-8", "8bit")),
        mail(part("{{careerrelay}} " * 60, "utf-8", "8bit")),
        mail(part("-----BEGIN PGP MESSAGE-----\r\n{{careerrelay}}\r\n", "utf-8", "8bit")),
    ],
    ids=["none", "signed", "unreadable", "flood", "pgp"],
)
def test_nothing_is_taken_out_in_doubt(raw: bytes) -> None:
    assert remove_placeholder(raw, LIMITS) is None
