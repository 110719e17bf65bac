"""Metrics: every one is documented, alert rules name only what there is, and several processes share them rightly."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from core import metrics

DOCS = Path(__file__).parent.parent.parent / "docs"


def exposed() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name -> kind and labels of every metric in core/metrics.py."""
    found = {}
    for value in vars(metrics).values():
        if isinstance(value, Counter | Gauge | Histogram):
            (family,) = value.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = (family.type, tuple(value._labelnames))
    return found


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+)(?: \(([^)]*)\))?", page, re.MULTILINE)
    documented = {name: (kind, tuple(filter(None, labels.split(", ")))) for name, kind, labels in rows}
    assert documented == exposed()


def test_alert_rules_are_well_formed_and_name_what_there_is() -> None:
    rules = yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))
    known = set(exposed()) | {f"{name}_bucket" for name, (kind, _) in exposed().items() if kind == "histogram"}
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert rule["labels"]["severity"] in ("warning", "critical")
            assert set(rule["annotations"]) == {"summary", "action"}
            assert rule["expr"].count("(") == rule["expr"].count(")")
            assert rule["expr"].count("{") == rule["expr"].count("}")
            assert set(re.findall(r"careerrelay_\w+", rule["expr"])) <= known
    assert len({rule["alert"] for group in rules["groups"] for rule in group["rules"]}) >= 8


def test_every_gauge_says_what_several_processes_make_of_it() -> None:
    for name, value in vars(metrics).items():
        if isinstance(value, Gauge):
            assert value._multiprocess_mode in ("mostrecent", "livesum", "livemax"), name


def test_what_is_handed_over_together_counts_as_if_it_came_one_by_one() -> None:
    values = (0.0, 0.001, 0.002, 0.003, 0.5, 100.0)
    alone, together = CollectorRegistry(), CollectorRegistry()
    for registry in (alone, together):
        counter = Counter("seen", "x", ["kind"], registry=registry)
        plain = Counter("plain", "x", registry=registry)
        histogram = metrics.Histogram("took", "x", buckets=(0.001, 0.003, 1.0), registry=registry)
        if registry is alone:
            counter.labels("a").inc(2)
            plain.inc()
            for value in values:
                histogram.observe(value)
            continue
        tally = metrics.Tally()
        for _ in range(2):
            tally.count(counter, "a")
        tally.count(plain)
        for value in values:
            tally.observe(histogram, value)
        tally.hand_over()
        tally.hand_over()  # there is nothing left

    def samples(registry: CollectorRegistry) -> set[tuple[str, str, float]]:
        made = (sample for family in registry.collect() for sample in family.samples)
        return {(one.name, str(one.labels), one.value) for one in made if not one.name.endswith("_created")}

    assert samples(alone) == samples(together)


PROCESS = """
import sys
from core import metrics
part = int(sys.argv[1])
metrics.IN_HAND.set(part)
metrics.NEXT_HOP_RESTS.labels("mx.example.jp:25").set(part == 2)
metrics.QUEUE_MAILS.labels("ready").set(10 * part)
metrics.MAILS_RECEIVED.labels("1").inc(part)
metrics.COMMIT_SECONDS.observe(0.002)
print("set", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def shared(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}


def rendered(environment: dict[str, str]) -> str:
    code = "from core import metrics; print(metrics.render().decode())"
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_processes_share_their_metrics(shared: dict[str, str]) -> None:
    """Each process has mails in hand of its own; the queue is one and the same."""
    running = []
    for part in (2, 3):
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(part)],
            env=shared,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "set\n"
        running.append(process)
    text = rendered(shared)
    assert "careerrelay_in_hand 5.0" in text
    assert 'careerrelay_next_hop_rests{hop="mx.example.jp:25"} 1.0' in text
    assert 'careerrelay_queue_mails{state="ready"} 30.0' in text
    assert 'careerrelay_mails_received_total{company="1"} 5.0' in text
    assert "careerrelay_commit_seconds_count 2.0" in text
    first = running[0]
    for process in running:
        process.communicate("end\n")
    bury = "import sys; from prometheus_client import multiprocess; multiprocess.mark_process_dead(int(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", bury, str(first.pid)], env=shared, check=True)
    text = rendered(shared)
    assert "careerrelay_in_hand 3.0" in text, "what the dead one had in hand is nobody's now"
    assert 'careerrelay_next_hop_rests{hop="mx.example.jp:25"} 0.0' in text
    assert 'careerrelay_mails_received_total{company="1"} 5.0' in text, "what it counted stays counted"
