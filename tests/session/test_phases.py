"""The table of the state machine, and the machine that goes by it."""

import asyncio

import pytest

from edge.session.phases import NEXT, Happening, Machine, Phase, diagram


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
    assert len(lines) == len(Phase)
    assert sum(line.count("→") for line in lines) == sum(map(len, NEXT.values())) + 1


async def test_phase_that_was_entered_shortly_is_not_missed():
    machine = Machine()
    waiting = [asyncio.create_task(machine.reached(phase)) for phase in (Phase.GREETER, Phase.SIGNING_IN)]
    await asyncio.sleep(0)
    for happening in (Happening.ENROLLED, Happening.CODE, Happening.REFUSED):
        machine.take(happening)
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
        await machine.reached(Phase.GREETER)
