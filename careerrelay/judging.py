"""Deciding about mail files: with nothing but the shipped rules, or as for one company of the installation."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from careerrelay import mail_files
from careerrelay.front import Front
from careerrelay.mail_files import SignalLine
from careerrelay.text_files import read_text
from core.errors import ConfigError
from core.runtime import Tx
from crm import signals
from crm.registry import companies
from crm.registry.companies import CompanyView
from gateway import policy
from gateway.judgement.judge import limits
from gateway.letter.limits import Limits
from gateway.ruling.ruleset import NOTHING, Sentences, check_text, read_sentences, rule_set_of, shipped
from rules.decide import decide
from rules.gates import external
from rules.mail import Mail
from rules.model import AtsAnswer, Decision, Reason, Signals, TextVerdict, Verdict
from rules.ruleset import RuleSet

RULES_BYTES_MAX = 4 * 1024 * 1024
#: What a mail of anybody else gets in `rules explain --company`: in the mail path it would not even be read.
NOT_RECRUITING = Decision(Verdict.PASS, TextVerdict.NONE, 0.0, (Reason("gate", "not_a_recruiting_sender"),))
NO_SENTENCES = Sentences({})
#: RFC 2606: an address that nobody has, for a text that has no recipient yet.
TEMPLATE_RECIPIENT = "applicant@template.invalid"


def rules_text(path: Path) -> str:
    """Read a rule file as it stands; raises ConfigError."""
    return read_text(path, RULES_BYTES_MAX)


def load_rules(path: Path, tx: Tx | None = None, company_id: int | None = None) -> RuleSet:
    """Check a rule file with its golden cases, and with a company's own blocks and addresses when one is named.

    Raises:
        ConfigError: every problem, each with file and line. NotFound: no such company.
    """
    text = rules_text(path)
    return check_text(text, str(path), limits=Limits(), folder=path.parent, tx=tx, company_id=company_id)


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides about one mail file after the other. ``tx`` and ``company`` are None on a bare machine."""

    front: Front
    signal_lines: Mapping[str, tuple[SignalLine, ...]]
    tx: Tx | None = None
    company: CompanyView | None = None
    sentences: Sentences = NO_SENTENCES
    rule_set: RuleSet = field(default_factory=shipped)

    def decide(self, path: Path) -> Decision:
        """What would be decided.

        Raises:
            ConfigError: the file cannot be read as a mail.
        """
        mail = self.read(path)
        if self.company is not None and not policy.is_recruiting(self.company, mail.header_from):
            return NOT_RECRUITING
        return self.of(mail, self._ats(path, mail))

    def of(self, mail: Mail, ats: AtsAnswer | None) -> Decision:
        """What would be decided about a mail that has been read."""
        approved, refused = NOTHING
        if self.company is not None:
            approved, refused = self.sentences.of(self.company.id, mail.header_from)
        return decide(mail, self.rule_set, Signals(ats, approved, refused))

    def read(self, path: Path) -> Mail:
        """The file as the rules see it; raises ConfigError."""
        _, raw = mail_files.read_file(path)
        domains = None if self.company is None else frozenset(self.company.sender_domains)
        settings = self.front.settings
        return mail_files.mail_of(raw, limits(settings), domains, settings.web.base_url)

    def _ats(self, path: Path, mail: Mail) -> AtsAnswer | None:
        lines = self.signal_lines.get(path.name)
        if lines is not None:
            return mail_files.answer(lines, mail.recipients)
        if self.tx is None or self.company is None:
            return None
        found = (signals.answer_for(self.tx, self.company.id, recipient) for recipient in mail.recipients)
        return next((answer for answer in found if answer is not None), None)


@contextmanager
def judge_for(
    front: Front, company_id: int | None, signals_file: Path | None, rules_file: Path | None = None
) -> Iterator[Judge]:
    """A judge with the shipped rules or those of a file; with a company also its domains, its rules in force, its ATS
    signals and approved sentences.

    Raises:
        ConfigError: the signals file or the rule file is wrong. NotFound: no such company.
    """
    lines = {} if signals_file is None else mail_files.read_signals(signals_file)
    with ExitStack() as stack:
        if company_id is None:
            yield Judge(front, lines, rule_set=shipped() if rules_file is None else load_rules(rules_file))
            return
        runtime = stack.enter_context(front.runtime())
        tx = stack.enter_context(runtime.read())
        judge = _of_company(front, tx, company_id)
        own = judge.rule_set if rules_file is None else load_rules(rules_file, tx, company_id)
        yield replace(judge, signal_lines=lines, rule_set=own)


def _of_company(front: Front, tx: Tx, company_id: int) -> Judge:
    view = companies.get(tx, company_id)
    return Judge(front, {}, tx, view, read_sentences(tx), rule_set_of(tx, company_id))


@dataclass(frozen=True, slots=True)
class Proposal:
    """The sentence that an approval would remember. ``decision``: what the rules say of the whole text today."""

    sender: str
    masked: str
    sha256: str
    decision: Decision


def propose(front: Front, tx: Tx, company_id: int, path: Path, sender: str | None = None) -> Proposal:
    """Find the sentence by which a mail file decides; with ``sender`` the file is a template's plain text.

    Raises:
        ConfigError: the file cannot be read, is no mail of a recruiting sender, or nothing in it decides.
        NotFound: no such company.
    """
    judge, company = _of_company(front, tx, company_id), companies.get(tx, company_id)
    if sender is None:
        with mail_files.naming(path):
            mail = judge.read(path)
    else:
        mail = _template(path, sender, company)
    if not policy.is_recruiting(company, mail.header_from):
        writer = mail.header_from or "the sender"
        raise ConfigError(f"{path}: {writer} is no recruiting sender of company {company_id}")
    if not external(mail):  # a template is addressed to nobody yet
        mail = replace(mail, recipients=(TEMPLATE_RECIPIENT,))
    decision = judge.of(mail, None)
    if not decision.sentence_sha256:
        raise ConfigError(f"{path}: no sentence in it decides")
    return Proposal(mail.header_from.lower(), decision.sentence, decision.sentence_sha256, decision)


def _template(path: Path, sender: str, company: CompanyView) -> Mail:
    with mail_files.naming(path):
        stored, _ = mail_files.read_file(path)
    try:
        text = stored.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; a mail file (.eml) is approved without --sender") from None
    return Mail(
        envelope_from=sender,
        header_from=sender,
        recipients=(TEMPLATE_RECIPIENT,),
        own_domains=frozenset(company.sender_domains),
        subject="",
        text=text,
        html_text="",
        headers={},
    )
