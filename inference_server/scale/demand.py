"""From a number of cameras to GPUs, nodes, bandwidth and storage: arithmetic, no more.

What is measured is named with its source; what is assumed is a field that the command line can set.
A plan is as good as its assumptions: after a week, put in what `GET /api/health` of your nodes has
counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RATE = 28.1
"""Windows a second of one GPU over HTTP, nine questions each: 32 windows of 4 x 448 pixels at once
on one H100 (80 GB), 64 experts in four bits, random weights of the real size (bench/verdict)."""

LOOK_S = 20.0
"""While people are in the picture the model is asked so often (`omnicam.verify.gate.LOOK_S`)."""

EMPTY_CORE, PERSON_CORE, SPEECH_CORE = 0.047, 0.260, 0.148
"""Of one core (2.5 GHz Xeon), a camera of 640x480 and its sound: bench/results/pipeline-*.txt. The
first two hold decoding, detection and the pose model; speech comes on top of either."""

MAIN_CORE = 0.031
"""Of one core, the node's main process with eight cameras (pipeline-8-streams)."""

CAMERA_MIB, NODE_MIB = 107, 450
"""Memory that a further camera adds with a person in view, and what a node has anyway: its main
and pose processes (pipeline, pipeline-8-streams). The ring of packets comes on top."""

QUESTION_KB = 203
"""Of one question about a window: four pictures, the whole view and 2.5 s of sound, as base64; 60,
12 and 80 kB before that, the median of 25 recordings of people (lab)."""

RING_S = 30.0
DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3600.0, 60.0


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What no bench can know.

    Attributes:
        rate: windows a second that one GPU answers.
        load: share of that rate to plan with, so that the line stays short.
        people: share of the busiest hour in which a camera has people in its picture.
        people_day: the same of a whole day.
        speech: share of the busiest hour in which somebody speaks near a camera.
        suspicions: windows an hour, in the busiest hour, because something was suspected.
        audits: windows an hour in which nothing was suspected (`model.audits_per_hour`).
        budget: windows a minute that a camera may ask at most (`model.windows_per_minute`).
        questions: requests about a window: its classes, and a sentence now and then.
        cores: of a node.
        memory_gib: of a node.
        node_load: share of a node's cores and memory to plan with.
        main_mbit: the camera's main stream, recorded in the ring and cut into clips.
        analysis_mbit: the camera's small stream, which is analysed.
        events: that are kept with clip and snapshot, a camera and day.
        clip_s: seconds of a clip.
        snapshot_kb: of a snapshot.
        messages: MQTT messages of an event, from suspected to resolved.
        gpus_a_server: GPUs of one machine.
    """

    rate: float = RATE
    load: float = 0.7
    people: float = 0.5
    people_day: float = 0.15
    speech: float = 0.2
    suspicions: float = 6.0
    audits: float = 1.0
    budget: float = 6.0
    questions: float = 2.0
    cores: float = 4.0
    memory_gib: float = 8.0
    node_load: float = 0.7
    main_mbit: float = 4.0
    analysis_mbit: float = 0.5
    events: float = 5.0
    clip_s: float = 15.0
    snapshot_kb: float = 100.0
    messages: float = 8.0
    gpus_a_server: int = 8


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a number of cameras needs.

    Attributes:
        cameras: how many.
        windows: a second, in the busiest hour.
        windows_day: a second, the mean of a day.
        windows_most: a second, with every camera at its budget.
        gpus: for the busiest hour, with spares.
        spares: of them, how many may be lost without a longer line.
        gpus_most: with every camera at its budget, without spares.
        servers: machines for `gpus`.
        nodes: machines that watch.
        cameras_a_node: how many cameras one of them watches.
        camera_mbit: from the cameras to the nodes, a second.
        model_mbit: from the nodes to the model, a second, in the busiest hour.
        stored_gb: clips and snapshots, a day.
        messages: MQTT messages a second, the mean of a day.
    """

    cameras: int
    windows: float
    windows_day: float
    windows_most: float
    gpus: int
    spares: int
    gpus_most: int
    servers: int
    nodes: int
    cameras_a_node: int
    camera_mbit: float
    model_mbit: float
    stored_gb: float
    messages: float


def demand(cameras: int, given: Assumptions) -> Demand:
    """Work out what `cameras` need.

    Raises:
        ValueError: one camera is too much for a node of this size.
    """
    windows = cameras * windows_a_camera(given)
    needed = math.ceil(windows / (given.rate * given.load))
    # One GPU may be lost at any size but the smallest, where the nodes go on without a model.
    spares = 0 if needed < 2 else math.ceil(needed / 10)
    a_node = cameras_a_node(given)
    model_kb = windows * given.questions * QUESTION_KB
    stored_kb = given.events * (given.clip_s * given.main_mbit * 1e3 / 8 + given.snapshot_kb)
    most = cameras * given.budget / MINUTE_S
    return Demand(
        cameras=cameras,
        windows=windows,
        windows_day=cameras * (given.people_day / LOOK_S + given.audits / HOUR_S),
        windows_most=most,
        gpus=needed + spares,
        spares=spares,
        gpus_most=math.ceil(most / given.rate),
        servers=math.ceil((needed + spares) / given.gpus_a_server),
        nodes=math.ceil(cameras / a_node),
        cameras_a_node=a_node,
        camera_mbit=cameras * (given.main_mbit + given.analysis_mbit),
        model_mbit=model_kb * 8 / 1e3,
        stored_gb=cameras * stored_kb / 1e6,
        messages=cameras * given.events * given.messages / DAY_S,
    )


def windows_a_camera(given: Assumptions) -> float:
    """Give the windows a second that a camera asks about in the busiest hour."""
    asked = given.people / LOOK_S + (given.suspicions + given.audits) / HOUR_S
    return min(asked, given.budget / MINUTE_S)


def cameras_a_node(given: Assumptions) -> int:
    """Give how many cameras a node has cores and memory for, in the busiest hour.

    Raises:
        ValueError: not one.
    """
    core = EMPTY_CORE + given.people * (PERSON_CORE - EMPTY_CORE) + given.speech * SPEECH_CORE
    by_cores = (given.cores * given.node_load - MAIN_CORE) / core
    ring_mib = RING_S * given.main_mbit * 1e6 / 8 / 2**20
    by_memory = (given.memory_gib * 1024 * given.node_load - NODE_MIB) / (CAMERA_MIB + ring_mib)
    found = math.floor(min(by_cores, by_memory))
    if found < 1:
        raise ValueError(
            f"a node of {given.cores:g} cores and {given.memory_gib:g} GiB has no room for a "
            "camera: give --cores or --memory-gib more"
        )
    return found
