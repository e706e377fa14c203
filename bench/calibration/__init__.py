"""Making confidences mean what they say: from results of an eval to the table."""
