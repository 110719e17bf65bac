"""`careerrelay demo`: an internet, an installation, a story, and then it stays up for the visitor until Ctrl-C."""

import shlex
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from careerrelay import opening
from careerrelay.demo import mails, story
from careerrelay.demo.inbox import InboxServer, Place, create_app
from careerrelay.demo.server import Server, emptied, free_port, settings_of
from careerrelay.demo.sink import Sink
from careerrelay.demo.story import Tell
from core import setting_sources
from core.runtime import Runtime
from web import auth

SMTP_PORT, WEB_PORT, INBOX_PORT = 2525, 8080, 8025
#: The gateway looks for mails of ours every second: after this nothing of the played part is still on its way.
QUIET_S = 2.5
#: Where `make demo` puts the command.
COMMAND = ".venv/bin/careerrelay"


@dataclass(frozen=True, slots=True)
class Addresses:
    console: str
    inbox: str


def run(home: Path, tell: Tell, *, stay: bool = True) -> int:
    """Play the story; with ``stay`` keep everything running until SIGINT or SIGTERM. Returns the credits earned.

    Raises:
        ConfigError: the installation did not start, or ``home`` is somebody else's.
    """
    with ExitStack() as stack:
        stopped = _stop_signal()
        tell("CareerRelay デモを準備しています … (starting)")
        home = emptied(home.absolute())
        sink = stack.enter_context(Sink(home / "inbox"))
        smtp_port, web_port = free_port(SMTP_PORT), free_port(WEB_PORT)
        environment = settings_of(home, smtp_port, web_port, sink.port)
        settings = setting_sources.load(None, environment)
        opening.migrated(settings)
        runtime = stack.enter_context(opening.opened(settings))
        with runtime.begin() as tx:
            cast = story.set_up(tx)
        stack.enter_context(Server(environment, home / "serve.log"))
        inbox_port = free_port(INBOX_PORT)
        place = _place(runtime)
        stack.callback(InboxServer(create_app(sink, place), inbox_port).close)
        earned = _play(runtime, cast, sink, smtp_port, tell)
        place.played_until = sink.wait_until_quiet(QUIET_S)
        addresses = Addresses(f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{inbox_port}")
        _farewell(runtime, addresses, environment, tell)
        if stay:
            stopped.wait()
            tell("デモを終了します … (stopping)")
        return earned


def _play(runtime: Runtime, cast: story.Cast, sink: Sink, smtp_port: int, tell: Tell) -> int:
    now = datetime.now(UTC)
    day, played = mails.ordinary_day(now), mails.played_rejections(now)
    story.tell_ats(runtime, cast, [*day, *played])
    tell(f"\n{mails.COMPANY} のある日のメール {len(day)} 通を送ります (an ordinary day's mail):")
    story.send(day, smtp_port)
    story.report(day, sink, tell)
    tell(f"\nほかに {len(played)} 人へ不採用通知を送り、登録まで進めます (nine applicants are played):")
    story.send(played, smtp_port)
    earned = story.play(played, sink, tell)
    with runtime.read() as tx:
        tell(f"\n台帳 (ledger): {story.ledger_line(tx, cast)}")
    return earned


def _farewell(runtime: Runtime, addresses: Addresses, environment: Mapping[str, str], tell: Tell) -> None:
    with runtime.begin() as tx:
        link = story.sign_in_link(tx)
    settings = runtime.settings
    tell(f"""
10件目はあなたです (you are the tenth):
  1. 受信箱 (inbox)              {addresses.inbox}/
     「リンクを追加」のメールを開いて登録し、紹介会社あてのメールから受領を返します。
     Open a marked mail, register, then accept as the agency.
  2. 管理画面 (console)          {addresses.console}/
     1回だけ使えるサインイン (one-time sign-in): {link}
     {auth.LINK_MINUTES}分で切れます。新しいリンクは、受信箱の「管理画面にサインイン」から何度でも作れます。
     It ends after {auth.LINK_MINUTES} minutes; the inbox's button "open the console" makes a fresh one each time.
  3. 自分のメールで試す (your own mail): SMTP {settings.smtp.listen[0]}, MAIL FROM {mails.RECRUITING}
  4. コマンドで確かめる：別の端末でまず次の1行を貼り、{COMMAND} doctor や {COMMAND} queue list --all を実行します。
     On the command line: paste this line into another terminal, then run `{COMMAND} doctor`.

{exports(environment)}

データとログ (data and log): {settings.home}    終了 (stop): Ctrl-C""")


def exports(environment: Mapping[str, str]) -> str:
    """One line for a shell: the settings by which every command looks at the demo's installation."""
    return shlex.join(["export", *(f"{name}={value}" for name, value in environment.items())])


def _stop_signal() -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    return stopped


def _place(runtime: Runtime) -> Place:
    def sign_in() -> str:
        with runtime.begin() as tx:
            return story.sign_in_link(tx)

    played = frozenset(f"{local}@example.com" for local in mails.PLAYED) | {mails.AGENCY_MAIL}
    return Place(mails.COMPANY, mails.AGENCY_MAIL, (mails.COMPANY_DOMAIN,), sign_in, played)
