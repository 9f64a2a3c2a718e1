"""Places at which a test may make the process kill itself. In a released program they do nothing.

The code that kills is in `kill_points_of_tests`, which is in the repository and not in the wheel.
"""

try:
    from banqup_tui.kill_points_of_tests import kill_also, kill_point
except ImportError:  # pragma: no cover

    def kill_also(process: int) -> None:
        pass

    def kill_point(name: str) -> None:
        pass


__all__ = ["kill_also", "kill_point"]
