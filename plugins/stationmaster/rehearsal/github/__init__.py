"""A stand-in GitHub: stateful, on the wire, on the virtual clock, with the real history of four repositories."""
