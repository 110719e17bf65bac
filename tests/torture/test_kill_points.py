"""Processes killed at named points: what was answered 250 arrives, and copies come only from SMTP's own window."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.torture import points
from tests.torture.conftest import Say

SHARDS = 2
ROOT = Path(__file__).parents[2]
# Only a long run is sure to come by every point of the recovery, too.
LIVES_FOR_EVERY_POINT = 2000


@pytest.mark.parametrize("lives", [200, pytest.param(10_000, marks=pytest.mark.torture)])
def test_the_crash_law_holds_at_every_named_point(
    tmp_path: Path, lives: int, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = [_start(tmp_path, lives // SHARDS, seed) for seed in range(1, SHARDS + 1)]
    results: list[dict[str, Any]] = []
    try:
        for number, shard in enumerate(shards, 1):
            assert shard.stdout is not None
            for line in shard.stdout:
                results[number - 1 :] = [json.loads(line)]
                if lives >= LIVES_FOR_EVERY_POINT:
                    with capsys.disabled():
                        sys.stdout.write(f"\n  shard {number} of {SHARDS}: {results[-1]['lives']} kills")
                        sys.stdout.flush()
            assert shard.wait() == 0, (tmp_path / f"{number}.log").read_text()
    finally:
        for shard in shards:
            shard.kill()
            shard.communicate()
    total = _sum(results)
    say(
        f"{total['lives']} kills over {total['mails']} mails, {total['windows']} deliveries in SMTP's window, 0 lost, "
        f"copies as expected, at most {_most(results, 'copies_max')} of one mail, {_most(results, 'crashes_max')} "
        f"processes died over one mail, {_most(results, 'seconds'):.0f} s"
    )
    expected = points.FIRST if lives < LIVES_FOR_EVERY_POINT else (*points.FIRST, *points.LATER)
    never = {point.name for point in expected} - set(total["hits"])
    assert not never, f"no process came by: {sorted(never)}"


def _most(results: list[dict[str, Any]], name: str) -> float:
    return max(float(result[name]) if name == "seconds" else int(result[name]) for result in results)


def _start(folder: Path, lives: int, seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.torture.shard", f"--lives={lives}", f"--seed={seed}"]
    with (folder / f"{seed}.log").open("w") as log:
        return subprocess.Popen(
            [*command, f"--home={folder / str(seed) / 'home'}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )


def _sum(results: list[dict[str, Any]]) -> dict[str, Any]:
    hits: Counter[str] = Counter()
    for result in results:
        hits.update(result["hits"])
    return {name: sum(result[name] for result in results) for name in ("lives", "mails", "windows")} | {"hits": hits}
