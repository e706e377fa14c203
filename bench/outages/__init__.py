"""Restarts and cuts of Home Assistant, the broker and the node, in a real house, measured."""
