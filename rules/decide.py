"""Decides about one mail: inject, review or pass. Pure; every step is in the reasons.

Words alone never inject (docs: detection). `inject` needs a text that says rejection, no veto, one external
recipient, a second independent signal, and no word of the ATS to the contrary.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules import company, gates, vetoes
from rules.mail import Mail
from rules.model import LIVE_STATUSES, AtsAnswer, AtsStatus, Decision, Reason, Signals, TextVerdict, Verdict
from rules.reading import CONTEXT_STRONG, Hit, Reading, read
from rules.ruleset import RuleSet
from rules.sentence import decision_sentence, sha256
from rules.text import TEXT_BYTES_MAX
from rules.vetoes import Veto

PLACEHOLDERS = ("{{careerrelay}}", "{{キャリアリレー}}")
MARKER_HEADER = "x-careerrelay"
REASONS_MAX = 60
_GOES_ON = LIVE_STATUSES - {AtsStatus.ON_HOLD}
#: A clock that runs behind the ATS's is no reason to doubt its answer.
ATS_AHEAD_DAYS_MAX = 1.0


def decide(mail: Mail, ruleset: RuleSet, signals: Signals) -> Decision:
    """Return the decision about ``mail``. Never raises on any text; linear in its length."""
    gate = gates.closed(mail, ruleset.address_book)
    if gate is not None and gate.id != gates.MANY_RECIPIENTS:
        told = company.behind_gate(gate, mail, ruleset, signals)
        return Decision(
            verdict=told.verdict,
            text=TextVerdict.NONE,
            score=0.0,
            because=(gate, *told.because),
            ruleset=ruleset.version,
            would_change=(f"without:{gate.id}",),
            orders=told.orders,
        )
    reading, stopped = _read(mail)
    sentence = decision_sentence(mail, reading)
    digest = sha256(sentence)
    if digest and digest in signals.refused:
        stopped = (*stopped, Veto("pass", Reason("veto", "refused_sentence", detail=digest)))
    text = judge(reading, stopped, ruleset)
    marker = has_marker(mail, reading)
    seconds = _second_signals(digest, signals, ruleset, marker=marker)
    contrary = _contrary(signals.ats)
    verdict = _verdict(text, mail, gate, seconds, contrary, _says_rejected(signals.ats, ruleset))
    if not marker and _goes_on(text, reading, signals.ats):
        verdict = Verdict.PASS
    cues = frozenset(veto.reason.id for veto in stopped)
    ruled = company.apply(verdict, company.Case(mail, reading, text, cues, signals, ruleset))
    because: tuple[Reason, ...] = (
        *((gate,) if gate is not None else ()),
        *(veto.reason for veto in stopped),
        *seconds,
        *((contrary,) if contrary is not None else ()),
        *_ats_note(signals.ats, seconds, contrary),
        *ruled.because,
        *_problem(mail),
        *_hits(reading),
        *_cuts(reading),
    )
    if reading.text is not mail.text:  # offsets point into Mail.text
        because = tuple(reason._replace(start=-1, end=-1) for reason in because)
    return Decision(
        verdict=ruled.verdict,
        text=text,
        score=round(reading.score, 2),
        because=because,
        sentence=sentence,
        sentence_sha256=digest,
        ruleset=ruleset.version,
        marker=marker,
        lang=reading.lang,
        would_change=_would_change(
            ruled.verdict,
            text,
            stopped,
            seconds,
            (gate, contrary, *_problem(mail), *(ruled.because if ruled.verdict is not verdict else ())),
        ),
        orders=ruled.orders,
    )


def has_marker(mail: Mail, reading: Reading) -> bool:
    """Tell whether the company marked the mail itself: header ``X-CareerRelay: rejection`` or the placeholder."""
    if any(value.strip().lower() == "rejection" for value in mail.headers.get(MARKER_HEADER, ())):
        return True
    written = "\n".join(s.text for s in (*reading.layout.new, *reading.layout.wrapped) if s.kind != "quote")
    if any(mark in written for mark in PLACEHOLDERS):
        return True
    shown = mail.html_text[:TEXT_BYTES_MAX]
    return "{{" in shown and any(mark in shown.lower() for mark in PLACEHOLDERS)


def judge(reading: Reading, stopped: Sequence[Veto], ruleset: RuleSet) -> TextVerdict:
    """Return what the words say, given the vetoes that fired."""
    noes = reading.noes
    own = reading.own_no
    thens = {veto.then for veto in stopped}
    if "pass" in thens or ("weak" in thens and not own) or ("quiet" in thens and not noes and not _unsettled(reading)):
        return TextVerdict.NONE
    if thens & {"review", "weak"} or ("quiet" in thens and not own):
        ids = {veto.reason.id for veto in stopped}
        unsure = _unsettled(reading) or "result_elsewhere" in ids or ("part" in ids and "positive" not in ids)
        soft = bool(reading.of("soft")) and "positive" not in ids
        return TextVerdict.AMBIGUOUS if noes or unsure or soft else TextVerdict.NONE
    enough_context = reading.context == CONTEXT_STRONG or (own and reading.context > 0)
    if noes and enough_context and reading.score >= ruleset.inject_score:
        return TextVerdict.REJECTION
    return TextVerdict.LIKELY if reading.score >= ruleset.review_score else TextVerdict.NONE


def _unsettled(reading: Reading) -> bool:
    """Tell whether the outcome is open. Beside a plain offer, the terms of another post are no open outcome."""
    offered = not reading.noes and any(hit.phrase.own for hit in reading.of("yes"))
    return any(hit.phrase.cue != "other_post" or not offered for hit in reading.of("unsure"))


def _read(mail: Mail) -> tuple[Reading, tuple[Veto, ...]]:
    """Read the text; where the HTML part says something else, the two must agree."""
    reading = read(mail, mail.text or mail.html_text)
    stopped = vetoes.fired(mail, reading)
    if reading.long or not mail.html_text or not mail.text or _same_words(mail.text, mail.html_text):
        return reading, stopped
    shown = read(mail, mail.html_text)
    if _said(shown) == _said(reading):
        return reading, stopped
    if shown.noes and not reading.noes:
        reading, shown = shown, reading  # a stub of a text part: most programmes show the HTML
    differ = Veto("review", Reason("veto", "parts_disagree", detail="text and HTML part do not say the same"))
    known = {veto.reason.id for veto in stopped}
    other = [
        Veto(veto.then, veto.reason._replace(start=-1, end=-1))
        for veto in vetoes.fired(mail, shown)
        if veto.reason.id not in known
    ]
    return reading, (*stopped, *other, differ)


def _same_words(text: str, html_text: str) -> bool:
    """Tell whether the two parts differ in white space only, as twins made by one programme do."""
    return text == html_text or "".join(text.split()) == "".join(html_text.split())


def _said(reading: Reading) -> frozenset[str]:
    """Return what matters of a reading: every decisive phrase, its mood aside when it is not meant."""
    return frozenset(hit.phrase.id for hit in reading.of("no", "yes", "unsure", "veto") if hit.place == "text")


def _verdict(
    text: TextVerdict,
    mail: Mail,
    gate: Reason | None,
    seconds: Sequence[Reason],
    contrary: Reason | None,
    rejected: bool,
) -> Verdict:
    if gate is not None:
        return Verdict.REVIEW if text in {TextVerdict.REJECTION, TextVerdict.LIKELY} else Verdict.PASS
    if text is TextVerdict.REJECTION and seconds and contrary is None and not mail.decoding_problem:
        return Verdict.INJECT
    marked = any(reason.id == "marker" for reason in seconds)
    if text is not TextVerdict.NONE or rejected or marked or mail.decoding_problem:
        return Verdict.REVIEW
    return Verdict.PASS


def _goes_on(text: TextVerdict, reading: Reading, ats: AtsAnswer | None) -> bool:
    """Tell whether words and ATS agree that the application lives: then nobody need be asked.

    Text that says no "no" needs only the ATS, however it was decoded. Beside a "no" the last word must be a "yes".
    """
    if ats is None or ats.contrary or ats.status not in _GOES_ON:
        return False
    if text is TextVerdict.NONE:
        return True
    said = [hit for hit in reading.of("no", "yes") if hit.place == "text"]
    last = max(said, key=lambda hit: (hit.sentence, hit.start), default=None)
    return (
        text is TextVerdict.AMBIGUOUS
        and last is not None
        and last.phrase.kind == "yes"
        and not reading.of("unsure", "elsewhere")
    )


def _says_rejected(ats: AtsAnswer | None, ruleset: RuleSet) -> bool:
    return (
        ats is not None
        and ats.status is AtsStatus.REJECTED
        and -ATS_AHEAD_DAYS_MAX <= ats.age_days <= ruleset.ats_days_max
    )


def _second_signals(digest: str, signals: Signals, ruleset: RuleSet, *, marker: bool) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if signals.ats is not None and _says_rejected(signals.ats, ruleset):
        found.append(Reason("signal", "ats_rejected", detail=_age(signals.ats)))
    if marker:
        found.append(Reason("signal", "marker", detail="header or placeholder"))
    if digest and digest in signals.approved:
        found.append(Reason("signal", "approved_sentence", detail=digest))
    return tuple(found)


def _contrary(ats: AtsAnswer | None) -> Reason | None:
    if ats is None:
        return None
    if ats.contrary:
        return Reason("veto", "ats_other_application", detail="another application of this person is live")
    if ats.status in LIVE_STATUSES:
        return Reason("veto", "ats_contrary", detail=f"{ats.status.value}, {_age(ats)}")
    return None


def _ats_note(ats: AtsAnswer | None, seconds: Sequence[Reason], contrary: Reason | None) -> tuple[Reason, ...]:
    if ats is None:
        return (Reason("note", "ats_silent"),)
    if contrary is not None or any(reason.id == "ats_rejected" for reason in seconds):
        return ()
    return (Reason("note", "ats_answer", detail=f"{ats.status.value}, {_age(ats)}"),)


def _age(ats: AtsAnswer) -> str:
    return f"{ats.age_days:g} d"


def _problem(mail: Mail) -> tuple[Reason, ...]:
    return (Reason("note", "decoding_problem", detail=mail.decoding_problem),) if mail.decoding_problem else ()


def _hits(reading: Reading) -> tuple[Reason, ...]:
    """Return every phrase that is no veto; context and support once each."""
    shown: dict[tuple[str, int], Hit] = {}
    for hit in reading.hits:
        if hit.phrase.kind not in {"veto", "unsure", "elsewhere"} or hit.mood:
            once = hit.phrase.kind in {"context", "support", "closing"}
            shown.setdefault((hit.phrase.id, 0 if once else hit.start), hit)
    return tuple(_hit_reason(hit) for hit in list(shown.values())[:REASONS_MAX])


def _hit_reason(hit: Hit) -> Reason:
    weight = hit.phrase.weight if hit.said else 0.0
    return Reason("hit", hit.phrase.id, weight, hit.quote, hit.start, hit.end, hit.mood)


def _cuts(reading: Reading) -> tuple[Reason, ...]:
    return tuple(
        Reason("cut", kind, quote=reading.text[start:end][:80], start=start, end=end)
        for kind, start, end in reading.layout.cuts[:REASONS_MAX]
    )


def _would_change(
    verdict: Verdict,
    text: TextVerdict,
    stopped: Sequence[Veto],
    seconds: Sequence[Reason],
    others: Sequence[Reason | None],
) -> tuple[str, ...]:
    """Name what would have to be otherwise for another decision, as codes that `explain` puts into words.

    ``others``: the gate, the ATS's contrary answer, what could not be decoded, the company's rules that hold.
    """
    if verdict is Verdict.INJECT:
        return ("any_veto", "ats_live", "signal_gone")
    wanted = [
        f"without:{veto.reason.id}" for veto in stopped if veto.then != "quiet" or text is not TextVerdict.REJECTION
    ]
    named = [other.id for other in others if other is not None]
    wanted += ["ats_not_live" if name.startswith("ats_") else f"without:{name}" for name in named]
    if not wanted and text in {TextVerdict.LIKELY, TextVerdict.NONE}:
        wanted.append("clearer_words")
    if not seconds and text is TextVerdict.REJECTION:
        wanted += ["ats_rejected", "marker", "approved_sentence"]
    return tuple(dict.fromkeys(wanted))
