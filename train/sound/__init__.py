"""Makes the sound network that ships with the edge package; README.md is its card."""
