"""What a record costs that is read once: 365 of the measured sets through `careerrelay anonymize --jsonl`.

    python -m benchmarks.anonymizer_records [--known]

CPU time of a new process, the least of three, without that of a process that reads one record. ``--known``: the
participants of each record are given with it.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from tests.anonymizer.records import Record
from tests.anonymizer.sets import sets

SETS = ("ninth A", "eleventh A", "fifteenth A", "sixteenth A", "seventeenth A", "eighteenth A", "eleventh B",
        "fifteenth B", "seventeenth B", "eighteenth B")  # fmt: skip
RECORDS = 365
RUNS = 3


def cpu_s(records: Sequence[Record], *, known: bool) -> float:
    """CPU seconds of one process that reads the records."""
    lines = [
        json.dumps(
            {
                "id": str(number),
                "lang": "mixed",
                "text": record.text,
                "identities": [asdict(person) for person in record.people] if known else [],
            }
        )
        for number, record in enumerate(records)
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "careerrelay", "anonymize", "--jsonl"]
    subprocess.run(command, input="\n".join(lines).encode(), stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", action="store_true", help="with the participants of each record")
    known = parser.parse_args().known
    all_sets = sets(seed=20_261, rounds=1, folder_rounds=1)
    records = [record for name in SETS for record in all_sets[name]]
    random.Random(4).shuffle(records)
    records = records[:RECORDS]
    size_kb = sum(len(record.text.encode()) for record in records) / 1000
    start_s = min(cpu_s(records[:1], known=known) for _ in range(RUNS))
    all_s = min(cpu_s(records, known=known) for _ in range(RUNS))
    cost = (all_s - start_s) * 1000 / size_kb
    print(f"{len(records)} records, {size_kb:.0f} kB: {cost:.2f} ms CPU per kB behind a start of {start_s:.2f} s")


if __name__ == "__main__":
    main()
