"""Requests of one window wait for one another in front of the scheduler, and for nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from inference_server.serve.together import MOST_WAITING, Gate, name


@dataclass(frozen=True)
class Request:
    request_id: str


def group(number: int, count: int) -> list[Request]:
    digits = f"{number:032x}"
    # vLLM adds eight letters to the id that it is given.
    return [Request(name(digits, at, count) + "-1a2b3c4d") for at in range(count)]


def test_all_of_a_group_go_on_with_the_last_in_the_order_in_which_they_came() -> None:
    gate = Gate()
    requests = group(1, 3)
    assert gate.take(requests[0], 7) == []
    assert gate.take(requests[1], 7) == []
    assert gate.take(requests[2], 8) == [(requests[0], 7), (requests[1], 7), (requests[2], 8)]


def test_other_requests_and_groups_of_one_go_on_at_once() -> None:
    gate = Gate()
    first, other = group(1, 2), Request("chatcmpl-1")
    assert gate.take(first[0]) == []
    assert gate.take(other) == [(other,)]
    (single,) = group(2, 1)
    assert gate.take(single) == [(single,)]
    assert gate.take(first[1]) == [(first[0],), (first[1],)]


def test_what_its_sender_gave_up_holds_nothing() -> None:
    gate = Gate()
    requests = group(1, 3)
    gate.take(requests[0])
    gate.take(requests[1])
    gate.drop({requests[0].request_id, "chatcmpl-1"})
    assert gate._waiting == {}


def test_groups_that_never_become_whole_do_not_pile_up() -> None:
    gate = Gate()
    gone = [entry for number in range(MOST_WAITING + 5) for entry in gate.take(group(number, 2)[0])]
    assert [request.request_id for (request,) in gone] == [
        group(number, 2)[0].request_id for number in range(5)
    ]
