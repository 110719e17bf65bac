"""The daily line to the admin: what a day brought and what waits now, in numbers. No person and no mail is named."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from careerrelay.doctor import hops
from careerrelay.doctor.finding import reason_words
from core import jobs
from core.errors import ConfigError
from core.jobs import Claimed
from core.lang import Lang
from core.log import get_logger
from core.runtime import Runtime, Tx
from core.settings import Settings
from crm import letters, wording
from crm.letters import Letter
from crm.registry import companies
from crm.registry.companies import CompanyView
from gateway import figures
from gateway.figures import Backlog, Tally
from gateway.tables import MailState

log = get_logger(__name__)

REPORT_JOB = "daily_report"
REASONS_MAX = 5
#: A queue older than this, or a next hop that does not answer, is said in the subject.
OLD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """One company's day. ``domain`` tells the reader which it is."""

    id: int
    domain: str
    mode: str
    bypass: bool
    suspended: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class HopState:
    """``problem`` is empty when the next hop takes mail, else the step at which it stops."""

    server: str
    problem: str


@dataclass(frozen=True, slots=True)
class Report:
    """``day`` in the admin's time zone; queue, next hops and disk as of ``made_at``."""

    day: date
    made_at: datetime
    total: Tally
    backlog: Backlog
    hops: Sequence[HopState]
    disk_free_bytes: int
    disk_floor_bytes: int
    bypass_all: bool
    companies: Sequence[CompanyLine] = field(default=())

    @property
    def held(self) -> int:
        return self.backlog.mails[MailState.HELD.value]

    @property
    def waiting(self) -> int:
        return self.backlog.total - self.held

    @property
    def oldest_minutes(self) -> int:
        """How long the oldest mail waits that no person holds."""
        oldest = self.backlog.oldest
        return 0 if oldest is None else max(int((self.made_at - oldest).total_seconds() // 60), 0)

    @property
    def needs_a_look(self) -> bool:
        return (
            self.oldest_minutes >= OLD.total_seconds() / 60
            or any(hop.problem for hop in self.hops)
            or self.disk_free_bytes < self.disk_floor_bytes
            or bool(self.total.unchanged["fault"])
            or self.bypass_all
        )


def collect(runtime: Runtime, day: date) -> Report:
    """Count ``day`` (midnight to midnight in `admin.timezone`) and look at what waits now."""
    settings = runtime.settings
    since, until = _bounds(settings, day)
    with runtime.read() as tx:
        found = figures.tallies(tx, since, until)
        backlog, views, bypass_all = figures.backlog(tx), companies.all_companies(tx), companies.bypass_all(tx)
        now = tx.now
    total = Tally()
    for tally in found.values():
        total.add(tally)
    return Report(
        day=day,
        made_at=now,
        total=total,
        backlog=backlog,
        hops=_hops(runtime, views),
        disk_free_bytes=shutil.disk_usage(settings.home).free,
        disk_floor_bytes=settings.spool.free_bytes_min,
        bypass_all=bypass_all,
        companies=[_line(view, found.get(view.id, Tally())) for view in views],
    )


def today(settings: Settings, now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.admin.timezone)).date()


def enqueue_due(tx: Tx) -> bool:
    """Write the job for yesterday's line once its time of day has come; True when it was new."""
    admin = tx.settings.admin
    local = tx.now.astimezone(ZoneInfo(admin.timezone))
    if not admin.mail or local.time() < time.fromisoformat(admin.report_at):
        return False
    day = local.date() - timedelta(days=1)
    return jobs.enqueue(tx, REPORT_JOB, f"{REPORT_JOB}:{day.isoformat()}", {"day": day.isoformat()})


def send(runtime: Runtime, job: Claimed) -> None:
    """The job: write the mails. Run again after a crash it writes none twice, their keys are the day and the address.

    Raises:
        ConfigError: no sender is set.
    """
    settings = runtime.settings
    if not settings.mail.from_:
        raise ConfigError("the daily line needs CAREERRELAY_MAIL__FROM")
    report = collect(runtime, date.fromisoformat(job.payload["day"]))
    letter = render(report, settings.admin.locale)
    for recipient in settings.admin.mail:
        with runtime.begin() as tx:
            key = f"{REPORT_JOB}:{report.day.isoformat()}:{recipient.lower()}"
            written = letters.send_to_operator(tx, key=key, recipient=recipient, letter=letter)
        log.info("daily line", extra={"day": report.day.isoformat(), "written": written})


def render(report: Report, lang: Lang) -> Letter:
    """Subject and text in one language."""
    rows = [{"line": line, "tally": line.tally, "unchanged": line.tally.unchanged.total()} for line in report.companies]
    values: dict[str, object] = {
        "report": report,
        "day": wording.day(report.day, lang),
        "unchanged": report.total.unchanged.total(),
        "reasons": _reasons(report.total, lang),
        "disk_free": f"{report.disk_free_bytes / 2**30:.1f} GiB",
        "disk_floor": f"{report.disk_floor_bytes / 2**30:.1f} GiB",
        "rows": rows,
    }
    return letters.render(REPORT_JOB, lang, values)


def plain(report: Report) -> dict[str, Any]:
    """The report for a program to read."""
    return {
        "day": report.day.isoformat(),
        "made_at": report.made_at.isoformat(),
        "needs_a_look": report.needs_a_look,
        "bypass": report.bypass_all,
        "total": _counts(report.total),
        "queue": {
            "waiting": report.waiting,
            "held": report.held,
            "oldest_minutes": report.oldest_minutes,
            "retried_deliveries": report.backlog.retried,
        },
        "next_hops": [
            {"server": hop.server, "takes_mail": not hop.problem, "problem": hop.problem} for hop in report.hops
        ],
        "disk": {"free_bytes": report.disk_free_bytes, "floor_bytes": report.disk_floor_bytes},
        "companies": [
            {name: getattr(line, name) for name in ("id", "domain", "mode", "bypass", "suspended")}
            | _counts(line.tally)
            for line in report.companies
        ],
    }


def _counts(tally: Tally) -> dict[str, Any]:
    return {name: getattr(tally, name) for name in figures.COUNTS} | {"unchanged": dict(tally.unchanged.most_common())}


def _reasons(tally: Tally, lang: Lang) -> list[tuple[str, int]]:
    return [(reason_words(note, lang), count) for note, count in tally.unchanged.most_common(REASONS_MAX)]


def _line(view: CompanyView, tally: Tally) -> CompanyLine:
    return CompanyLine(view.id, view.sender_domains[0], view.mode.value, view.bypass, view.suspended, tally)


def _bounds(settings: Settings, day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(settings.admin.timezone)
    return tuple(datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))  # type: ignore[return-value]


def _hops(runtime: Runtime, views: Sequence[CompanyView]) -> list[HopState]:
    """Every next hop in use, each server once, tried without sending a mail."""
    states: dict[str, HopState] = {}
    for _, hop, shown in hops.ways(runtime.settings, views, runtime):
        server = f"{hop.host}:{hop.port}"
        if server not in states:
            states[server] = HopState(server, hops.stops_at(runtime.settings, hop, shown)[0])
    return list(states.values())
