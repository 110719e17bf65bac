"""Measure what the anonymiser costs: start, memory, CPU per kB of ordinary text, growth on hostile text.

Run: .venv/bin/python -m benchmarks.anonymizer_cost
"""

import resource
import time

from tests.anonymizer.records import Record, one_off, templated
from tests.anonymizer.wide import composed

_REPEATS = 9
_HOSTILE_CHARS = 50_000
# Each is repeated to fill a text: what a pattern may begin with, over and over.
_SEEDS = (
    "あ", "山田さん、", "090-", "1-", "0 ", "(", "a@", "ab.cd.", "http://a/", "東京都", "さくら ", "A. ", "O'Abc ",
    "ア・イ", "「あ」", "1O-", "一 ", "昭和", "株式会社", "氏名:\n", "12:00 ", "様", "一◎", "<a>", "%E3*=",
    "=?utf-8?b?aa?= ", "Flat 1, Ab, ", "゙", "\u200b",
    "ゼロ", "zero ", "a dot ", "アット", "ファム ", "1の", "090の、", "神南1-2-", "Ab A. ", "い・", "社員証1 ",
    "関「", "a.b ", "誕生日1", "信金", "メゾン101 ", "1 chome ",
)  # fmt: skip


def _cpu_ms_per_kb(texts: list[str]) -> tuple[float, float]:
    """Return the least CPU of each text over some repeats, and kB: other processes on the machine only add to it."""
    from anonymizer.engine import anonymise

    size = sum(len(text.encode()) for text in texts) / 1000
    best = [float("inf")] * len(texts)
    for _ in range(_REPEATS):
        for at, text in enumerate(texts):
            start = time.process_time()
            anonymise(text)
            best[at] = min(best[at], time.process_time() - start)
    return sum(best) * 1000 / size, size


def _start() -> None:
    start = time.process_time()
    from anonymizer.engine import anonymise

    anonymise("面接官は山田太郎さんです。")
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import, engine and first text {time.process_time() - start:.2f} s CPU, {memory_mb:.0f} MB")


def _once() -> None:
    """Print what records cost that are read once, with participants never met before: as the command reads them."""
    from anonymizer.engine import anonymise

    records = [*composed(7, 2), *(each for name in ("third", "fourth") for each in one_off(f"{name}/hostile.txt", "B"))]
    size = sum(len(record.text.encode()) for record in records) / 1000
    start = time.process_time()
    for record in records:
        anonymise(record.text, record.people, "en" if record.lang == "en" else "ja")
    cost = (time.process_time() - start) * 1000 / size
    print(f"read once, all known: {cost:.2f} ms CPU per kB over {size:.0f} kB in {len(records)} texts")


def _mails(records: list[Record]) -> list[str]:
    return ["\n\n".join(record.text for record in records[at : at + 3]) for at in range(0, len(records) - 2, 3)]


def _growth() -> None:
    from anonymizer.engine import anonymise

    worst = (0.0, 0.0, "")
    for seed in _SEEDS:
        seconds = []
        for size in (_HOSTILE_CHARS // 2, _HOSTILE_CHARS):
            start = time.process_time()
            anonymise((seed * (size // len(seed) + 1))[:size])
            seconds.append(time.process_time() - start)
        worst = max(worst, (seconds[1], seconds[1] / seconds[0], seed))
    print(f"hostile, {_HOSTILE_CHARS} characters: worst {worst[0]:.2f} s ({worst[2]!r}), {worst[1]:.1f} times its half")


def main() -> None:
    """Print one line a measure."""
    _start()
    _once()
    for name, texts in (
        ("mails", _mails(templated(1, 6))),
        ("short notes", [record.text for record in one_off("first/hostile.txt", "B")]),
        ("no personal data", ["\n".join(record.text for record in one_off("first/plain.txt", "N"))]),
    ):
        cost, size = _cpu_ms_per_kb(texts)
        print(f"{name}: {cost:.2f} ms CPU per kB over {size:.0f} kB in {len(texts)} texts")
    _growth()


if __name__ == "__main__":
    main()
