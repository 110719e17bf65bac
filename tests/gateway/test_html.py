"""HTML turned to the text a person sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letter.html import _plain_page, _Reader, to_text
from tests.gateway.mails import property_of

CASES = {
    "paragraphs": ("<p>一</p><p>二</p>", "一\n\n二"),
    "line breaks": ("a<br>b<BR/>c", "a\nb\nc"),
    "source line ends are spaces": ("a\r\n  b", "a b"),
    "entities": ("&#36984;&#x8003; &amp; &lt;b&gt;", "選考 & <b>"),
    "words across tags stay whole": ("残<b>念</b>ながら", "残念ながら"),
    "comments, styles, scripts": ("a<!-- b --><style>c</style><script>d('</p>')</script>e", "ae"),
    "an island of Office": ("a<xml><o:x>b</o:x></xml>c", "ac"),
    "forms and frames": ("a<textarea>b</textarea>c<template>d</template>e<noframes>f</noframes>g", "aceg"),
    "blank paragraphs do not pile up": ("a<p></p><p> </p><p></p><br><br><br><p>b</p>", "a\n\nb"),
    "title is not text": ("<head><title>t</title></head><body>a</body>", "a"),
    "display none": ('a<div style="display: none">b<div>c</div>d</div>e', "ae"),
    "hidden attribute": ("a<p hidden>b</p>c", "ac"),
    "a class named hidden is not hidden": ('a<p class="x hidden y">b</p>', "a\n\nb"),
    "preheader": ('<div style="max-height:0;overflow:hidden">b</div>a', "a"),
    "zero font size only removes gaps": ('<td style="font-size:0px"><div style="font-size:13px">a</div></td>', "a"),
    "hidden void element": ('a<img style="display:none">b', "ab"),
    "hidden item without end tag": ("<ul><li style='display:none'>a<li>b</ul>", "b"),
    "hidden element that never ends": ('a<span style="display:none">b<p>c</p>', "ab\n\nc"),
    "quotes are marked": ('no<blockquote type="cite">old<br>older</blockquote>new', "no\n> old\n> older\nnew"),
    "Gmail quotes": ('no<blockquote class="gmail_quote">old</blockquote>', "no\n> old"),
    "indented text is no quote": ("<blockquote>new</blockquote>", "new"),
    "nested quotes": ('<blockquote type=cite>a<blockquote type="cite">b</blockquote></blockquote>', "> a\n>> b"),
    "preformatted": ("<pre>a\n  b</pre>c", "a\n  b\nc"),
    "cells": ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    "alternative text": ('<img alt="結果">', "結果"),
    "attributes with angle brackets": ('<a title="a > b">x</a>', "x"),
    "lonely angle bracket": ("3 < 5 and 6 > 4", "3 < 5 and 6 > 4"),
    "unclosed comment": ("a<!-- b", "a"),
    "conditional comment": ("a<!--[if mso]>b<![endif]-->c<![if !mso]>d<![endif]>", "acd"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_visible_text(name: str) -> None:
    html, text = CASES[name]
    assert to_text(html) == text


PIECES = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<P>", "<br>", "<BR/>", "<br />", "<div>", "</div>", '<div style="color:red">', "<h1>"),
            *('<div style="display:none">', "<span hidden>", "<td>", "</td>", "<tr>", "<b>", "</b>", "<o:p></o:p>"),
            *("<blockquote type=cite>", "</blockquote>", "<pre>", "</pre>", "<title>x</title>", "<style>", "</style>"),
            *("<!--", "-->", "<!doctype html>", "<?xml ?>", "<!>", '<a href="x>y">', "<a 'b>c'>", "<a \"'>", "<x:y z>"),
            *(
                "<img alt='結果'>",
                "<img alt=x>",
                '"',
                "'",
                "<",
                "< ",
                ">",
                "</",
                "text ",
                " ",
                "  ",
                "\r\n",
                "\t",
                "\f",
            ),
            *("あ", "\u3000", "\x0b", "\x85", "&nbsp;", "&amp;", "&lt;", "&#10;", "&#1;", "&", "&am", "p;"),
        ]
    ),
    max_size=25,
).map("".join)


@property_of(600)
@given(PIECES)
def test_the_short_way_finds_what_the_long_way_finds(html: str) -> None:
    found = _plain_page(html)
    if found is not None:
        assert found == _Reader(hide=True).read(html)


@pytest.mark.parametrize("name", ["paragraphs", "cells", "comments, styles, scripts", "attributes with angle brackets"])
def test_ordinary_pages_go_the_short_way(name: str) -> None:
    assert _plain_page(CASES[name][0]) == CASES[name][1]


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<a ",
        '<a "',
        "<a '",
        "</",
        "<div>",
        '<div style="display:none">',
        "<style>",
        "&",
        "&#",
        "<p",
        "a<br>",
    ],
)
def test_hostile_pages_are_read_in_one_go(piece: str) -> None:
    """200,000 characters of each: quadratic reading would not come back."""
    to_text(piece * (200_000 // len(piece)))
