"""Places, one file or package each. Each reads the local copy; everything it does is an action."""
