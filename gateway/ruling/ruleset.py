"""The rules in force: the shipped set, a company's own versions, and the sentences that people approved or refused.

A rule file becomes a *version* (`save_version`), a version is *activated* and *rolled back*; each step says who and
when, nothing is ever overwritten. Running processes read the change within a second (`config.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from sqlalchemy import bindparam, func, select

from core import audit
from core.bulk import Query
from core.errors import ConfigError, NotFound, Permanent
from core.log import get_logger
from core.runtime import Tx
from crm.agency import agencies
from crm.registry.companies import get as get_company
from gateway.letter.limits import Limits
from gateway.ruling import block_texts, dropbox, golden
from gateway.tables import approved_sentence
from gateway.tables.rules import RuleActivationRow, RuleVersionRow
from rules.load import default_ruleset, load
from rules.model import Mode
from rules.ruleset import VERSION_CHARS, GoldenCases, RuleSet, content_sha256, with_version
from rules.toml_lines import find_lines, line_of

log = get_logger(__name__)

Approval = tuple[frozenset[str], frozenset[str]]
NOTHING: Approval = (frozenset(), frozenset())
#: The name under which `activate` takes a company's own rules out of force.
SHIPPED = "shipped"
VERSION_CHARS_MIN = 4
ACTIVATE, ROLL_BACK = "activate", "roll_back"


@dataclass(frozen=True, slots=True)
class Sentences:
    """SHA-256 of masked decision sentences, approved and refused, by company and sender (detection 3)."""

    answers: Mapping[tuple[int, str], Approval]

    def of(self, company_id: int, sender: str) -> Approval:
        return self.answers.get((company_id, sender.lower()), NOTHING)


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version of a company's rules. ``version``: the second part of what decisions store as their rule set.

    ``activated_by`` and ``activated_at``: of its last activation or roll-back, None when it was never in force.
    """

    version: str
    file: str
    rules: int
    saved_by: str
    saved_at: datetime
    active: bool
    activated_by: str | None
    activated_at: datetime | None


@cache
def shipped() -> RuleSet:
    """The rule set of this version, read once a process."""
    return default_ruleset()


def read_sentences(tx: Tx) -> Sentences:
    """Read the decision sentences that count now, of every company and sender."""
    found: dict[tuple[int, str], dict[str, set[str]]] = {}
    for company_id, sender, sha256, answer in _SENTENCES.rows(tx):
        found.setdefault((company_id, sender), {}).setdefault(answer, set()).add(sha256)
    return Sentences(
        {
            key: (frozenset(answers.get("approve", ())), frozenset(answers.get("refuse", ())))
            for key, answers in found.items()
        }
    )


_APPROVED = approved_sentence.c
_SENTENCES = Query(
    select(_APPROVED.company_id, _APPROVED.sender, _APPROVED.sha256, _APPROVED.answer).where(
        _APPROVED.undone_at.is_(None)
    )
)


# --- checking a file ---


def check_text(
    text: str, file: str, *, limits: Limits, folder: Path | None, tx: Tx | None = None, company_id: int | None = None
) -> RuleSet:
    """Check a rule file as `save_version` will: its language, and its golden cases, looked up in ``folder``.

    With ``tx`` and ``company_id`` also what only the installation knows: the company's own blocks, and that every
    dropbox is the company's own. ``folder`` None: there are no files beside it, and a file with cases is refused.

    Raises:
        ConfigError: every problem, each as ``file:line: what to do``. NotFound: no such company.
    """
    rule_set = _read(text, file, tx, company_id)
    if rule_set.tests == GoldenCases():
        return rule_set
    lines = find_lines(text)
    if folder is None:
        raise ConfigError(f"{file}:{line_of(lines, ('test',))}: its golden cases can be run only beside their files")
    domains = None if tx is None or company_id is None else frozenset(get_company(tx, company_id).sender_domains)
    failed = golden.failures(rule_set, folder, limits, domains)
    problems = [f"{file}:{line_of(lines, ('test', one.key))}: {one.what}" for one in failed]
    if problems:
        raise ConfigError(*problems)
    return rule_set


