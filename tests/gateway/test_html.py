"""HTML turned to the text a person sees."""

import pytest

from gateway.html import to_text

CASES = {
    "paragraphs": ("<p>一</p><p>二</p>", "一\n\n二"),
    "line breaks": ("a<br>b<BR/>c", "a\nb\nc"),
    "source line ends are spaces": ("a\r\n  b", "a b"),
    "entities": ("&#36984;&#x8003; &amp; &lt;b&gt;", "選考 & <b>"),
    "words across tags stay whole": ("残<b>念</b>ながら", "残念ながら"),
    "comments, styles, scripts": ("a<!-- b --><style>c</style><script>d('</p>')</script>e", "ae"),
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
