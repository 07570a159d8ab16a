from hypothesis import given
from hypothesis import strategies as st

from edge.input.form import CODE_CHARACTERS, NAME_CHARACTERS, Field, SignInForm, Submitted
from edge.input.keymap import Key, keysym_of

keysyms = st.one_of(
    st.sampled_from(Key), st.characters(min_codepoint=0x20, exclude_categories=("Cc", "Cs")).map(keysym_of)
)


def after(form: SignInForm, *keys: str | int) -> SignInForm | Submitted:
    state: SignInForm | Submitted = form
    for key in keys:
        for keysym in [key] if isinstance(key, int) else map(keysym_of, key):
            assert isinstance(state, SignInForm)
            state = state.typed(keysym)
    return state


def test_a_name_and_a_code_are_submitted_by_return() -> None:
    assert after(SignInForm(), "김하나\t123 456\n") == Submitted("김하나", "123456")


def test_return_goes_to_the_field_that_is_empty() -> None:
    form = after(SignInForm(), "hana\n")
    assert form == SignInForm("hana", "", Field.CODE)
    assert after(SignInForm(focus=Field.CODE), "123456\n") == SignInForm("", "123456", Field.NAME)
    assert after(SignInForm("  ", "1"), Key.KP_ENTER) == SignInForm("  ", "1", Field.NAME)


def test_backspace_and_escape_change_the_field_in_focus_only() -> None:
    form = SignInForm("hana", "12", Field.CODE)
    assert after(form, Key.BACKSPACE) == SignInForm("hana", "1", Field.CODE)
    assert after(form, Key.ESCAPE, Key.BACKSPACE) == SignInForm("hana", "", Field.CODE)
    assert after(form, Key.TAB, Key.BACKSPACE) == SignInForm("han", "12", Field.NAME)


def test_keys_that_type_nothing_change_nothing() -> None:
    form = SignInForm("hana", "12", Field.CODE)
    assert after(form, Key.F1, Key.SHIFT_L, Key.HANGUL, Key.DELETE, 0, 0xFE03) == form


def test_a_refusal_keeps_the_name_and_drops_the_code() -> None:
    assert SignInForm("hana", "123456", Field.CODE).refused() == SignInForm("hana", "", Field.CODE)
    assert SignInForm().refused() == SignInForm()


def test_the_code_is_in_no_repr() -> None:
    form = SignInForm("hana", "918273", Field.CODE)
    submitted = form.typed(Key.RETURN)
    assert isinstance(submitted, Submitted)
    assert submitted.code == "918273"
    assert "918273" not in f"{form!r} {form} {submitted!r} {submitted}"


@given(st.lists(keysyms, max_size=200))
def test_no_keys_break_the_limits(keys: list[int]) -> None:
    form = SignInForm()
    for key in keys:
        match form.typed(key):
            case SignInForm() as form:
                assert len(form.name) <= NAME_CHARACTERS
                assert len(form.code) <= CODE_CHARACTERS
            case Submitted(name, code):
                assert name.strip() == name
                assert code
