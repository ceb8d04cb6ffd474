"""The commands of `main.py`. Nothing here imports torch or Qt at import; each command imports what it needs."""
