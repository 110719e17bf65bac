"""What the heavy tests measured stands at the end of the run, one line a part."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event

from core.db import Database
from core.runtime import Runtime
from tests.databases import leave_it_to_the_kernel

_NAME = "figures"

#: Says what a part has counted; the last word of each part is printed at the end.
Say = Callable[[str], None]


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Say:
    """``say("3,000 kills, 0 lost")``: a line for the end of the run, under the test's name."""

    def remember(line: str) -> None:
        request.node.user_properties.append((_NAME, line))

    return remember


@pytest.fixture
def runtime(runtime: Runtime) -> Iterator[Runtime]:
    """On an engine that shares nothing with other tests: faults are put into its dialect and driver."""
    database = Database(runtime.settings.effective_database_url)
    event.listen(database.engine, "connect", leave_it_to_the_kernel)
    yield dataclasses.replace(runtime, db=database)
    database.close()


class Lines:
    """Collects the lines from the reports, which reach the main process from every worker."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.lines += [f"{report.nodeid.partition('::')[2]}: {line}"
                           for name, line in report.user_properties if name == _NAME]  # fmt: skip

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.lines:
            terminalreporter.section("torture")
            for line in self.lines:
                terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Lines())
