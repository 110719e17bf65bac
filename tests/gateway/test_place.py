"""The block stands under the new text, above signature and quotation, in the styles that people use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter import place, place_html
from gateway.letter.doubt import Doubt
from gateway.letter.place_html import Page
from tests.gateway.mails import property_of

MARK = "▼"

# The mark says where the block goes.
PLAIN = {
    "no signature": "Dear A,\n\nno.\n▼",
    "no last line end": "no.▼",
    "blank lines at the end": "no.\n▼\n\n",
    "RFC delimiter": "Dear A,\n\nno.\n▼\n-- \nJane\nHR\n",
    "delimiter without its space": "no.\n▼\n--\n株式会社あおぞら\nTEL 03-0000-0000\n",
    "lines above and below": "様\n\nお祈りします。\n▼\n━━━━━━━━━━\n株式会社あおぞら\n〒100-0000\n━━━━━━━━━━\n",
    "stars": "お祈りします。\n▼\n*****************\n カフェ\n 今井\n*****************\n",
    "a line above only": "お祈りします。\n▼\n==========\n採用担当 saiyo@example.jp\n",
    "equal signs and diamonds": "お祈りします。\n▼\n◆◇◆◇◆◇◆◇\n株式会社あおぞら\n◆◇◆◇◆◇◆◇\n",
    "name only": "お祈りします。\n▼\n株式会社あおぞら\n採用担当 佐藤\n",
    "name only, English": "Good luck.\n▼\nBob\nAcme Widgets\n+81 3 0000 6786\n",
    "sign-off": "We regret.\n▼\nBest regards,\nJane Doe\nRecruiting\n",
    "sincerely": "We regret.\n▼\nSincerely,\nJane\n",
    "disclaimer": "We regret.\n▼\nThis e-mail is confidential. Please delete it.\n",
    "disclaimer, Japanese": "お祈りします。\n▼\n※本メールは宛先の方のみに宛てたものです。\n",
    "signature and disclaimer": "お祈りします。\n▼\n--\n佐藤\n\n本メールに記載の内容は機密情報を含みます。\n",
    "section lines stay": "結果\n----------\n不採用\n----------\nまたのご応募をお待ちしています。\n▼",
    "quoted lines": "no.\n▼\n> when will I hear?\n> A\n",
    "intro and quoted lines": "no.\n▼\nOn Mon, 9 Nov 2026 at 10:00, A B <a@example.com> wrote:\n> when?\n",
    "wrapped intro": "no.\n▼\nOn Mon, 9 Nov 2026 at 10:00,\nA B <a@example.com> wrote:\n\n> when?\n",
    "Gmail, Japanese": "結果です。\n▼\n2026年11月5日(木) 10:22 佐藤花子 <a@example.com>:\n\n> いつ?\n",
    "Thunderbird, Japanese": "結果です。\n▼\n2026/11/05 10:22、佐藤花子 さんが書きました:\n> いつ?\n",
    "Outlook": "no.\n▼\n-----Original Message-----\nFrom: a@example.com\nSent: Monday\n\nwhen?\n",
    "Outlook, line": "no.\n▼\n________________________________\nFrom: A\nSent: Monday\nTo: b\n\nwhen?\n",
    "Outlook, Japanese": "結果です。\n▼\n-----元のメッセージ-----\n差出人: 佐藤\n\nいつ?\n",
    "Outlook 2016, Japanese": "結果です。\n▼\n差出人: 佐藤\n送信日時: 2026年11月5日\n件名: 伺い\n\nいつ?\n",
    "sent from, Japanese": "結果です。\n▼\n送信元: 佐藤\n日時: 2026年11月5日\n件名: 伺い\n\nいつ?\n",
    "forwarded": "共有します。\n▼\n---------- Forwarded message ---------\nFrom: a\nDate: b\n\nx\n",
    "Apple": "see below\n▼\nBegin forwarded message:\n\nFrom: a\n",
    "signature above quotes": "no.\n▼\n-- \nJane\n\nOn Mon, A <a@example.com> wrote:\n> when?\n",
    "signature below quotes": "no.\n▼\n> when?\n\n-- \nJane\n",
    "answer below the quotes": "> when will I hear?\n\nWe have decided: no.\n▼\n-- \nJane\n",
    "answers between quotes": "> first?\nyes\n> second?\nno\n▼",
    "only quotes": "▼> a\n> b\n",
    "only a forward": "▼-----Original Message-----\nFrom: a\n\nx\n",
    "rule first": "━━━━━━━━\n結果のご連絡\n━━━━━━━━\n▼",
    "addresses in the text": "Write to hr@example.jp.\nFrom: now on we use the portal.\n▼",
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", PLAIN)
def test_in_plain_text(name: str, newline: str) -> None:
    wanted = PLAIN[name].replace("\n", newline)
    text = wanted.replace(MARK, "")
    at = place.insertion(text, place.cut(text))
    assert text[:at] + MARK + text[at:] == wanted


HTML = {
    "before the body's end": "<html><body><p>no.</p>\r\n▼</body></html>",
    "capital letters": "<HTML><BODY>no.▼</BODY></HTML>",
    "only html": "<html>no.▼</html>",
    "no end at all": "<p>no.</p>▼",
    "body end in a comment": "<p>no.</p><!-- </body> -->▼</body></html>",
    "two body ends": "<p>no.</p></body><p>x</p>▼</body>",
    "signature class": '<div>no.</div>▼<div class="signature">--<br>Jane</div></body>',
    "Gmail signature": '<div>no.▼<br clear="all"></div><div><br></div>-- <br><div class="gmail_signature">J</div>',
    "Thunderbird signature": '<p>no.</p>▼<div class="moz-signature">-- <br>Jane</div>',
    "Outlook web signature": '<div>no.</div>▼<div id="Signature">Jane</div>',
    "lines in a paragraph": "<p>お祈りします。▼<br>━━━━━━━━<br>株式会社あおぞら<br>━━━━━━━━</p>",
    "lines in paragraphs": "<p>お祈りします。</p>▼<p>━━━━━━━━</p><p>株式会社あおぞら</p><p>━━━━━━━━</p>",
    "signature in the next cell": '<table><tr><td>no.▼</td></tr><tr><td class="signature">J</td></tr></table>',
    "Gmail quote": '<div>no.</div>▼<br><div class="gmail_quote">On Mon wrote:<br><blockquote>x</blockquote></div>',
    "Thunderbird quote": '<p>no.</p>▼<div class="moz-cite-prefix">x wrote:</div><blockquote type="cite">y</blockquote>',
    "Outlook web quote": '<div>no.</div>▼<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: a</div>',
    "Outlook quote": (
        "<p class=MsoNormal>no.<o:p></o:p></p>▼<div><div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
        "<p><b>From:</b> a<br><b>Sent:</b> b</p></div></div><p>x</p></body>"
    ),
    "quote without a class": "<p>no.</p>▼<b>差出人:</b> a<br><b>送信日時:</b> b<br>x",
    "answer below the quote": '<blockquote type="cite">x</blockquote><p>no.</p>▼<div class="moz-signature">J</div>',
    "indented text is no quote": '<blockquote style="margin:0 0 0 40px">no.</blockquote>▼</body>',
    "marks in styles": "<style>.gmail_quote{}.signature{}</style><p>no.</p>▼</body>",
    "marks in comments": '<p>no.</p><!-- <div class="gmail_quote"> --><p>b</p>▼</body>',
    "only quoted": '▼<blockquote class="gmail_quote">x</blockquote>',
}


@pytest.mark.parametrize("name", HTML)
def test_in_html(name: str) -> None:
    wanted = HTML[name]
    page = Page(wanted.replace(MARK, ""))
    at = place_html.insertion(page, place_html.cut(page))
    assert page.text[:at] + MARK + page.text[at:] == wanted


@pytest.mark.parametrize(
    "html",
    [
        "<p>no.</p><!-- never closed </body></html>",
        "<p>no.</p><style>.a{} ",
        '<p>no.</p><img alt="',
        '<p>no.</p><a href="x" title="</body>">y</a>',
        '<tr><td class="gmail_quote">J</td></tr>',
    ],
)
def test_html_without_a_certain_place_is_a_doubt(html: str) -> None:
    page = Page(html)
    with pytest.raises(Doubt):
        at = place_html.insertion(page, place_html.cut(page))
        raise AssertionError(html[:at] + MARK + html[at:])


PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "<p>",
                "</P>",
                "<br>",
                "<div class='gmail_quote'>",
                "<pre>",
                "</pre>",
                "<",
                "</",
                "<1>",
                ">",
                "<p",
                "<!>",
            ),
            *("<!--", "-->", "--!>", "<style>", "</STYLE>", "<title>x</title>", "<a href='x>y'>", "</body>"),
            *(
                "あ",
                "<body>",
                "İ",
                "&nbsp;",
                "&#160;",
                "&",
                "\r\n",
                "\n",
                " ",
                "-- ",
                "From: a",
                "On x wrote:",
                "> q",
                "\0",
            ),
        ]
    ),
    max_size=30,
).map("".join)


@property_of(500)
@given(PIECES)
def test_the_mask_of_any_page_keeps_every_offset(html: str) -> None:
    page = Page(html)
    assert len(page.mask) == len(html)
    assert all(letter in (" ", "\n") or letter == html[index] for index, letter in enumerate(page.mask))
    assert 0 <= page.start <= len(html)
    found = place_html.cut(page)
    assert 0 <= found.end <= len(html)
    try:
        at = place_html.insertion(page, found)
    except Doubt:
        return
    assert 0 <= at <= len(html)
    assert not page.is_unshown(at)
    # Never inside a tag: the last bracket before the place closes one, or opens none.
    opened = html.rfind("<", 0, at)
    assert opened <= html.rfind(">", 0, at) or html[opened + 1 : opened + 2] not in (
        "p",
        "b",
        "/",
        "!",
        "a",
        "d",
        "s",
        "t",
    )


def test_the_mask_keeps_every_offset() -> None:
    html = "<p>İx<br>&nbsp;漢字</p><!-- c -->\r\n<style>p{}</style><pre>a\n b</pre>"
    page = Page(html)
    assert len(page.mask) == len(html)
    for index, letter in enumerate(page.mask):
        assert letter in (" ", "\n") or letter == html[index]


def test_what_is_not_shown_makes_no_tag_of_what_stands_around_it() -> None:
    assert Page("<p<title>x</title>-->y").mask == "<p" + " " * 16 + "-->y"
