"""The real-size model with random weights on a GPU: bytes and times do not depend on values."""
