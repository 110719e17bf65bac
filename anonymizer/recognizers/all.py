"""The list of our recognisers, in the order in which they matter."""

from anonymizer.recognizers import (
    address,
    bank,
    birth,
    employer,
    ids,
    mail,
    person_caption,
    person_frames,
    person_ja,
    person_latin,
    person_phrase,
    person_table,
    person_told,
    person_written,
    phone,
    postcode,
    school,
    special,
    spoken,
    web,
)  # fmt: skip

RECOGNISERS = tuple(
    module.RECOGNISER
    for module in (
        mail, phone, spoken, postcode, address, birth, ids, bank, web, person_caption, person_phrase, person_ja,
        person_latin, person_written, person_frames, person_table, person_told, employer, school, special,
    )
)  # fmt: skip
