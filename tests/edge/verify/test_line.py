"""Who waits for the model, who goes first and who goes away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omnicam.verify.line import STALE_S, Line, Urgency


def test_a_fall_overtakes_and_the_oldest_patient_one_leaves() -> None:
    line: Line[str] = Line(most=3)
    assert line.push("look", Urgency.LOOK, 0.0) == []
    assert line.push("smoke", Urgency.EVENT, 1.0) == []
    assert line.push("fall", Urgency.URGENT, 2.0) == []
    assert line.push("audit", Urgency.AUDIT, 3.0) == ["look"]
    assert line.pop(3.0, urgent_only=True) == ("fall", [])
    assert line.pop(3.0, urgent_only=True) == (None, [])
    assert line.pop(3.0) == ("smoke", [])
    assert line.pop(3.0) == ("audit", [])


def test_who_waited_too_long_leaves_unless_urgent() -> None:
    line: Line[str] = Line()
    line.push("fall", Urgency.URGENT, 0.0)
    line.push("smoke", Urgency.EVENT, 0.0)
    assert line.pop(STALE_S + 1.0) == ("fall", ["smoke"])
    line.push("look", Urgency.LOOK, 0.0)
    assert line.push("help", Urgency.URGENT, STALE_S + 1.0) == ["look"]
    assert line.clear() == ["help"]


def test_where_all_are_urgent_the_oldest_leaves() -> None:
    line: Line[int] = Line(most=2)
    gone = [line.push(number, Urgency.URGENT, float(number)) for number in range(4)]
    assert gone == [[], [], [0], [1]]


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.sampled_from(Urgency), st.floats(0.0, 15.0)),
        st.tuples(st.just("pop"), st.booleans(), st.floats(0.0, 15.0)),
    ),
    max_size=60,
)


@given(DEEDS, st.integers(1, 5))
def test_bounded_fair_and_nobody_is_lost(deeds: list[tuple], most: int) -> None:
    line: Line[tuple[int, Urgency]] = Line(most=most)
    now, number, inside, left = 0.0, 0, set(), set()
    for what, how, passed in deeds:
        now += passed
        if what == "push":
            number += 1
            waiting = set(inside)
            inside.add((number, how))
            gone = line.push((number, how), how, now)
            patient = {entry for entry in waiting if entry[1] is not Urgency.URGENT}
            if any(entry[1] is Urgency.URGENT for entry in gone):
                # An urgent one leaves only where no patient one is left in the line.
                rest = inside - set(gone)
                assert all(entry[1] is Urgency.URGENT for entry in rest)
            assert set(gone) <= patient | {(number, how)} | waiting
        else:
            item, gone = line.pop(now, urgent_only=how)
            if item is not None:
                assert not how or item[1] is Urgency.URGENT
                rest = inside - set(gone) - {item}
                ahead = [entry for entry in rest if (entry[1], entry[0]) < (item[1], item[0])]
                assert not ahead
                left.add(item)
                inside.discard(item)
        left |= set(gone)
        inside -= set(gone)
        assert len(line) == len(inside) <= most
    assert inside | left == set(line.clear()) | left
    assert len(left | inside) == number
