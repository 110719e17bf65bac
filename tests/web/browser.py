"""A person without JavaScript: opens pages, reads them, fills forms, presses buttons; keeps cookies."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse


@dataclass
class Button:
    text: str
    name: str
    value: str
    form: str = ""  # the id of another form that it sends


@dataclass
class Form:
    action: str
    method: str
    id: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)  # names of boxes, radios and selects -> values
    buttons: list[Button] = field(default_factory=list)


class Page(HTMLParser):
    """What a page says and offers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._button: Button | None = None
        self._link: list[str] | None = None
        self._select = ""
        self._area: list[str] | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower(), given.get("id", ""))
            self.forms.append(self._form)
        elif tag == "button":
            self._button = Button("", given.get("name", ""), given.get("value", ""), given.get("form", ""))
        elif tag == "a":
            self._link = [given.get("href", ""), ""]
        elif self._form is not None:
            self._field(self._form, tag, given, dict(attrs))

    def _field(self, form: Form, tag: str, given: dict[str, str], raw: dict[str, str | None]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(value)
            if "checked" in raw:
                form.fields.append((name, value))
        elif tag == "input":
            form.fields.append((name, value))
        elif tag == "select":
            self._select = name
            form.choices.setdefault(name, [])
        elif tag == "option" and self._select:
            form.choices[self._select].append(value)
            if "selected" in raw:
                form.fields.append((self._select, value))
        elif tag == "textarea":
            self._select, self._area = name, []

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "button" and self._button is not None:
            self._button.text = " ".join(self._button.text.split())
            named = next((form for form in self.forms if form.id and form.id == self._button.form), self._form)
            if named is not None:
                named.buttons.append(self._button)
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link[0], " ".join(self._link[1].split())))
            self._link = None
        elif tag == "textarea" and self._area is not None and self._form is not None:
            self._form.fields.append((self._select, "".join(self._area).lstrip("\n")))
            self._area = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._button is not None:
            self._button.text += data
        if self._link is not None:
            self._link[1] += data
        if self._area is not None:
            self._area.append(data)


class Browser:
    """Follows redirects; ``status``, ``html`` and ``page`` are those of where it stands."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.path = "/"
        self._take(client.get("/healthz"))

    def open(self, path: str, **headers: str) -> Page:
        self._take(self.client.get(path, follow_redirects=True, headers=headers))
        return self.page

    def press(self, label: str, **fields: str | list[str]) -> Page:
        """Fill the form that has a button with this text and press it; fields are ``name=value``, "__" for "."."""
        for form in self.page.forms:
            for button in form.buttons:
                if button.text.startswith(label):
                    self._send(form, button, {name.replace("__", "."): value for name, value in fields.items()})
                    return self.page
        raise AssertionError(
            f"no button {label!r} on {self.path}: {[b.text for f in self.page.forms for b in f.buttons]}"
        )

    def follow(self, label: str) -> Page:
        """Click a link by its text."""
        for href, text in self.page.links:
            if text.startswith(label):
                return self.open(href if href.startswith("/") else self.path.split("?")[0] + href)
        raise AssertionError(f"no link {label!r} on {self.path}: {self.page.links}")

    def _send(self, form: Form, button: Button, fields: dict[str, str | list[str]]) -> None:
        unknown = fields.keys() - {name for name, _ in form.fields} - form.choices.keys()
        assert not unknown, f"the form has no {unknown}: {form}"
        data: MultiDict[str, str] = MultiDict(item for item in form.fields if item[0] not in fields)
        for name, value in fields.items():
            data.setlist(name, value if isinstance(value, list) else [value])
        if button.name:
            data.add(button.name, button.value)
        assert form.method == "post", "only forms that change something have buttons"
        self._take(self.client.post(form.action or self.path, data=data, follow_redirects=True))

    def _take(self, response: TestResponse) -> None:
        self.response, self.status, self.html = response, response.status_code, response.get_data(as_text=True)
        self.path = response.request.full_path.rstrip("?") if response.request else self.path
        self.page = Page(self.html)
