"""Serving the compressed model with vLLM."""
