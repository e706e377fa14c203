"""Compares what the node's own scorers and YAMNet hear in the same recordings."""
