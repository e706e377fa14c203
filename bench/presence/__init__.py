"""People in zones: what is found of those who come, and who is found where nobody is."""
