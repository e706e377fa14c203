"""Homes made of recordings: what cameras learn there, and what that does to what they find."""
