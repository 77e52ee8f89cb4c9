"""Rotations of every kind: turns, members, windows, and the schedule that layers and overrides make of them."""
