"""Measures what watching costs: processor time, memory, dropped frames and their latency."""
