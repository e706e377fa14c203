"""Measuring the detectors on labelled recordings: `omnicam eval`."""
