"""Every text has its English, with the same blanks to fill, and no Japanese is left in it."""

import re
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from crm.registry import companies
from tests.web.conftest import Site
from web import i18n

_METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
# A template that the extractor cannot read would hide its texts: then the test must fail.
_OPTIONS = {"**.html": {"silent": "false"}}
_KEYWORDS = {"gettext": None, "_": None}
_BLANKS = re.compile(r"%\((\w+)\)[sd]|\{n\}")
_JAPANESE = re.compile(r"[぀-ヿ㐀-鿿]")
# A name of the law's own kind, shown as it is written on the licence.
_STAYS = {"13-ユ-123456"}


@cache
def source_texts() -> dict[str, str]:
    """Text -> file where it stands."""
    root = str(resources.files("web"))
    found = extract_from_dir(root, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    return {str(text): file for file, _, text, _, _ in found}


def test_every_text_has_its_english() -> None:
    english = i18n.catalogue()
    missing = {text: file for text, file in source_texts().items() if not (english.get(text) and english[text].string)}
    assert not missing


def test_no_translation_is_left_over() -> None:
    used = source_texts().keys()
    assert not [message.id for message in i18n.catalogue() if message.id and message.id not in used]


def test_a_translation_fills_the_same_blanks_and_is_english() -> None:
    for message in i18n.catalogue():
        if message.id:
            assert set(_BLANKS.findall(str(message.id))) == set(_BLANKS.findall(str(message.string))), message.id
            assert not _JAPANESE.search(re.sub("|".join(_STAYS), "", str(message.string))), message.id


def test_a_text_stands_in_one_catalogue_only() -> None:
    seen: dict[str, str] = {}
    for file in sorted(Path(str(resources.files("web"))).glob("locale/en/*.po")):
        for text in re.findall(r'^msgid "(.+)"$', file.read_text("utf-8"), re.MULTILINE):
            assert text not in seen, f"{text}: {seen[text]} and {file.name}"
            seen[text] = file.name


def test_no_template_text_escapes_translation() -> None:
    """Japanese outside ``_( )`` would stand on an English page; the names of the languages are meant to."""
    for file in Path(str(resources.files("web"))).glob("templates/**/*.html"):
        rest = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", file.read_text("utf-8"), flags=re.DOTALL)
        assert not _JAPANESE.search(rest), file.name


@pytest.mark.parametrize(("lang", "word"), [("ja", "無料のキャリア相談"), ("en", "free career consultation")])
def test_the_visitor_chooses_the_language_and_the_page_remembers(sqlite_site: Site, lang: str, word: str) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    browser = sqlite_site.stranger()
    browser.open(f"{link}?lang={lang}")
    again = browser.open(link)
    assert f'<html lang="{lang}">' in browser.html
    assert word.lower() in again.text.lower()


def test_japanese_is_the_default(sqlite_site: Site) -> None:
    browser = sqlite_site.stranger()
    browser.open(sqlite_site.path(sqlite_site.offer().relay_url), **{"Accept-Language": "fr"})
    assert '<html lang="ja">' in browser.html


def test_without_a_choice_the_company_s_language_is_taken(sqlite_site: Site) -> None:
    with sqlite_site.runtime.begin() as tx:
        companies.change(tx, sqlite_site.company_id, locale="en")
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    browser = sqlite_site.stranger()
    browser.open(link)
    assert '<html lang="en">' in browser.html
    browser.open(f"{link}?lang=ja")
    browser.open(link)
    assert '<html lang="ja">' in browser.html


def test_no_japanese_on_an_english_page(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    for path in ("/console/", "/console/mails/", "/console/ledger/", "/console/companies/new", "/console/agencies/new"):
        text = browser.open(f"{path}?lang=en").text.replace("日本語", "").replace("13-ユ-123456", "")
        for name in ("みなと精密工業株式会社", "かもめキャリア株式会社"):
            text = text.replace(name, "")
        assert not _JAPANESE.search(text), path
