"""`python -m banqup_tui.backend`: the local backend, in the foreground."""

import sys

from banqup_tui.backend.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
