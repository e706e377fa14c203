"""Noticing that someone disables the camera: covered, defocused, moved, frozen, no signal."""
