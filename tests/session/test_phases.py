"""The table of the state machine, and the machine that goes by it."""

import asyncio
from pathlib import Path
from textwrap import indent

import pytest

from edge.session.phases import NEXT, Happening, Machine, Phase, diagram

README = Path(__file__).parents[2] / "README.md"


def following(phase):
    return set(NEXT[phase].values())


def test_every_phase_can_be_reached_and_leads_back_to_the_greeter():
    assert set(NEXT) == set(Phase)
    reached = {Phase.UNENROLLED, Phase.STOPPING}
    for _ in Phase:
        reached |= {phase for each in reached for phase in following(each)}
    assert reached == set(Phase)
    home = {Phase.GREETER}
    for _ in Phase:
        home |= {phase for phase in Phase if following(phase) & home}
    assert home == set(Phase) - {Phase.STOPPING}


def test_every_happening_happens_somewhere():
    assert {happening for moves in NEXT.values() for happening in moves} | {Happening.STOP} == set(Happening)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("happening", Happening)
def test_machine_goes_by_the_table_and_nowhere_else(phase, happening):
    entered = []
    machine = Machine(entered.append)
    machine.phase = phase
    there = Phase.STOPPING if happening is Happening.STOP else NEXT[phase].get(happening)
    if there is None:
        assert not machine.can(happening)
        with pytest.raises(AssertionError, match="cannot happen"):
            machine.take(happening)
        assert (machine.phase, entered) == (phase, [])
    else:
        machine.take(happening)
        assert (machine.phase, entered) == (there, [there])


def test_diagram_has_a_line_for_each_phase_and_every_arrow():
    lines = diagram().splitlines()
    assert [line.partition("  ")[0] for line in lines if line[0] != " "] == [*list(Phase)[:-1], "any"]
    text = " ".join(" ".join(lines).split())
    assert text.count("→") == sum(map(len, NEXT.values())) + 1
    for moves in NEXT.values():
        assert all(f"{happening} → {there}" in text for happening, there in moves.items())
    assert max(map(len, lines)) <= 100


def test_table_in_the_readme_is_the_one_that_the_machine_goes_by():
    assert indent(diagram(), "    ") in README.read_text(encoding="utf-8")


async def test_phase_that_was_entered_shortly_is_not_missed():
    machine = Machine()
    waiting = [asyncio.create_task(machine.reached(phase)) for phase in (Phase.GREETER, Phase.SIGNING_IN)]
    await asyncio.sleep(0)
    for happening in (Happening.ENROLLED, Happening.CODE, Happening.REFUSED):
        machine.take(happening)
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
        await machine.reached(Phase.GREETER)
