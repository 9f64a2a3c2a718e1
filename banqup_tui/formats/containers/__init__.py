"""Opens files that hold other files. Runs in the reader process; `banqup_tui.formats.open_file` asks it.

`walk` goes through a container and those inside it, and holds the limits. Each other module finds one kind of
container by its bytes, and returns what is in it one after another, so that never all of it is in memory.
"""
