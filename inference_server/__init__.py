"""The omni model's server for OmniCam: which device it fits, and what is missing on this one."""

__version__ = "0.1.0"
