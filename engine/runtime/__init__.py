"""How an experiment is run: processes, messages, checkpoints, records."""
