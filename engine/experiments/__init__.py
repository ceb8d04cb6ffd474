"""What turns a model into something that can take a step, be looked at and be asked."""
