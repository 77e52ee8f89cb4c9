"""What the person on call does beside releasing: opened when due, asked about, closed with evidence (D-23, T-16)."""
