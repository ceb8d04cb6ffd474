"""Speed, measured: one file a subject, one command for all of them."""
