"""Hardware decoding where PyAV and the machine offer it."""

from __future__ import annotations

import av.error
from av.codec.hwaccel import HWAccel, HWDevice, hwdevices_available

AUTO = "auto"


def choose(name: str | None) -> tuple[HWAccel | None, str]:
    """Find a decoder device by PyAV's name, or the first that works for "auto".

    Returns:
        The device, or None for software; and a warning in plain words, empty where none is due.
    """
    if name is None:
        return None, ""
    offered = hwdevices_available()
    for candidate in offered if name == AUTO else [name]:
        if candidate in offered and _works(candidate):
            return HWAccel(candidate, allow_software_fallback=True), ""
    wanted = "No hardware decoder" if name == AUTO else f"The hardware decoder {name!r}"
    verb = "works" if name == AUTO else "does not work"
    return None, (
        f"{wanted} {verb} on this machine (known here: {', '.join(offered) or 'none'}): decoding "
        "in software. Install the driver and pass the device on, or remove `hardware`"
    )


def _works(name: str) -> bool:
    try:
        HWDevice(name)
    except (av.error.FFmpegError, ValueError):
        return False
    return True
