import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.input.keymap import Key, character_of, keysym_of, typed

printable = st.characters(exclude_categories=("Cc", "Cs"))


@given(printable)
def test_a_character_survives_its_keysym(character: str) -> None:
    assert character_of(keysym_of(character)) == character


@pytest.mark.parametrize(
    ("character", "keysym"),
    [("a", 0x61), ("A", 0x41), ("é", 0xE9), ("한", 0x100D55C), ("😀", 0x101F600), ("\n", 0xFF0D), ("\t", 0xFF09)],
)
def test_keysyms_are_those_of_the_specification(character: str, keysym: int) -> None:
    assert keysym_of(character) == keysym


@pytest.mark.parametrize(("keysym", "character"), [(0xFFB0, "0"), (0xFFB9, "9"), (0xFFAB, "+"), (0xFFAE, ".")])
def test_the_keypad_types_characters(keysym: int, character: str) -> None:
    assert character_of(keysym) == character


@given(st.integers(-1, 1 << 32))
def test_any_number_has_one_character_or_none(keysym: int) -> None:
    character = character_of(keysym)
    assert character is None or (len(character) == 1 and character.encode())


@pytest.mark.parametrize("key", Key)
def test_named_keys_type_nothing(key: Key) -> None:
    assert character_of(key) is None


def test_a_character_that_no_key_makes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"U\+0007"):
        keysym_of("\x07")


def test_text_is_typed_key_by_key() -> None:
    assert list(typed("a한\n")) == [
        (0x61, True), (0x61, False), (0x100D55C, True), (0x100D55C, False), (0xFF0D, True), (0xFF0D, False),
    ]  # fmt: skip
