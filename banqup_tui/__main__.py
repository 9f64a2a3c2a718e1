"""The console script `banqup`: without a command it opens the terminal, with one it runs the command."""

import os
import sys

from banqup_tui.python_process import leave_out_current_directory


def main() -> None:
    """Runs the program and ends the process with an exit code of cli/exit_codes.py."""
    leave_out_current_directory()
    from banqup_tui.cli.terminal import prepare_streams

    prepare_streams()
    if len(sys.argv) == 1 and "_BANQUP_COMPLETE" not in os.environ:  # a shell asks so for its completion
        sys.exit(_open())
    from banqup_tui.cli.main import run

    sys.exit(run(sys.argv[1:]))


def _open() -> int:
    """Opens the terminal. The garbage collector is off until the first frame is shown; `app` turns it on again."""
    import gc

    gc.disable()
    from banqup_tui.cli.errors import guarded
    from banqup_tui.cli.terminal import open_terminal

    return guarded(open_terminal)


if __name__ == "__main__":
    main()
