"""Every shipped phrase finds its example, as it is meant, and not its counter-example."""

from __future__ import annotations

import pytest

from rules.lexicon import Phrase, shipped
from rules.moods import mood
from rules.text import read_layout, read_subject


def _found(phrase: Phrase, text: str) -> bool:
    sentence, _ = read_subject(text)
    return any(
        found.phrase.id == phrase.id and not mood(found, sentence.text) for found in shipped().find(sentence.text)
    )


@pytest.mark.parametrize("phrase", shipped().phrases, ids=lambda phrase: phrase.id)
def test_the_example_is_found_and_the_counter_example_is_not(phrase: Phrase) -> None:
    assert _found(phrase, phrase.example)
    assert not _found(phrase, phrase.counter)


def test_ids_are_unique_and_weights_belong_to_evidence_only() -> None:
    phrases = shipped().phrases
    assert len({phrase.id for phrase in phrases}) == len(phrases)
    for phrase in phrases:
        assert (phrase.weight > 0) == (phrase.kind in {"no", "soft", "support", "closing"}), phrase.id


@pytest.mark.parametrize("wrap", range(3, 60, 7))
def test_a_line_wrap_inside_a_phrase_hides_nothing(wrap: int) -> None:
    text = "誠に残念ながら今回は採用を見送らせていただくこととなりました。ご希望に添えず申し訳ございません。"
    wrapped = "\n".join(text[start : start + wrap] for start in range(0, len(text), wrap))
    assert "".join(sentence.text for sentence in read_layout(wrapped).new) == "".join(
        sentence.text for sentence in read_layout(text).new
    )