def _read(text: str, file: str, tx: Tx | None, company_id: int | None) -> RuleSet:
    """Load a file, and check what it says about a company's own things."""
    if tx is None or company_id is None:
        return load(text, file, blocks=block_texts.tones())
    company = get_company(tx, company_id)
    rule_set = load(text, file, blocks=block_texts.tones(tx, company_id))
    lines = find_lines(text)
    agency_mails = frozenset(agency.mail.lower() for agency in agencies.all_agencies(tx, company_id))
    problems = [
        f"{file}:{line_of(lines, path)}: {what}" for path, what in dropbox.problems(rule_set, company, agency_mails)
    ]
    if problems:
        raise ConfigError(*problems)
    return rule_set


# --- versions ---


def save_version(
    tx: Tx, company_id: int, text: str, *, file: str, by: str, limits: Limits, folder: Path | None
) -> VersionLine:
    """Check a rule file and keep it; it is not in force yet. The same rules again are the same version.

    Raises:
        ConfigError: as `check_text`. NotFound: no such company.
    """
    rule_set = check_text(text, file, limits=limits, folder=folder, tx=tx, company_id=company_id)
    sha256 = content_sha256(rule_set)
    known = tx.session.scalar(
        select(RuleVersionRow).where(RuleVersionRow.company_id == company_id, RuleVersionRow.sha256 == sha256)
    )
    if known is None:
        known = RuleVersionRow(
            company_id=company_id, sha256=sha256, file=Path(file).name[:200], text=text, saved_by=by, saved_at=tx.now
        )
        tx.session.add(known)
        tx.session.flush()
        audit.record(tx, by, "rules saved", f"company:{company_id}", version=sha256[:VERSION_CHARS])
    return _line(tx, company_id, known)


def activate(tx: Tx, company_id: int, version: str, *, by: str) -> VersionLine | None:
    """Put a saved version in force, named by the beginning of its hash; `SHIPPED` ends the company's own rules.

    Raises:
        NotFound: no such company or version.
        ConfigError: the name fits several versions, or this installation does not take the file (any more).
    """
    get_company(tx, company_id)
    row = None if version == SHIPPED else _version(tx, company_id, version)
    if row is not None:
        _read(row.text, row.file, tx, company_id)
    _put_in_force(tx, company_id, row, ACTIVATE, by)
    return None if row is None else _line(tx, company_id, row)


def roll_back(tx: Tx, company_id: int, *, by: str) -> VersionLine | None:
    """Go back to what was in force before the last activation that still stands; None: the shipped rules alone.

    Unlike `activate` it asks nothing: what held before is taken back at once.

    Raises:
        NotFound: no such company. Permanent: nothing was ever activated, or all of it is rolled back.
    """
    get_company(tx, company_id)
    standing = _standing(tx, company_id)
    if not standing:
        raise Permanent(f"company {company_id} has no rules of its own in force: nothing to roll back")
    before = standing[-2] if len(standing) > 1 else None
    row = None if before is None else tx.session.get_one(RuleVersionRow, before)
    _put_in_force(tx, company_id, row, ROLL_BACK, by)
    return None if row is None else _line(tx, company_id, row)


def versions(tx: Tx, company_id: int) -> Sequence[VersionLine]:
    """The saved versions of a company, newest first; raises NotFound."""
    get_company(tx, company_id)
    rows = tx.session.scalars(
        select(RuleVersionRow).where(RuleVersionRow.company_id == company_id).order_by(RuleVersionRow.id.desc())
    )
    return [_line(tx, company_id, row) for row in rows.all()]


def text_of(tx: Tx, company_id: int, version: str) -> str:
    """The file of a version as it was saved; raises NotFound, and ConfigError for a name that fits several."""
    return _version(tx, company_id, version).text


