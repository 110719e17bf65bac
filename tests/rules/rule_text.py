"""Writes rule files for tests, so that each shows only what it is about."""

from __future__ import annotations

REVIEW, PASS = 'action = "review"', 'action = "pass"'


def rule(when: str, *do: str, unless: str = "", name: str = "one", top: str = "") -> str:
    """One rule: ``id`` in its 2nd line, ``when`` from its 4th on, each action's keys under a ``[[rule.do]]``."""
    exceptions = f"[rule.except]\n{unless}\n" if unless else ""
    actions = "".join(f"[[rule.do]]\n{one}\n" for one in do or ('action = "review"',))
    return f'[[rule]]\nid = "{name}"\n{top}[rule.when]\n{when}\n{exceptions}{actions}'


def header(value: str, name: str = "X-Tag") -> str:
    return f'action = "add_header"\nname = "{name}"\nvalue = "{value}"'


def tag(word: str) -> str:
    return f'action = "crm_tag"\ntags = "{word}"'


def hold(minutes: int) -> str:
    return f'action = "hold"\nminutes = {minutes}'


def block(name: str, more: str = "") -> str:
    return f'action = "insert_block"\nblock = "{name}"\n{more}'


def file(*rules: str) -> str:
    return "schema = 1\n" + "".join(rules)
