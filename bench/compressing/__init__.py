"""Compression held against the naive choice, and run at the real model's sizes."""
