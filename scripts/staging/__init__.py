"""Staged scenes: films with sound for each class and for daily life, made by program."""
