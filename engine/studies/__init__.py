"""The claims of each paper as functions that measure them."""
