"""Reads the settings: environment ``CAREERRELAY_…`` with ``__`` between levels, over the TOML file of ``--config``.

``…_FILE`` (``…_file`` in TOML) names a file that holds the value, for secrets. Every mistake is told at once, with
where it stands: a wrong value is left at its default, so that the others are looked at too.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource

from core.errors import ConfigError
from core.settings import PREFIX, Settings, names

_KNOWN = frozenset(name for name, _ in names())


@dataclass(frozen=True, slots=True)
class Reading:
    """``problems``: one line each. ``wrong``: the settings they are about; one that does not read is at its default."""

    settings: Settings
    problems: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()


def load(config_file: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Settings from ``env`` (default: none) over ``config_file``.

    Raises:
        ConfigError: one line for every problem found, not only the first.
    """
    found = read(config_file, env)
    if found.problems:
        raise ConfigError(*found.problems)
    return found.settings


def read(config_file: Path | None = None, env: Mapping[str, str] | None = None) -> Reading:
    """The same for whoever wants to look further although something is wrong."""
    given = _Given(config_file)
    given.take_table()
    given.take_environment({name: value for name, value in (env or {}).items() if name.startswith(PREFIX)})
    wrong: set[str] = set()
    while True:
        try:
            settings = _built(given.environment, given.table)
            break
        except ValidationError as error:
            items = error.errors()
            dropped = False
            for item in items:
                name = _name(item["loc"])
                if not _has_wrong_part(item, items):
                    given.problems.append(_explain(item, given.where(name)))
                dropped |= given.drop(name)
                wrong.add(name)
            if not dropped:
                raise  # a default of ours that does not hold
    found = [(about, text) for about, text in _contradictions(settings) if not wrong.intersection(about)]
    given.problems += [text for _, text in found]
    return Reading(settings, tuple(given.problems), frozenset(wrong.union(*(about for about, _ in found))))


@dataclass
class _Given:
    """What was given, without what is wrong with it."""

    file: Path | None
    environment: dict[str, str] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def take_table(self) -> None:
        if self.file is None:
            return
        try:
            read = tomllib.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.problems.append(f"--config {self.file}: no such file")
        except (OSError, ValueError) as error:  # TOML syntax, not UTF-8
            self.problems.append(f"{self.file}: {getattr(error, 'strerror', None) or error}")
        else:
            self.table = self._known_keys(read, ())

    def _known_keys(self, table: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        good: dict[str, Any] = {}
        for key, value in table.items():
            name = _name((*above, key)) if key.islower() else ""  # Listen is no key, however near
            section = bool(name) and any(known.startswith(name + "__") for known in _KNOWN)
            if name in _KNOWN:
                good[key] = value
            elif section and isinstance(value, dict):
                good[key] = self._known_keys(value, (*above, key))
            elif section:
                self.problems.append(f"{self._in_file(above, key)}: a section; write [{'.'.join((*above, key))}]")
            elif name.removesuffix("_FILE") in _KNOWN and isinstance(value, str):
                content = self._content(value, self._in_file(above, key))
                good |= {} if content is None else {key.removesuffix("_file"): content}
            else:
                here = [known.lower().split("__") for known in (each.removeprefix(PREFIX) for each in _KNOWN)]
                beside = {parts[len(above)] for parts in here if tuple(parts[: len(above)]) == above}
                self.problems.append(f"{self._in_file(above, key)}: no such setting{_near(key, beside)}")
        return good

    def take_environment(self, env: Mapping[str, str]) -> None:
        for name, value in env.items():
            if name in _KNOWN:
                self.environment[name] = value
            elif name.removesuffix("_FILE") in _KNOWN:
                content = self._content(value, name)
                if content is not None:
                    self.environment[name.removesuffix("_FILE")] = content
            else:
                self.problems.append(f"{name}: no such setting{_near(name, _KNOWN)}")

    def _content(self, file: str, where: str) -> str | None:
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            self.problems.append(f"{where}: cannot read {file}: {reason}")
            return None

    def where(self, name: str) -> str:
        """Where the setting was given: its variable, or its place in the file."""
        if name not in self.environment and any(_name(path) == name for path in _paths(self.table)):
            *above, key = name.removeprefix(PREFIX).lower().split("__")
            return self._in_file(above, key)
        return name

    def _in_file(self, above: Sequence[str], key: str) -> str:
        return f"{self.file}: " + (f"[{'.'.join(above)}] {key}" if above else key)

    def drop(self, name: str) -> bool:
        """Leave it out; what the file says about a variable is looked at next. False: nobody gave it."""
        if self.environment.pop(name, None) is not None:
            return True
        *above, key = name.removeprefix(PREFIX).lower().split("__")
        table = self.table
        for part in above:
            table = table.get(part, {})
        return table.pop(key, None) is not None


def _built(environment: Mapping[str, str], table: Mapping[str, Any]) -> Settings:
    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _GivenEnvironment(settings_cls, environment), InitSettingsSource(settings_cls, dict(table))

    return Loaded()


class _GivenEnvironment(EnvSettingsSource):
    """The environment as passed in, not the process's: settings stay a function of their arguments."""

    def __init__(self, settings_cls: type[BaseSettings], env: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in env.items()}
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def _paths(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))


