"""The pure core: calendar, rotations, manifests, ballots, gates. It reads no clock and no file.

Functions here take an explicit ``now`` and a zone, and return values. Nothing below this layer exists.
"""
