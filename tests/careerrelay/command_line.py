"""Runs the command line inside the test process, with an environment of its own."""

import atexit
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from careerrelay.cli import main


class Installation:
    """A data directory and the settings to call commands with; nothing of the machine's own settings leaks in."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        given = {"HOME": str(home), "RELAY__NEXT_HOP": "smtp://127.0.0.1:25", "MAIL__FROM": "relay@gateway.example.jp"}
        self.env = {f"CAREERRELAY_{name}": value for name, value in (given | settings).items() if value}

    def run(self, *arguments: str, text: str | bytes = "") -> Result:
        others = {name: None for name in os.environ if name.startswith("CAREERRELAY_") and name not in self.env}
        return CliRunner().invoke(main, arguments, env={**others, **self.env}, input=text)

    def good(self, *arguments: str, text: str = "") -> str:
        """The output of a command that must succeed."""
        result = self.run(*arguments, text=text)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def json(self, *arguments: str, text: str = "") -> Any:
        return json.loads(self.good(*arguments, "--json", text=text))

    def refused(self, *arguments: str, text: str = "") -> list[str]:
        """The lines on standard error of a command that must refuse with exit status 1."""
        result = self.run(*arguments, text=text)
        assert result.exit_code == 1, (result.exit_code, result.output, result.exception)
        assert isinstance(result.exception, SystemExit), "an expected error, not a crash"
        return result.stderr.splitlines()


COMPANY = ("--name", "Example", "--sender-domain", "example.co.jp", "--recruiting-sender", "hr@example.co.jp")


@cache
def _migrated() -> Path:
    """A home as `careerrelay migrate` leaves it; all migrations take 0.4 s of CPU, a copy nothing."""
    folder = Path(tempfile.mkdtemp(prefix="cr-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Installation(folder / "home").good("migrate")
    return folder / "home"


def add_company(installation: Installation, *more: str) -> int:
    """The first company; a home that does not exist yet is made."""
    if not installation.home.exists() and "CAREERRELAY_DATABASE_URL" not in installation.env:
        shutil.copytree(_migrated(), installation.home)
    return int(installation.json("company", "add", *COMPANY, "--network", "127.0.0.0/8", *more)["id"])


def add_agency(installation: Installation, company_id: int, *more: str) -> dict[str, Any]:
    given = ("--name", "Mirai Career", "--licence", "13-ユ-300001", "--licence-expires", "2099-03-31")
    added = installation.json(
        "agency", "add", "--company", str(company_id), *given, "--email", "desk@agency.example.org", *more
    )
    assert isinstance(added, dict)
    return added
