"""Data sets: generated, bundled, downloaded, or the copy the user already has."""
