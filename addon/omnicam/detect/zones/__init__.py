"""Rules about places: restricted zones, crossing lines, fences and dwell at night."""
