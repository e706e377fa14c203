#!/usr/bin/python3
"""Serve MP4 files as RTSP cameras, on the system's Python with GStreamer's RTSP server.

Needs `gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-{base,good,bad}` (and
`gstreamer1.0-libav` for `--g711`). A mount starts when its first client plays, is shared by all
clients, and starts anew after the last one has left. Speaks JSON lines on standard output:

    {"event": "ready", "port": 8554, "mounts": ["bedroom"]}
    {"event": "media", "mount": "bedroom", "wall": 1700000000.0}      a mount was prepared
    {"event": "mark", "mount": "bedroom", "mark": 5.0, "pts": 5.0, "wall": 1700000005.1}
    {"event": "error", "reason": "…"}

`wall` of a mark is the time at which the first video buffer with pts >= the mark leaves for the
network: the moment at which the sink, which keeps the time, lets it go. It is the clock of
whoever measures a latency, and knows nothing of those who are measured.

Ends on SIGTERM and when standard input closes, so that it never outlives who started it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstPbutils", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstPbutils, GstRtspServer  # noqa: E402

VIDEO = {
    "video/x-h264": "h264parse ! rtph264pay config-interval=1",
    "video/x-h265": "h265parse ! rtph265pay config-interval=1",
    "image/jpeg": "jpegparse ! rtpjpegpay",
}
AUDIO = {
    "audio/mpeg": "aacparse ! rtpmp4gpay",
    "audio/x-opus": "opusparse ! rtpopuspay",
}
G711 = (
    "decodebin ! audioconvert ! audioresample ! audio/x-raw,rate=8000,channels=1 "
    "! alawenc ! rtppcmapay"
)
ROLE = "viewer"


def say(event: str, **fields: Any) -> None:
    """Write one JSON line for whoever started this program."""
    print(json.dumps({"event": event, **fields}), flush=True)


def pipeline(path: str, *, g711: bool) -> str:
    """Describe the pipeline of a file, with a payloader for each stream that can be carried."""
    found = GstPbutils.Discoverer.new(10 * Gst.SECOND).discover_uri(Gst.filename_to_uri(path))

    def codec(streams: list[Any]) -> str | None:
        return streams[0].get_caps().get_structure(0).get_name() if streams else None

    video, audio = codec(found.get_video_streams()), codec(found.get_audio_streams())
    payloaders = [("video", VIDEO[video])] if video in VIDEO else []
    if audio and (g711 or audio in AUDIO):
        payloaders.append(("audio", G711 if g711 else AUDIO[audio]))
    if not payloaders:
        raise ValueError(f"{path}: holds {video} and {audio}, none of which can be served")
    branches = " ".join(
        f"d.{kind}_0 ! queue max-size-time=3000000000 max-size-buffers=0 ! {chain} "
        f"name=pay{number} pt={96 + number}"
        for number, (kind, chain) in enumerate(payloaders)
    )
    return f'( filesrc location="{path}" ! qtdemux name=d {branches} )'


def departure(pad: Gst.Pad, buffer: Gst.Buffer) -> float:
    """Give the wall-clock time at which the sink will let this buffer go."""
    now = time.time()
    element = pad.get_parent_element()
    clock = element.get_clock()
    segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
    stamp = buffer.dts if buffer.dts != Gst.CLOCK_TIME_NONE else buffer.pts
    if clock is None or stamp == Gst.CLOCK_TIME_NONE:
        return now
    due = element.get_base_time() + segment.to_running_time(Gst.Format.TIME, stamp)
    return now + max(0, due - clock.get_time()) / Gst.SECOND


class Marks:
    """Watches one payloader for the buffers at the marks."""

    def __init__(self, mount: str, marks: list[float]) -> None:
        self._mount = mount
        self._left = sorted(marks)

    def probe(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Report every mark that this buffer is the first to reach."""
        buffer = info.get_buffer()
        if buffer is not None and buffer.pts != Gst.CLOCK_TIME_NONE:
            segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
            pts = segment.to_stream_time(Gst.Format.TIME, buffer.pts) / Gst.SECOND
            # A buffer seen before the clock runs has no time to leave at yet; those are the first
            # few of the file, so a mark there waits for the next buffer.
            running = pad.get_parent_element().get_base_time() > 0
            while self._left and pts >= self._left[0] - 1e-6 and running:
                mark = self._left.pop(0)
                wall = departure(pad, buffer)
                say("mark", mount=self._mount, mark=mark, pts=round(pts, 6), wall=wall)
        return Gst.PadProbeReturn.OK if self._left else Gst.PadProbeReturn.REMOVE


