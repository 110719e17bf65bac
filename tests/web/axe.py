"""A real browser and axe-core: pages as people see them, looked at by the rules of WCAG 2.2 A and AA.

Chromium comes from the machine, else from Debian; axe-core from npm, pinned, once into the virtual environment. A page
gets nothing from outside: every request that leaves this machine is refused and remembered.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event, Thread

from filelock import FileLock
from flask import Flask
from playwright.sync_api import Browser, Page, Route, sync_playwright
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.wasyncore import loop as poll_loop

from tests.loop.programs import program
from tests.servers import ServerMissing

AXE = "axe-core@4.14.1"
INSTALL_S = 300
PHONE, DESKTOP = (390, 844), (1280, 900)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# What passes is not listed: it would cost more than to find it.
_RUN = {"runOnly": TAGS, "resultTypes": ["violations"]}
# A browser that asks nobody anything; root needs the last one.
_ARGUMENTS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
              "--no-first-run", "--no-sandbox")  # fmt: skip


@cache
def axe_script() -> str:
    """The source of axe-core, installed at its first use.

    Raises:
        ServerMissing: it is not here and npm cannot install it.
    """
    folder = Path(sys.prefix) / "share" / AXE.replace("@", "-")
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if not file.is_file():
            words = [program("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
            done = subprocess.run([*words, AXE], capture_output=True, text=True, check=False, timeout=INSTALL_S)
            if done.returncode != 0:
                raise ServerMissing(f"npm cannot install {AXE}: {done.stderr[-300:]}")
    return file.read_text(encoding="utf-8")


@dataclass
class Visitor:
    """Somebody with a browser at ``base_url``. ``outside``: addresses elsewhere that a page asked for."""

    page: Page
    base_url: str
    outside: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.base_url + path)

    def press(self, label: str) -> None:
        """Click the first button or link with this name, and wait for the page behind it."""
        button = self.page.get_by_role("button", name=label).or_(self.page.get_by_role("link", name=label)).first
        with self.page.expect_navigation():
            button.click()

    def complaints(self, *sizes: tuple[int, int]) -> list[str]:
        """What axe finds at each size of the window: rule, size, and the elements that break it.

        What can be scrolled sideways is no page for a phone (WCAG 1.4.10): that is a complaint too.
        """
        found = []
        self.page.evaluate(axe_script())
        for width, height in sizes or (PHONE, DESKTOP):
            self.page.set_viewport_size({"width": width, "height": height})
            result = self.page.evaluate(f"axe.run(document, {json.dumps(_RUN)})")
            found += [
                f"{self.page.url} {width}px {one['id']}: {node['html'][:160]} ({node['failureSummary'][:160]})"
                for one in result["violations"]
                for node in one["nodes"]
            ]
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append(f"{self.page.url} {width}px: scrolls sideways")
        return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    chromium = program("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        yield started
        started.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the site on a free port of this machine, by the server of production; yields its address."""
    channels: dict[int, socket.socket] = {}
    listening = socket.create_server(("127.0.0.1", 0))
    server = create_server(app, map=channels, sockets=[listening], threads=4, ident=None)
    stop = Event()

    def answer() -> None:
        while not stop.is_set():
            poll_loop(timeout=0.05, use_poll=True, map=channels, count=1)

    thread = Thread(target=answer, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    stop.set()
    thread.join()
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
    for channel in list(channels.values()):
        # A browser that left in the middle of an answer leaves its file open.
        (channel.handle_close if isinstance(channel, HTTPChannel) else channel.close)()


@contextmanager
def visitor(started: Browser, base_url: str, *, lang: str = "ja", javascript: bool = True) -> Iterator[Visitor]:
    """Somebody new, with an empty cookie jar, who has chosen a language."""
    context = started.new_context(
        java_script_enabled=javascript, locale="ja-JP" if lang == "ja" else "en-GB", reduced_motion="reduce"
    )
    context.add_cookies([{"name": "lang", "value": lang, "url": base_url}])
    page = context.new_page()
    who = Visitor(page, base_url)

    def guard(route: Route) -> None:
        if route.request.url.startswith((base_url, "data:")):
            route.continue_()
        else:
            who.outside.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    yield who
    context.close()
