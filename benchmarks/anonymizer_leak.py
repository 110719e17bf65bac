"""Measure the anonymiser on the invented records of tests/anonymizer: leak and over-redaction a type, ms a kB.

Run: .venv/bin/python -m benchmarks.anonymizer_leak [--show]
"""

import resource
import sys
import time

from tests.anonymizer.measure import Tally, measure
from tests.anonymizer.records import Record, one_off, templated

_STRICT = ("PHONE", "EMAIL", "POSTAL_CODE", "ID_NUMBER", "BANK", "BIRTH_DATE")
_QUASI = ("AGE", "EMPLOYER", "SCHOOL", "HEALTH", "FAMILY", "GENDER", "NATIONALITY", "ORIGIN")


def _print(name: str, tally: Tally) -> None:
    shares = {
        "strict": tally.leak(*_STRICT),
        "address": tally.leak("ADDRESS"),
        "person": tally.leak("PERSON"),
        "handle": tally.leak("URL_HANDLE"),
        "quasi": tally.leak(*_QUASI),
        "over": tally.over_redaction,
        "protected lost": tally.protected_lost,
    }
    print(f"{name:24}" + "  ".join(f"{word} {share:5.1%}" for word, share in shares.items()))


def _cost(records: list[Record]) -> None:
    from anonymizer.engine import anonymise

    texts = ["\n\n".join(record.text for record in records[at : at + 3]) for at in range(0, len(records) - 2, 3)]
    size = sum(len(text.encode()) for text in texts) / 1000
    start = time.process_time()
    for text in texts:
        anonymise(text)
    spent = (time.process_time() - start) * 1000
    print(f"{spent / size:.2f} ms CPU per kB over {size:.0f} kB in {len(texts)} texts of {size / len(texts):.1f} kB")


def main() -> None:
    """Print one line a set and a state of knowledge."""
    start = time.process_time()
    from anonymizer.engine import anonymise

    anonymise("面接官は山田太郎さんです。")
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import and engine {time.process_time() - start:.2f} s CPU, {memory_mb:.0f} MB")
    template = templated(1, 6)
    one_offs = [*one_off("hostile.txt", "B"), *one_off("unseen.txt", "U")]
    sets = {"A template-like": template} | {
        name: [record for record in one_offs if record.group == group]
        for name, group in (("B hostile", "B"), ("U hostile, second set", "U"), ("N nothing personal", "N"))
    }
    for name, records in sets.items():
        for knowing in ("nobody", "candidate", "all") if not name.startswith("N") else ("nobody",):
            tally = measure(records, knowing)
            _print(f"{name[:14]}, {knowing}", tally)
            if "--show" in sys.argv:
                lines = {f"  LEAK {line}" for line in tally.leaks} | {f"  LOST {line}" for line in tally.lost}
                print("\n".join(sorted(lines | {f"  OVER {line}" for line in tally.taken})))
    _cost(template)


if __name__ == "__main__":
    main()
