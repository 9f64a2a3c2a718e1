"""The second front end: the same actions without a screen. stdout is data, stderr narration, exit codes an API."""
