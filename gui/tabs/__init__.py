"""One tab per paper: which panels, and where."""
