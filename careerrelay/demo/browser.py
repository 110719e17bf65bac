"""A browser for the demo's played people: real pages, real forms, real POSTs, cookies, redirects. No JavaScript."""

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from http.cookiejar import CookieJar

TIMEOUT_S = 30.0
TRIES, AGAIN_S = 3, 1.0
PAGE_BYTES_MAX = 2_000_000


class DemoBroken(RuntimeError):
    """A page was not what the story expects: the demo says so and goes on with the next person."""


@dataclass(slots=True)
class Form:
    """``fields``: what would be sent as it stands; ``boxes``: unticked boxes and radio buttons, name -> values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    html: str

    @property
    def forms(self) -> list[Form]:
        reader = _FormReader()
        reader.feed(self.html)
        return reader.forms

    def form(self, action: str, **values: str) -> Form:
        """The first form whose action ends so and that sends these values.

        Raises:
            DemoBroken: there is none.
        """
        for form in self.forms:
            if form.action.endswith(action) and values.items() <= form.fields.items():
                return form
        raise DemoBroken(f"{self.status} {urllib.parse.urlsplit(self.url).path}: no form {action}")


class Browser:
    """One person's browser: cookies of its own."""

    def __init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self._opener.addheaders = [("User-Agent", "careerrelay-demo"), ("Accept-Language", "ja")]

    def get(self, url: str) -> Page:
        return self._open(urllib.request.Request(url))  # noqa: S310 - addresses of the demo itself

    def submit(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        """Send ``form`` with ``values`` over what stands in it; once more when the page says "busy, try again"."""
        data = urllib.parse.urlencode({**form.fields, **values}).encode()
        url = urllib.parse.urljoin(page.url, form.action)
        request = urllib.request.Request(url, data=data, method="POST", headers={"Referer": page.url})  # noqa: S310
        for _ in range(TRIES - 1):
            answer = self._open(request)
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
            time.sleep(AGAIN_S)
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                return Page(response.url, response.status, response.read(PAGE_BYTES_MAX).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Page(request.full_url, error.code, error.read(PAGE_BYTES_MAX).decode("utf-8", "replace"))
        except OSError as error:
            raise DemoBroken(f"{urllib.parse.urlsplit(request.full_url).path}: {error}") from error


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._textarea = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            self._input(self._form, given)
        elif tag == "button" and given.get("name"):
            self._form.buttons.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self._form.fields:
                self._form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea, self._text = given.get("name", ""), []

    def _input(self, form: Form, given: Mapping[str, str]) -> None:
        name, kind, value = given.get("name", ""), given.get("type", "text"), given.get("value", "")
        if not name:
            return
        if kind in ("checkbox", "radio") and "checked" not in given:
            form.boxes.setdefault(name, []).append(value or "on")
        elif kind == "submit":
            form.buttons.append((name, value))
        else:
            form.fields[name] = value

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._form is not None:
            self._form.fields[self._textarea] = "".join(self._text).lstrip("\n")
            self._textarea = ""
