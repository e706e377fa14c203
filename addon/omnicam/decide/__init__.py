"""Evidence and verdicts become events: pure functions in stream time, without I/O or a clock."""