def add_mount(server: Any, name: str, launch: str, marks: list[float], user: str | None) -> None:
    """Offer one file under rtsp://…/name."""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_shared(True)
    if user is not None:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role(ROLE)
        for permission in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role(ROLE, permission, True)
        factory.set_permissions(permissions)

    def configure(_factory: Any, media: Any) -> None:
        say("media", mount=name, wall=time.time())
        payloader = media.get_element().get_by_name_recurse_up("pay0")
        if marks and payloader is not None:
            pad = payloader.get_static_pad("sink")
            pad.add_probe(Gst.PadProbeType.BUFFER, Marks(name, list(marks)).probe)

    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory(f"/{name}", factory)


def require_login(server: Any, user: str, password: str) -> None:
    """Let in only this user."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)


def pairs(values: list[str], option: str) -> list[tuple[str, str]]:
    """Split `name=value` options."""
    split = [tuple(value.split("=", 1)) for value in values]
    wrong = [value for value, parts in zip(values, split, strict=True) if len(parts) != 2]
    if wrong:
        raise ValueError(f"{option} {wrong[0]}: write it as name=value")
    return [(parts[0], parts[1]) for parts in split]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Serve MP4 files as RTSP cameras.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8554, help="0 lets the system choose")
    parser.add_argument("--mount", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--mark", action="append", default=[], metavar="NAME=SECONDS")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--g711", action="store_true", help="send sound as G.711 A-law, 8 kHz")
    return parser.parse_args()


def build(options: argparse.Namespace) -> Any:
    """Make the server with all its mounts."""
    mounts = dict(pairs(options.mount, "--mount"))
    marks: dict[str, list[float]] = {name: [] for name in mounts}
    for name, seconds in pairs(options.mark, "--mark"):
        if name not in marks:
            raise ValueError(f"--mark {name}: no such mount; there are {', '.join(mounts)}")
        marks[name].append(float(seconds))
    server = GstRtspServer.RTSPServer()
    server.set_address(options.host)
    server.set_service(str(options.port))
    if options.user is not None:
        require_login(server, options.user, options.password)
    for name, path in mounts.items():
        launch = pipeline(str(Path(path).resolve()), g711=options.g711)
        add_mount(server, name, launch, marks[name], options.user)
    return server


def main() -> int:
    """Run until told to stop."""
    options = arguments()
    Gst.init(None)
    try:
        server = build(options)
    except (ValueError, GLib.Error) as error:
        say("error", reason=str(error))
        return 2
    if server.attach(None) == 0:
        say("error", reason=f"port {options.port} is taken; choose another with --port")
        return 1
    loop = GLib.MainLoop()

    def stop(*_: Any) -> bool:
        loop.quit()
        return GLib.SOURCE_REMOVE

    def hung_up(_channel: Any, _condition: Any) -> bool:
        return stop() if not os.read(sys.stdin.fileno(), 4096) else GLib.SOURCE_CONTINUE

    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, stop)
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGINT, stop)
    GLib.io_add_watch(
        GLib.IOChannel.unix_new(sys.stdin.fileno()),
        GLib.PRIORITY_DEFAULT,
        GLib.IOCondition.IN | GLib.IOCondition.HUP,
        hung_up,
    )
    mounts = [name for name, _ in pairs(options.mount, "--mount")]
    say("ready", port=server.get_bound_port(), mounts=mounts)
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
