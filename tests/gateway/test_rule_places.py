"""Where a rule may want the block: above the signature, above the quote, or at the very end; in text and in HTML."""

import pytest

from gateway.letter.parse import parse
from gateway.letter.rewrite import Rewritten, rewrite_parsed
from rules.actions import PLACES
from rules.model import Place
from tests.gateway import mails
from tests.gateway.mails import JA, LIMITS, as_html, assert_only_block_added, mail, multipart, part

NEW = "山田様\r\n\r\n今回は採用を見送らせていただきます。\r\n"
SIGNATURE = "\r\n-- \r\n株式会社サンプル 採用担当\r\nTEL 03-0000-0000\r\n"
QUOTE = "\r\n-----Original Message-----\r\nFrom: taro@example.com\r\nSent: 1 Nov 2026\r\n応募いたします。\r\n"
MARKED = "\r\n> 応募いたします。\r\n> よろしくお願いします。\r\n"
BODIES = {
    "all": NEW + SIGNATURE + QUOTE,
    "marked": NEW + SIGNATURE + MARKED,
    "no signature": NEW + QUOTE,
    "no quote": NEW + SIGNATURE,
    "neither": NEW,
    "quote only": QUOTE.lstrip(),
}
LAST = {"before_signature": "見送らせていただきます。", "after_new_text": "03-0000-0000", "end": "お願いします。"}


def placed(raw: bytes, where: Place) -> bytes:
    made = rewrite_parsed(parse(raw, LIMITS), JA, LIMITS, where=where)
    assert isinstance(made, Rewritten), made
    return made.apply(raw)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_only_the_block_is_added_wherever_it_goes(body: str, where: Place) -> None:
    text, html = part(body, "utf-8", "8bit"), part(as_html(body), "utf-8", "8bit", "html")
    for raw, parts in ((mail(text), 1), (mail(html), 1), (mail(multipart("alternative", text, html)), 2)):
        assert_only_block_added(raw, placed(raw, where), parts)


@pytest.mark.parametrize(("where", "last"), LAST.items())
def test_the_place_is_the_one_that_was_asked_for(where: Place, last: str) -> None:
    before = mails.texts(placed(mail(part(BODIES["marked"], "utf-8", "8bit")), where))[0].partition("ご希望の方には")[0]
    assert before.rstrip().endswith(last)


def test_in_html_the_block_stands_above_the_quote_or_below_it() -> None:
    raw = mail(part(as_html(BODIES["all"]), "utf-8", "8bit", "html"))

    def order(where: Place) -> list[str]:
        text = mails.texts(placed(raw, where))[0]
        return sorted(("見送らせて", "03-0000-0000", "Original Message", "応募いたします", mails.RELAY), key=text.index)

    assert [order(where).index(mails.RELAY) for where in PLACES] == [1, 2, 4]


@pytest.mark.parametrize("where", PLACES)
def test_a_placeholder_says_the_place_before_any_rule(where: Place) -> None:
    raw = mail(part(f"{NEW}{{{{careerrelay}}}}\r\nしめくくり\r\n{SIGNATURE}", "utf-8", "8bit"))
    text = mails.texts(placed(raw, where))[0]
    assert text.index("見送らせて") < text.index(mails.RELAY) < text.index("しめくくり")
