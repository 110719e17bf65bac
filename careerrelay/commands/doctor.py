"""`careerrelay doctor`: one table of everything a mail's way depends on, what is wrong and what to do."""

from typing import Any

import click

from careerrelay.doctor.finding import Finding, Level, meaning, title, to_do
from careerrelay.front import ID, Front, emit, json_option, lang_option, pass_front, table, terminal_lang
from core.lang import Lang

_MARKS = {Level.OK: "ok", Level.WARN: "WARN", Level.FAIL: "FAIL"}


@click.command()
@click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company, and the machine.")
@lang_option
@json_option
@pass_front
def doctor(front: Front, company_id: int | None, lang: Lang | None, as_json: bool) -> None:
    """Look at everything a mail's way depends on and say what is wrong and what to do. Changes nothing.

    Exit status 1 when something fails; warnings alone leave it 0.
    """
    findings, spoken = _findings(front, company_id, lang)
    emit(as_json, [_plain(finding, spoken) for finding in findings], *_lines(findings, spoken))
    if any(finding.level is Level.FAIL for finding in findings):
        click.get_current_context().exit(1)


def _findings(front: Front, company_id: int | None, lang: Lang | None) -> tuple[list[Finding], Lang]:
    from careerrelay import checks
    from careerrelay.doctor.examine import examine  # the whole mail floor: not for `--help`

    if front.reading.problems:
        found = checks.problems(front.reading)
        wrong = [Finding("settings", Level.FAIL, "wrong", values={"problem": line}) for line in found]
        return wrong, lang or terminal_lang() or front.reading.settings.admin.locale
    return list(examine(front.settings, company_id)), front.lang(lang)


def _plain(finding: Finding, lang: Lang) -> dict[str, Any]:
    return {
        "check": finding.check,
        "level": finding.level.value,
        "finding": finding.text,
        "about": finding.about,
        "company": finding.company_id,
        "meaning": meaning(finding, lang),
        "to_do": _advice(finding, lang),
        "values": dict(finding.values),
    }


def _lines(findings: list[Finding], lang: Lang) -> list[str]:
    rows = [(_MARKS[finding.level], title(finding, lang), meaning(finding, lang)) for finding in findings]
    lines = table(("", "", ""), [tuple(row) for row in rows])[1:]
    shown = []
    for finding, line in zip(findings, lines, strict=True):
        shown.append(line)
        advice = _advice(finding, lang)
        if advice:
            shown.append(f"      → {advice}")
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    return [*shown, "", "  ".join(f"{_MARKS[level]} {count}" for level, count in counts.items())]


def _advice(finding: Finding, lang: Lang) -> str:
    return "" if finding.level is Level.OK else to_do(finding, lang)
