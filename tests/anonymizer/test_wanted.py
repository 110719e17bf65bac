"""Which words a text holds: the same as looking for each of them, whenever it became known."""

from hypothesis import given
from hypothesis import strategies as st

from anonymizer import wanted

LETTERS = "aあ山1#-i\u0307"
WORDS = st.frozensets(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=4)


@given(st.lists(WORDS, min_size=1, max_size=8), st.text([*LETTERS, "\ud800", "\udc00"], max_size=40))
def test_a_text_holds_the_sets_of_which_it_holds_a_word(sets: list[frozenset[str]], text: str) -> None:
    numbers = {words: wanted.number_of(words) for words in sets}
    held, found = wanted.held(text, digits=False, japanese=False)
    assert {words: held[number] == 1 for words, number in numbers.items()} == {
        words: any(word in text for word in words) for words in sets
    }
    for words in sets:
        assert words & found == {word for word in words if word in text}


def test_words_that_come_after_the_first_text_are_found_few_or_many() -> None:
    wanted.held("", digits=False, japanese=False)
    for number in range(200):
        word = f"late{number:03}"
        set_number = wanted.number_of(frozenset((word,)))
        held, found = wanted.held(f"x {word} y late", digits=False, japanese=False)
        assert held[set_number]
        assert word in found
        assert len(held) == len(wanted.NUMBERS)


def test_digits_and_japanese_are_told_by_the_caller() -> None:
    digit, japanese = (wanted.number_of(frozenset((word,))) for word in (wanted.ANY_DIGIT, wanted.ANY_JAPANESE))
    for told in (False, True):
        held, _ = wanted.held("no word of it", digits=told, japanese=told)
        assert held[digit] == held[japanese] == told
    held, _ = wanted.held("item #", digits=False, japanese=False)
    assert held[digit], "a number sign is the word itself"
