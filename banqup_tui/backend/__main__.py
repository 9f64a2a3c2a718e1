"""`python -m banqup_tui.backend`: the local backend, in the foreground."""

import sys

from banqup_tui.python_process import leave_out_current_directory

if __name__ == "__main__":
    leave_out_current_directory()
    from banqup_tui.backend.runtime.main import main

    sys.exit(main(sys.argv[1:]))
