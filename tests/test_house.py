"""The house keeps its own rules: sizes, floors, names, the five broad excepts, and documents that tell the truth."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import careerrelay
from careerrelay import settings_doc

ROOT = Path(__file__).parent.parent
PACKAGES = ("careerrelay", "web", "gateway", "connectors", "crm", "ledger", "rules", "anonymizer", "core")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# Where an unknown error meets the outside, and the one place whose answer is "the original goes out".
BROAD_EXCEPTS = {
    "gateway/session/connection.py",
    "gateway/faults.py",
    "gateway/process.py",
    "web/errors.py",
    "core/runner.py",
    "connectors/engine/poll.py",
}
SAYS_NOTHING = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "versions" not in path.parts:
                yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_one_idea() -> None:
    long = {name(path): lines for path in sources(*PACKAGES, "tests", "benchmarks")
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX}  # fmt: skip
    assert long == {}


def test_every_function_fits_a_screen() -> None:
    long = {}
    for path in sources(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long[f"{name(path)}:{node.name}"] = lines
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [name(path) for path in sources(*PACKAGES) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [name(path) for path in sources(*PACKAGES, "tests") if path.name in SAYS_NOTHING] == []


def test_broad_excepts_stand_only_at_the_edges() -> None:
    found = set()
    for path in sources(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else ""
                if caught in {"", "Exception", "BaseException"}:
                    found.add(name(path))
    assert found <= BROAD_EXCEPTS


def test_the_floors_hold_without_exceptions() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "ignore_imports" not in text
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_other_distribution_claims_a_name_of_ours() -> None:
    owners = importlib.metadata.packages_distributions()
    clashes = {package: owners.get(package, []) for package in PACKAGES}
    assert {package: found for package, found in clashes.items() if set(found) - {"careerrelay-gateway"}} == {}


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == careerrelay.__version__
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pins_cover_every_dependency_and_hold_no_url() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    assert "://" not in pins
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]) for line in pins.splitlines() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = (
        project["dependencies"] + project["optional-dependencies"]["test"] + project["optional-dependencies"]["dev"]
    )
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=; ]", item)[0]).lower() for item in wanted}
    assert names - pinned == set()


def test_the_settings_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_doc.page()


def test_the_flow_page_names_the_files_of_the_path_in_order() -> None:
    text = (ROOT / "docs" / "flow.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| \d \| `([a-z_/]+\.py)`", text, re.MULTILINE)
    assert [Path(path).stem for path in named] == [
        "smtp", "arrivals", "spool", "process", "parse", "decide", "invitations", "rewrite", "relay",
    ]  # fmt: skip
    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_the_readme_names_commands_and_files_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", text)) <= targets
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_personal_machine_path_is_committed() -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    pattern = re.compile(rb"/(?:home|root|Users|work)/[a-z]")
    bad = [path.decode() for path in files if path and (ROOT / path.decode()).is_file()
           and pattern.search((ROOT / path.decode()).read_bytes()) and b"test_house" not in path]  # fmt: skip
    assert bad == []


def test_no_regular_expression_repeats_a_group_possessively() -> None:
    """Before 3.11.5 `(?:a+b)*+` fails on what it should match (CPython gh-106052); Debian 12 ships 3.11.2."""
    possessive_group = re.compile(r"\)(?:[*+?]|\{\d+(?:,\d*)?\})\+")
    rules = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.rules")]
    found = [name(path) for path in [*sources(*PACKAGES), *rules] if possessive_group.search(path.read_text("utf-8"))]
    assert found == [], "write (?>(?:...)*) instead of (?:...)*+"
