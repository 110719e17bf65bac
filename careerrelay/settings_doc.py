"""Writes `docs/settings.md` from the settings themselves: `python -m careerrelay.settings_doc > docs/settings.md`."""

import sys
from enum import Enum

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from core.settings import PREFIX, names

HEAD = f"""# Settings

How an installation runs: addresses, limits, keys. What companies decide (rules, agencies, texts, modes) is data and is
edited with the `careerrelay` command or in the console.

Every setting is an environment variable, or a key of the TOML file given with `--config` (`{PREFIX}SMTP__LISTEN` is
`listen` in `[smtp]`; the environment wins). With `_FILE` added to its name a variable gives the file that holds the
value (a key with `_file`); use it for secrets. `careerrelay check-config` prints every mistake at once.

This page is made by `python -m careerrelay.settings_doc`; a test fails when it is out of date.

| setting | default | meaning |
|---|---|---|
"""

# Defaults that depend on the machine are described, not printed.
_MACHINE = {f"{PREFIX}SMTP__HOSTNAME": "the machine's name", f"{PREFIX}GATEWAY__PROCESSES": "number of cores"}


def _shown(name: str, field: FieldInfo) -> str:
    if name in _MACHINE:
        return _MACHINE[name]
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr) or value in ("", None):
        return "empty"
    if isinstance(value, tuple):
        return f"`{','.join(str(item) for item in value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def page() -> str:
    """The whole page as Markdown."""
    rows = [f"| `{name}` | {_shown(name, field)} | {field.description} |" for name, field in names()]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
