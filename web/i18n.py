"""Japanese and English. The source text is Japanese, as it stands in templates; ``locale/en/*.po`` holds the English.

The catalogues are read at start: there is nothing to compile, and a page group has a catalogue of its own size.
"""

import gettext as gettext_module
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, Response, g, request
from flask_babel import Babel, Domain, get_locale, refresh  # type: ignore[import-untyped]
from flask_babel import gettext as translated
from werkzeug.exceptions import RequestEntityTooLarge

from core.clock import JST
from core.lang import Lang, lang_of

LANGS = ("ja", "en")
DEFAULT = "ja"
COOKIE = "lang"
_COOKIE_SECONDS = 365 * 86_400
_DATE = {"ja": "yyyy年M月d日(EEE)", "en": "EEE d MMM yyyy"}


def catalogue() -> Catalog:
    """Every English text, from all files of the package."""
    whole = Catalog(locale="en")
    for file in sorted(resources.files("web").joinpath("locale/en").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".po"):
            for message in read_po(BytesIO(file.read_bytes()), locale="en"):
                if message.id:
                    whole[message.id] = message
    return whole


@cache
def _translations() -> Translations:
    compiled = BytesIO()
    write_mo(compiled, catalogue())
    compiled.seek(0)
    return Translations(compiled)


class _Texts(Domain):  # type: ignore[misc]  # no types there
    """Our texts, held in memory: Japanese is the source, so only English needs a catalogue."""

    def __init__(self) -> None:
        super().__init__(domain="careerrelay")
        self._held: dict[str, gettext_module.NullTranslations] = {"ja": Translations(), "en": _translations()}

    def get_translations(self) -> Any:
        return self._held[lang()]


class _OwnBabel(Babel):  # type: ignore[misc]  # no types there
    domain_instance: _Texts | None = None  # set in `install`, before the first request


def gettext(text: str, **values: object) -> str:
    """``text`` in the language of the page, its blanks ``%(name)s`` filled."""
    return str(translated(text, **values))


def lang() -> Lang:
    """The language of this request."""
    locale = get_locale()
    return lang_of(locale.language if locale is not None else None)


def prefer(language: str) -> bool:
    """Take the language of the page's own subject (a company, an agency) unless the visitor has chosen one.

    Returns whether that changes the language of this request.
    """
    before = lang()
    if _asked() not in LANGS and request.cookies.get(COOKIE) not in LANGS and language in LANGS:
        g.preferred_lang = language
        refresh()
    return lang() != before


def _select() -> str:
    for wish in (_asked(), request.cookies.get(COOKIE), g.get("preferred_lang")):
        if wish in LANGS:
            return str(wish)
    return DEFAULT


def _asked() -> str | None:
    """What a link or a button of this very request asks for."""
    try:
        return request.values.get("lang")
    except RequestEntityTooLarge:
        return request.args.get("lang")  # the page that says so still has a language


def _local(moment: datetime | date) -> datetime | date:
    return moment.astimezone(JST) if isinstance(moment, datetime) else moment


def show_date(moment: datetime | date | None) -> str:
    """2026年11月21日(土), Sat 21 Nov 2026; times are Japan's."""
    return "" if moment is None else format_date(_local(moment), _DATE[lang()], locale=lang())


def show_time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(JST):%H:%M}" + ("" if lang() == "ja" else " JST")


def show_moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{show_date(moment)} {show_time(moment)}"


def show_list(words: Iterable[str]) -> str:
    """Several words in a row, set apart as the page's language does it."""
    return ("、" if lang() == "ja" else ", ").join(words)


def show_wait(seconds: float) -> str:
    """How long until something happens, in words, rounded up."""
    minutes = max(0, -int(-seconds // 60))
    if minutes >= 120:
        return gettext("あと約%(n)d時間", n=round(minutes / 60))
    return gettext("あと%(n)d分", n=minutes) if minutes else gettext("まもなく")


def install(app: Flask) -> None:
    babel = _OwnBabel()
    babel.init_app(app, default_locale=DEFAULT, default_timezone="Asia/Tokyo", locale_selector=_select)
    babel.domain_instance = _Texts()
    app.jinja_env.filters.update(on=show_date, at=show_time, when=show_moment, wait=show_wait, listed=show_list)
    app.jinja_env.globals["lang"] = lang

    @app.after_request
    def remember(response: Response) -> Response:
        chosen = _asked()
        if chosen in LANGS:
            response.set_cookie(
                COOKIE,
                str(chosen),
                max_age=_COOKIE_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=bool(app.config["SESSION_COOKIE_SECURE"]),
            )
        return response
