"""The measured sets by name, for tests and benchmark: template-like (A), hostile (B, U), nothing personal (N).

A, B and U were tuned on from the beginning; of the others docs/anonymizer.md tells the figures before any tuning.
"""

from tests.anonymizer.generated import generated
from tests.anonymizer.records import Record, one_off, templated
from tests.anonymizer.wide import composed

STRICT = ("PHONE", "EMAIL", "POSTAL_CODE", "ID_NUMBER", "BANK", "BIRTH_DATE")
QUASI = ("AGE", "EMPLOYER", "SCHOOL", "HEALTH", "FAMILY", "GENDER", "NATIONALITY", "ORIGIN")
_OWN_TEXTS = (
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth"),
    *("sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth", "twentyfirst", "twentysecond"),
    *("twentythird", "twentyfourth"),
)
HOSTILE = ("first", "second", "third", "fourth", "fifth", "sixth", *_OWN_TEXTS)
_PLAIN = (
    "first", "second", "seventh", "eighth", "ninth", "eleventh", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
)  # fmt: skip


def sets(*, seed: int, rounds: int, folder_rounds: int) -> dict[str, list[Record]]:
    """Return every set by name.

    The templates of A are filled ``rounds`` times beginning with ``seed``, those of the first two folders
    ``folder_rounds`` times with a seed of their own.
    """
    old = [*one_off("hostile.txt", "B"), *one_off("unseen.txt", "U")]
    plain = [record for record in old if record.group == "N"]
    return {
        "A": templated(seed, rounds),
        "B": [record for record in old if record.group == "B"],
        "U": [record for record in old if record.group == "U"],
        "first A": templated(5, folder_rounds, "first/"),
        "second A": templated(5, folder_rounds, "second/"),
        "third A": composed(7, 2),
        "fresh A": composed(20_261, 1),  # composed by a seed that no rule was mended on
        **{f"{name} A": one_off(f"{name}/templates.txt", "A") for name in _OWN_TEXTS},
        "generated A": generated(seed=seed, count=400),
        "ordinary A": one_off("ordinary/templates.txt", "A"),
        **{f"{name} B": one_off(f"{name}/hostile.txt", "B") for name in HOSTILE},
        "N": plain + [record for name in _PLAIN for record in one_off(f"{name}/plain.txt", "N")],
    }
