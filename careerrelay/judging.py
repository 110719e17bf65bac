"""Deciding about mail files: with nothing but the shipped rules, or as for one company of the installation."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from careerrelay import mail_files
from careerrelay.front import Front
from careerrelay.mail_files import SignalLine
from core.errors import ConfigError
from core.runtime import Runtime, Tx
from crm import companies, signals
from crm.companies import CompanyView
from gateway import policy
from gateway.judge import limits
from gateway.review import APPROVE, SentenceLine, store_sentence
from gateway.ruleset import NOTHING, Sentences, read_sentences, shipped
from rules.decide import decide
from rules.load import RuleSet, load
from rules.mail import Mail
from rules.model import AtsAnswer, Decision, Reason, Signals, TextVerdict, Verdict

RULES_BYTES_MAX = 4 * 1024 * 1024
#: What a mail of anybody else gets in `rules explain --company`: in the mail path it would not even be read.
NOT_RECRUITING = Decision(Verdict.PASS, TextVerdict.NONE, 0.0, (Reason("gate", "not_a_recruiting_sender"),))
NO_SENTENCES = Sentences({})


def load_rules(path: Path) -> RuleSet:
    """Read a rule file; raises ConfigError with file and line of what is wrong in it."""
    try:
        with path.open("rb") as file:
            data = file.read(RULES_BYTES_MAX + 1)
        if len(data) > RULES_BYTES_MAX:
            raise ConfigError(f"{path}: larger than {RULES_BYTES_MAX} bytes")
        return load(data.decode("utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides about one mail file after the other. ``tx`` and ``company`` are None on a bare machine."""

    front: Front
    signal_lines: Mapping[str, tuple[SignalLine, ...]]
    tx: Tx | None = None
    company: CompanyView | None = None
    sentences: Sentences = NO_SENTENCES

    def decide(self, path: Path) -> Decision:
        """What would be decided.

        Raises:
            ConfigError: the file cannot be read as a mail.
        """
        mail = self.read(path)
        if self.company is not None and not policy.is_recruiting(self.company, mail.header_from):
            return NOT_RECRUITING
        approved, refused = NOTHING
        if self.company is not None:
            approved, refused = self.sentences.of(self.company.id, mail.header_from)
        return decide(mail, shipped(), Signals(self._ats(path, mail), approved, refused))

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
def judge_for(front: Front, company_id: int | None, signals_file: Path | None) -> Iterator[Judge]:
    """A judge with the shipped rules; with a company also its domains, its ATS signals and approved sentences.

    Raises:
        ConfigError: the signals file is wrong. NotFound: no such company.
    """
    lines = {} if signals_file is None else mail_files.read_signals(signals_file)
    with ExitStack() as stack:
        if company_id is None:
            yield Judge(front, lines)
            return
        runtime = stack.enter_context(front.runtime())
        tx = stack.enter_context(runtime.read())
        yield Judge(front, lines, tx, companies.get(tx, company_id), read_sentences(tx))


def approve_sentence(front: Front, runtime: Runtime, company_id: int, path: Path, *, by: str) -> SentenceLine:
    """Approve the sentence by which a mail file decides, for its company and its sender.

    Raises:
        ConfigError: the file is no mail of a recruiting sender, or nothing in it decides. NotFound: no such company.
    """
    with runtime.begin() as tx:
        judge = Judge(front, {}, tx, companies.get(tx, company_id), read_sentences(tx))
        mail = judge.read(path)
        decision = judge.decide(path)
        if decision is NOT_RECRUITING:
            raise ConfigError(
                f"{path}: {mail.header_from or 'the sender'} is no recruiting sender of company {company_id}"
            )
        if not decision.sentence_sha256:
            raise ConfigError(f"{path}: no sentence in it decides")
        return store_sentence(
            tx,
            company_id=company_id,
            sender=mail.header_from,
            sha256=decision.sentence_sha256,
            masked=decision.sentence,
            answer=APPROVE,
            by=by,
        )
