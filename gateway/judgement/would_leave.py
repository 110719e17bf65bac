"""What would leave of a mail that is decided once more: made by the steps of its real way, and stored nowhere."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.runtime import Runtime, Tx
from crm import links
from crm.agency import agencies
from crm.agency.agencies import AgencyView
from crm.invitation.invitations import Offer
from crm.links import LinkKind
from gateway import policy
from gateway.judgement import edit, judge, signing
from gateway.judgement.edit import EditRequest, NotEdited
from gateway.letter.splice import splice
from gateway.ruling import block_texts
from gateway.ruling.block_texts import OwnTexts
from gateway.ruling.fields import octets, of_rules
from gateway.signature.dkim import Signer
from gateway.signature.dkim_keys import signers_for
from rules.model import Decision, Mode, Orders, Verdict, strictest

DIFF_LINES_MAX = 120
DIFF_CONTEXT_LINES = 2
LINE_CHARS_MAX = 200
#: In the place of a token: as long as a real one, and known to no installation.
EXAMPLE_LINK = "example-link-not-valid"
EXAMPLE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Way:
    """What would become of a mail: ``word`` is edited, held, unchanged, or the reason why it cannot be edited."""

    mode: Mode
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Making:
    """What an edit is made with, by company: agencies licensed today, DKIM keys, own texts of the block."""

    agencies: Mapping[int, Sequence[AgencyView]]
    signers: Mapping[int, Sequence[Signer]]
    texts: Mapping[int, OwnTexts]


def read_making(tx: Tx, company_ids: Sequence[int]) -> Making:
    """Read what the steps of a mail's way need to know of these companies."""
    return Making(
        agencies={company_id: agencies.licensed(tx, company_id) for company_id in company_ids},
        signers=signers_for(tx),
        texts=block_texts.of_all(tx),
    )


def way(runtime: Runtime, making: Making, decision: Decision, request: EditRequest, at: datetime) -> tuple[Way, bytes]:
    """What would become of a mail and the octets that would leave, as `judging` does it, but for the offer itself: this
    mail's own offer of the day must not stand in the way of the question."""
    company, orders = request.company, decision.orders or Orders()
    mode = strictest(company.mode, orders.mode)
    external = policy.external(company, request.envelope.addresses)
    if orders.hold_minutes and external and mode is not Mode.OBSERVE:
        return Way(mode, "held"), _unedited(runtime, making, decision, request, mode, at)
    if decision.verdict is not Verdict.INJECT or len(external) != 1:
        return Way(mode, "unchanged"), _unedited(runtime, making, decision, request, mode, at)
    licensed = making.agencies[company.id]
    if not licensed:
        return Way(mode, "no_licensed_agency"), _unedited(runtime, making, decision, request, mode, at)
    asked = replace(
        request,
        recipient=external[0],
        decision=decision,
        signing=signing.for_edit(making.signers.get(company.id, ()), company, request.parsed.raw),
        texts=making.texts.get(company.id),
    )
    offer = _example(runtime, licensed, at, ZoneInfo(company.timezone))
    made = edit.trial(asked, offer, keys=runtime.keys, settings=runtime.settings, now=at)
    if isinstance(made, NotEdited):
        return Way(mode, made.reason, made.detail), _unedited(runtime, making, decision, request, mode, at)
    return Way(mode, "edited"), made


def _unedited(
    runtime: Runtime, making: Making, decision: Decision, request: EditRequest, mode: Mode, at: datetime
) -> bytes:
    """The mail as it leaves without a link: with the fields of the rules, and without a placeholder."""
    company, raw = request.company, request.parsed.raw
    fields = octets(of_rules(decision.orders, company, raw))
    if mode is Mode.OBSERVE or not (fields or decision.marker):
        return bytes(raw[:])
    signers, bounds = making.signers.get(company.id, ()), judge.limits(runtime.settings)
    edits = signing.cleaned(raw, signers, company, bounds, at, fields=fields, marked=decision.marker)
    return bytes(raw[:]) if edits is None else splice(raw, edits)


def _example(runtime: Runtime, licensed: Sequence[AgencyView], at: datetime, zone: ZoneInfo) -> Offer:
    return Offer(
        invitation_id="",
        notice_id="",
        relay_url=links.url(runtime.settings, LinkKind.RELAY, EXAMPLE_LINK),
        optout_url=links.url(runtime.settings, LinkKind.OPTOUT, EXAMPLE_LINK),
        agency=licensed[0].name,
        licence_no=licensed[0].licence_no,
        expires_on=(at + timedelta(days=EXAMPLE_DAYS)).astimezone(zone).date(),
        agencies=tuple(licensed),
        new=True,
    )


def difference(before: bytes, after: bytes) -> list[str]:
    """Compare the octets of two mails line by line, as they would stand on the wire."""
    old, new = (
        [line[:LINE_CHARS_MAX] for line in raw.decode("utf-8", "replace").split("\r\n")] for raw in (before, after)
    )
    lines = list(difflib.unified_diff(old, new, n=DIFF_CONTEXT_LINES, lineterm=""))[2:]
    return lines[:DIFF_LINES_MAX]
