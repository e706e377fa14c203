"""Following a Dockerfile's own steps in plain folders, where there is no Docker engine."""
