"""Checks of the machine and the installation on it: settings, HOME, disk, keys, database, listeners, public address."""

import http.client
import shutil
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import text

from careerrelay import checks, schema
from careerrelay.doctor.finding import Finding, fail, ok, warn
from careerrelay.doctor.patient import Patient
from careerrelay.readiness import mail_answers, web_answers
from core import sqlite
from core.crypto import KeyRing
from core.db import Database
from core.endpoints import NextHop
from core.errors import ConfigError, Damaged, Temporary
from core.setting_sources import Reading
from core.settings import Settings
from rules.model import Mode

#: The disk is nearly full when this many times the floor is left.
SPACE_WARN_TIMES = 2
CLOCK_WARN_S, CLOCK_FAIL_S = 2.0, 60.0
WEB_ANSWER_S = 5.0
#: So long `doctor` looks through the pages of an SQLite file.
PAGES_CHECK_S = 10.0
#: What is said of a database that schema.py refuses, by the code of its line.
DATABASE_TEXTS = {
    schema.ABSENT: "version",
    schema.OLDER: "version",
    schema.NEWER: "newer",
    schema.CLOSED: "closed",
}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def settings_hold(settings: Settings) -> Iterator[Finding]:
    """What the settings say is usable: next hop named, certificate and key ring readable."""
    problems = checks.problems(Reading(settings))
    for problem in problems:
        yield fail("settings", "wrong", problem=problem)
    if not problems:
        yield ok("settings", "good")


def hostname(settings: Settings) -> Iterator[Finding]:
    """The name in greeting, EHLO and Received is a domain name (RFC 5321 2.3.5), not every machine's."""
    name = settings.smtp.hostname
    local = "." not in name or name.rstrip(".").rpartition(".")[2].lower() in ("localhost", "localdomain", "local")
    yield warn("hostname", "local", name) if local else ok("hostname", "good", name)


def home(settings: Settings) -> Iterator[Finding]:
    """HOME is there, ours alone, and its disk has room."""
    path = settings.home
    try:
        mode = path.stat().st_mode
        free = shutil.disk_usage(path).free
        probe = path / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        yield fail("home", "unusable", str(path), error=error.strerror or "")
        return
    if mode & _OTHERS:
        yield warn("home", "open", str(path), mode=f"{stat.S_IMODE(mode):04o}")
    else:
        yield ok("home", "good", str(path))
    floor = settings.spool.free_bytes_min
    level, word = (fail, "full") if free < floor else (warn, "low") if free < SPACE_WARN_TIMES * floor else (ok, "good")
    yield level("space", word, free=_gib(free), floor=_gib(floor))


def key_ring(settings: Settings, *, new: bool) -> Iterator[Finding]:
    """The ring opens and nobody else may read it. ``new``: there is no database yet, so no ring either."""
    path = settings.keys_file
    try:
        KeyRing.load(path)
        mode = path.stat().st_mode
    except ConfigError as error:
        yield fail("keys", "none" if new and not path.exists() else "unusable", problem=error.message)
        return
    except OSError as error:
        yield fail("keys", "unusable", problem=error.strerror or "")
        return
    if mode & _OTHERS:
        yield warn("keys", "open", str(path), mode=f"{stat.S_IMODE(mode):04o}")
    else:
        yield ok("keys", "good")


def database(settings: Settings) -> Iterator[Finding]:
    """It answers, has this version's tables, and its clock agrees with ours."""
    db = Database(settings.effective_database_url)
    kind = "PostgreSQL" if db.dialect == "postgresql" else "SQLite"
    try:
        schema.check_current(db)
        yield ok("database", "good", kind, step=schema.steps()[-1])
        if db.dialect == "postgresql":
            yield _clock(db)
        else:
            yield from _pages(db, kind)
            yield ok("clock", "same")
    except ConfigError as error:
        yield fail("database", DATABASE_TEXTS[error.mistakes[0].code], kind, problem=error.message)
    except Damaged as error:
        yield fail("database", "damaged", kind, problem=error.message)
    except Temporary as error:
        yield fail("database", "silent", kind, problem=error.message)
    finally:
        db.close()


def _pages(db: Database, kind: str) -> Iterator[Finding]:
    with db.connection(write=False) as connection:
        found = sqlite.damage(connection, PAGES_CHECK_S)
    if found is None:
        yield ok("database", "large", kind, seconds=f"{PAGES_CHECK_S:.0f}")
    elif found:
        yield fail("database", "damaged", kind, problem=found)


def _clock(db: Database) -> Finding:
    with db.connection(write=False) as connection:
        before = datetime.now(UTC)
        theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        after = datetime.now(UTC)
    return clock_skew(before, theirs, after)


def clock_skew(before: datetime, theirs: datetime, after: datetime) -> Finding:
    """``theirs`` was read between ``before`` and ``after``. Leases and retries compare times of several machines."""
    skew_s = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if skew_s >= CLOCK_FAIL_S:
        return fail("clock", "skewed", seconds=f"{skew_s:.0f}")
    if skew_s >= CLOCK_WARN_S:
        return warn("clock", "skewed", seconds=f"{skew_s:.1f}")
    return ok("clock", "good")


def listeners(settings: Settings, *, ours: bool) -> Iterator[Finding]:
    """Every mail address greets, and the web address says it is ready. ``ours``: a process of this installation may
    have answered; where none runs, somebody else has the port."""
    for listen in settings.smtp.listen:
        if listen.port == 0:
            yield warn("smtp", "any_port", str(listen))
        elif mail_answers(listen):
            yield ok("smtp", "answers", str(listen)) if ours else fail("smtp", "foreign", str(listen))
        else:
            yield fail("smtp", "silent", str(listen))
    if settings.web.listen.port == 0:
        yield warn("web", "any_port", str(settings.web.listen))
    elif web_answers(settings.web.listen):
        yield ok("web", "answers", str(settings.web.listen))
    else:
        yield fail("web", "silent", str(settings.web.listen))


def public_address(patient: Patient) -> Iterator[Finding]:
    """Links in mails begin with it: it must be https, and lead to us."""
    url = patient.settings.web.base_url
    parts = urlsplit(url)
    host = parts.hostname or ""
    loopback = NextHop.parse(f"smtp://[{host}]" if ":" in host else f"smtp://{host}").is_loopback
    acting = any(company.mode is not Mode.OBSERVE for company in patient.companies)
    if parts.scheme != "https":
        if loopback:
            yield warn("base_url", "loopback", url)
        else:
            yield (fail if acting else warn)("base_url", "plain", url)
    problem = _does_not_lead_to_us(url)
    if problem is None:
        yield ok("reached", "good", url)
    elif not (loopback and parts.port == 0):
        yield warn("reached", "not_here", url, problem=problem)


def _does_not_lead_to_us(url: str) -> str | None:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=WEB_ANSWER_S) as answer:  # noqa: S310 - http(s) by setting
            return None if answer.read(16) == b"ok\n" else "somebody else answers"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return str(reason) or type(reason).__name__


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
