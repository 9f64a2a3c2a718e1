"""The command line: the same actions without a screen. stdout is data, stderr narration; exit codes are an API."""