def _version(tx: Tx, company_id: int, version: str) -> RuleVersionRow:
    # A decision stores ``phrases-rules``: its second part names the version, too.
    wanted = version.rpartition("-")[2].lower()
    if len(wanted) < VERSION_CHARS_MIN or not wanted.isalnum():
        raise ConfigError(f"version {version!r}: write at least {VERSION_CHARS_MIN} characters of its hash")
    found = tx.session.scalars(
        select(RuleVersionRow).where(
            RuleVersionRow.company_id == company_id, RuleVersionRow.sha256.startswith(wanted, autoescape=True)
        )
    ).all()
    if len(found) > 1:
        raise ConfigError(f"version {version!r} fits {len(found)} versions; write more of its hash")
    if not found:
        raise NotFound(f"company {company_id} has no rule version {version!r}")
    return found[0]


def _put_in_force(tx: Tx, company_id: int, row: RuleVersionRow | None, how: str, by: str) -> None:
    version_id = None if row is None else row.id
    tx.session.add(RuleActivationRow(company_id=company_id, version_id=version_id, how=how, by=by, at=tx.now))
    tx.session.flush()
    name = SHIPPED if row is None else row.sha256[:VERSION_CHARS]
    audit.record(tx, by, f"rules {how.replace('_', ' ')}", f"company:{company_id}", version=name)
    tx.config_changed()


def _standing(tx: Tx, company_id: int) -> list[int | None]:
    """Activations that no roll-back has undone, oldest first."""
    standing: list[int | None] = []
    rows = tx.session.execute(
        select(RuleActivationRow.how, RuleActivationRow.version_id)
        .where(RuleActivationRow.company_id == company_id)
        .order_by(RuleActivationRow.id)
    )
    for how, version_id in rows:
        if how == ACTIVATE:
            standing.append(version_id)
        else:
            standing.pop()
    return standing


def _line(tx: Tx, company_id: int, row: RuleVersionRow) -> VersionLine:
    latest = tx.session.scalar(
        select(RuleActivationRow)
        .where(RuleActivationRow.company_id == company_id)
        .order_by(RuleActivationRow.id.desc())
        .limit(1)
    )
    own = tx.session.scalar(
        select(RuleActivationRow)
        .where(RuleActivationRow.version_id == row.id)
        .order_by(RuleActivationRow.id.desc())
        .limit(1)
    )
    return VersionLine(
        version=row.sha256[:VERSION_CHARS],
        file=row.file,
        rules=len(_loaded(row.text, row.file).rules),
        saved_by=row.saved_by,
        saved_at=row.saved_at,
        active=latest is not None and latest.version_id == row.id,
        activated_by=None if own is None else own.by,
        activated_at=None if own is None else own.at,
    )


# --- what is in force ---


def rule_set_of(tx: Tx, company_id: int) -> RuleSet:
    """The rules in force for a company: its own over the shipped ones, or those alone."""
    return read_rule_sets(tx, company_id).get(company_id) or shipped()


def read_rule_sets(tx: Tx, company_id: int | None = None) -> Mapping[int, RuleSet]:
    """The rules of every company (or one) that has its own in force."""
    rows = _IN_FORCE.rows(tx) if company_id is None else _IN_FORCE_OF.rows(tx, company=company_id)
    return {owner: _loaded(text, file) for owner, text, file in rows}


_NEWEST = select(func.max(RuleActivationRow.id)).group_by(RuleActivationRow.company_id)
_OF_ALL = (
    select(RuleVersionRow.company_id, RuleVersionRow.text, RuleVersionRow.file)
    .join(RuleActivationRow, RuleActivationRow.version_id == RuleVersionRow.id)
    .where(RuleActivationRow.id.in_(_NEWEST))
)
_IN_FORCE = Query(_OF_ALL)
_IN_FORCE_OF = Query(_OF_ALL.where(RuleVersionRow.company_id == bindparam("company")))


@lru_cache(maxsize=256)
def _loaded(text: str, file: str) -> RuleSet:
    """A stored file. One that this version of the product does not take any more keeps every link out until somebody
    mends it: without its rules the company would be less careful than it wished to be."""
    try:
        return load(text, file)
    except ConfigError as error:
        log.error("rules of a company cannot be read", extra={"file": file, "problems": len(error.problems)})
        return with_version(RuleSet(mode=Mode.OBSERVE))
