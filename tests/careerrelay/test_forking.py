"""A child made by fork keeps nothing of its parent that would hurt either. Each test has a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

BEGIN = """
import atexit, os, random, signal, sys, threading, time
from careerrelay import forking
from core import log
from core.errors import ConfigError
atexit.register(lambda: print("at exit"))
forking.settle()
"""


def run(script: str) -> tuple[list[str], list[str]]:
    """Lines of standard output and standard error of a parent that ended well."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", BEGIN + script]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


def test_a_child_never_returns_into_its_parents_code() -> None:
    out, err = run("""
try:
    pid = forking.fork_child(lambda: print("child"), "x", lambda: print("release"))
    print(os.waitpid(pid, 0) == (pid, 0))
finally:
    print("with block closed")
""")
    assert out == ["True", "with block closed", "at exit"]
    assert err == ["release", "child"]


def test_a_bug_is_logged_without_its_words_and_an_expected_error_is_a_line() -> None:
    out, err = run("""
log.configure("parent")
def bug(): raise ValueError("yamada@example.com")
def expected(): raise ConfigError("no next hop", "no key")
for life in (bug, expected):
    pid = forking.fork_child(life, "x", lambda: None)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""")
    assert out == ["1", "1", "at exit"]
    line = json.loads(err[1])
    assert (line["error"], line["level"]) == ("ValueError", "critical")
    assert any(place.endswith(" bug") for place in line["where"])
    assert "yamada" not in "".join(err)
    assert err[2:] == ["careerrelay: no next hop", "careerrelay: no key"]


def test_signals_are_the_childs_own_and_none_is_lost_at_its_birth() -> None:
    out, _ = run("""
signal.signal(signal.SIGTERM, lambda *_: print("parent's handler", flush=True))
def told_while_being_born(): os.kill(os.getpid(), signal.SIGTERM)
for life, release in ((lambda: time.sleep(60), told_while_being_born), (told_while_being_born, lambda: None)):
    pid = forking.fork_child(life, "x", release)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set())
""")
    assert out == ["-15", "-15", "True", "at exit"]


def test_each_child_draws_other_random_numbers() -> None:
    _, err = run("""
random.seed(1)
for _ in range(3):
    os.waitpid(forking.fork_child(lambda: print(random.random()), "x", lambda: None), 0)
""")
    assert len(set(err)) == 3


def test_a_process_with_threads_is_not_copied() -> None:
    out, _ = run("""
over = threading.Event()
threading.Thread(target=over.wait).start()
try:
    forking.settle()
except RuntimeError as error:
    print(error)
over.set()
""")
    assert out[0] == "a process with threads cannot be copied by fork"


def test_ps_tells_a_child_by_its_role() -> None:
    _, err = run("""
def show():
    print(open("/proc/self/cmdline").read().rstrip("\\0").split("\\0"), open("/proc/self/comm").read().strip())
os.waitpid(forking.fork_child(show, "gateway", lambda: None), 0)
""")
    assert err == ["['careerrelay', 'gateway'] cr-gateway"]


def test_what_was_done_apart_reports_success_and_failure() -> None:
    out, _ = run("""
print(forking.run_apart(lambda: None, "x", lambda: None))
print(forking.run_apart(lambda: os._exit(3), "x", lambda: None))
print(forking.run_apart(lambda: os.kill(os.getpid(), signal.SIGKILL), "x", lambda: None))
""")
    assert out == ["True", "False", "False", "at exit"]


def test_the_supervisor_names_the_shared_metrics_before_anything_counts() -> None:
    """prometheus_client asks for the directory once, when it is imported."""
    out, _ = run("""
import careerrelay.serve
print("prometheus_client" in sys.modules)
""")
    assert out[0] == "False"


def test_what_is_loaded_before_the_fork_leaves_no_thread_and_mail_alone_needs_no_web_framework() -> None:
    out, _ = run("""
from careerrelay import preload
rare = {"presidio_analyzer", "redis", "rq", "alembic", "reportlab", "openpyxl"}
for only_mail in (True, False):
    preload.load(only_mail=only_mail)
    forking.settle()
    print("gateway.server" in sys.modules, "flask" in sys.modules, "web.app" in sys.modules, rare & set(sys.modules))
""")
    assert out == ["True False False set()", "True True True set()", "at exit"]
