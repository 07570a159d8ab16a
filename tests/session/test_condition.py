from edge.display.words import WORDS
from edge.session.condition import condition, temperature, waits_for_time


def test_temperature_is_that_of_the_hottest_zone(tmp_path):
    assert temperature(tmp_path) is None
    for number, text in enumerate(("41000\n", "54321\n", "", "nonsense")):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text)
    assert temperature(tmp_path) == 54.321


def test_rows_have_words_in_every_language_and_nothing_is_empty():
    rows = condition("", "", None, None)
    for words in WORDS.values():
        assert {name for name, _ in rows} <= words.rows.keys()
    assert all(value for _, value in rows)


def test_clock_is_waited_for_only_where_something_sets_it(tmp_path):
    mark = tmp_path / "timesync" / "synchronized"
    assert not waits_for_time(mark)
    mark.parent.mkdir()
    assert waits_for_time(mark)
    mark.touch()
    assert not waits_for_time(mark)