def _name(path: Sequence[str | int]) -> str:
    return PREFIX + "__".join(part.upper() for part in path if isinstance(part, str))


def _near(word: str, among: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, sorted(among), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _has_wrong_part(item: Any, found: Sequence[Any]) -> bool:
    """Is it about a list of which a part is told already? That the list is short without the part helps nobody."""
    where = item["loc"]
    return any(len(other["loc"]) > len(where) and other["loc"][: len(where)] == where for other in found)


def _explain(item: Any, where: str) -> str:
    what = item["msg"].removeprefix("Value error, ")
    secret = any(word in _name(item["loc"]) for word in ("PASSWORD", "TOKEN"))
    told = secret or isinstance(item["input"], dict) or item["type"] == "value_error"
    return f"{where}: {what[:1].lower()}{what[1:]}" + ("" if told else f" (given: {item['input']!r})")


def _contradictions(settings: Settings) -> Iterator[tuple[Sequence[str], str]]:
    """What each setting alone does not show: (the settings it is about, the line)."""
    smtp, relay = settings.smtp, settings.relay
    cert, key, ca = f"{PREFIX}SMTP__TLS_CERT", f"{PREFIX}SMTP__TLS_KEY", f"{PREFIX}RELAY__TLS_CA"
    if (smtp.tls_cert is None) != (smtp.tls_key is None):
        yield (cert, key), f"{cert} and {key}: set both or none"
    for name, path in ((cert, smtp.tls_cert), (key, smtp.tls_key), (ca, relay.tls_ca)):
        if path is not None and not os.access(path, os.R_OK):
            yield (name,), f"{name}: cannot read {path}"
    sender, listen = f"{PREFIX}MAIL__FROM", f"{PREFIX}SMTP__LISTEN"
    if settings.admin.mail and not settings.mail.from_:
        yield (sender,), f"{PREFIX}ADMIN__MAIL: the daily line needs a sender: set {sender}"
    if any(one.tls for one in smtp.listen) and smtp.tls_cert is None:
        yield (listen, cert), f"{listen}: tls:// needs {cert} and {key}"
    database, redis = f"{PREFIX}DATABASE_URL", f"{PREFIX}REDIS_URL"
    if settings.database_url and not settings.database_url.startswith(("postgresql+psycopg://", "sqlite+pysqlite:///")):
        yield (database,), f"{database}: write postgresql+psycopg://USER@HOST/NAME, or leave it empty for SQLite"
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        yield (redis,), f"{redis}: write redis://HOST:PORT/0, or leave it empty for embedded workers"
