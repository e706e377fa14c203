"""A model looks at a window of one camera: asked when the detectors suspect, never waited for.

The worker cuts the window (`cutting`); everything else is in the main process: `gate` says what to
ask, `line` in which order, `client` asks an OpenAI-compatible endpoint, `reading` makes log-odds
of its answer, `calibration` makes them mean something, `verifier` runs it all.
"""
