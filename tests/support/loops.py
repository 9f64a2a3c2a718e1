"""The event loop of tests: the one that the service runs on."""

import errno

import uvloop


class ServiceLoop(uvloop.Loop):
    """uvloop says some things otherwise than the usual loop, a lost connection above all."""

    def close(self) -> None:
        """Closes the loop, whatever is left in it.

        A connection that was given up while it was made (of two addresses of a host, the one that answered later)
        is closed by the garbage collector. Where that happens within `close`, uvloop 0.23 raises EBUSY: nothing is
        lost, and the test is over.
        """
        try:
            super().close()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
