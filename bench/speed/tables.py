"""Prints what was measured."""

from __future__ import annotations

from collections.abc import Mapping

from speed.fleet import Fleet
from speed.single import Cost

TARGETS = {"person": 0.35, "empty": 0.05, "silence": 0.1, "speech": 0.1}
"""Share of one core that a camera may cost at most."""

FURTHER_MIB = 150.0


def print_costs(costs: Mapping[str, Cost]) -> None:
    """Print one column for each film."""
    names = list(dict.fromkeys(name for cost in costs.values() for name in cost.rows))
    print(f"\n{'share of one core':<26}" + "".join(f"{kind:>10}" for kind in costs))
    for name in names:
        shares = "".join(f"{cost.rows.get(name, 0.0):>10.4f}" for cost in costs.values())
        print(f"{name:<26}{shares}")
    print(f"{'total':<26}" + "".join(f"{cost.total:>10.4f}" for cost in costs.values()))
    for kind, cost in costs.items():
        print(f"\n{kind}: {_verdict(cost.total, TARGETS[kind])} of one core")
        print(
            f"  {cost.frames_s:.2f} frames a second analysed of {cost.decoded_s:.1f} decoded, "
            f"{cost.dropped} dropped; {cost.pose_s:.2f} looks for people, "
            f"{cost.pose_drops} unanswered"
        )
        print(
            f"  from arrival to findings: median {cost.delay_ms[0]:.0f} ms, "
            f"95 % within {cost.delay_ms[1]:.0f} ms"
        )
        print(
            f"  memory: worker {cost.worker.resident:.0f} MiB (its own {cost.worker.own:.0f}), "
            f"pose process {cost.pose.resident:.0f} MiB; a further camera adds "
            f"{_verdict(cost.further_mib, FURTHER_MIB, 0)} MiB"
        )


def print_fleet(fleet: Fleet) -> None:
    """Print one line for each camera and one for each process."""
    print(
        f"\n{'camera':<10}{'view':<8}{'frames/s':>9}{'dropped':>9}{'unasked':>9}{'core':>8}"
        f"{'MiB':>7}{'own':>7}{'lag ms':>8}{'worst':>7}"
    )
    for camera in fleet.cameras:
        print(
            f"{camera.name:<10}{camera.view:<8}{camera.frames_s:>9.2f}{camera.dropped:>9}"
            f"{camera.pose_dropped:>9}{camera.cpu:>8.3f}{camera.memory.resident:>7.0f}"
            f"{camera.memory.own:>7.0f}{camera.lag_ms:>8.0f}{camera.worst_lag_ms:>7.0f}"
        )
    for name, process in fleet.processes.items():
        memory = process.memory
        print(f"{name:<44}{process.cpu:>8.3f}{memory.resident:>7.0f}{memory.own:>7.0f}")
    print(f"{'together':<44}{fleet.cpu:>8.3f}{'':>7}{fleet.own_mib:>7.0f}")
    print(
        f"\nin {fleet.seconds:.0f} s: {fleet.dropped} frames dropped, {fleet.pose_dropped} looks "
        f"for people unanswered; {'kept up' if fleet.kept_up else 'FELL BEHIND'}"
    )


def _verdict(value: float, target: float, digits: int = 3) -> str:
    holds = "holds" if value < target else "MISSED"
    return f"{value:.{digits}f} (target {target:g}: {holds})"
