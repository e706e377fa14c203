"""The node's own page, where zones and lines are drawn: its files, and what serves them."""
