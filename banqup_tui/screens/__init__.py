"""One file per place. Each reads the local copy, and everything it does is an action."""
