"""Always-on scorers on the CPU: frames and sound in, weights of evidence out.

One file a scorer, one protocol for all (`protocol`); `analyser` runs them in stream order.
"""
