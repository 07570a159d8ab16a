from edge.input.chords import Chord, Chords
from edge.input.keymap import Key


def taken(chords, *keys):
    return [chords.take(key, down=down) for key, down in keys]


def test_chord_is_told_once_and_its_letter_is_kept_from_the_desktop():
    chords = Chords()
    pressed = taken(chords, (Key.CONTROL_L, True), (Key.ALT_R, True), (ord("l"), True), (ord("l"), True))
    assert pressed == [(None, True), (None, True), (Chord.LOCK, False), (None, False)]
    assert taken(chords, (Key.CONTROL_L, False), (ord("l"), False)) == [(None, True), (None, False)]
    assert taken(chords, (ord("l"), True), (ord("l"), False)) == [(None, True)] * 2


def test_letters_alone_or_with_one_modifier_are_the_desktop_s():
    for held in ((), (Key.CONTROL_R,), (Key.ALT_L,), (Key.SHIFT_L, Key.ALT_L)):
        chords = Chords()
        taken(chords, *((key, True) for key in held))
        for chord in Chord:
            assert chords.take(ord(chord.value), down=True) == (None, True)


def test_every_chord_is_known_with_caps_lock_too():
    for chord in Chord:
        for letter in (chord.value, chord.value.upper()):
            chords = Chords()
            taken(chords, (Key.ALT_L, True), (Key.CONTROL_R, True))
            assert chords.take(ord(letter), down=True) == (chord, False)


def test_chord_that_there_is_not_here_is_the_desktop_s():
    chords = Chords([Chord.EXACTNESS])
    taken(chords, (Key.CONTROL_L, True), (Key.ALT_L, True))
    assert chords.take(ord("l"), down=True) == (None, True)
    assert chords.take(ord("e"), down=True) == (Chord.EXACTNESS, False)


def test_other_keys_pass_while_both_are_held():
    chords = Chords()
    taken(chords, (Key.CONTROL_L, True), (Key.ALT_L, True))
    assert chords.take(Key.DELETE, down=True) == (None, True)
    assert chords.take(ord("t"), down=True) == (None, True)
