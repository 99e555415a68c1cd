"""Keeps what was measured in history.csv."""

import contextlib

from ms_gan.records import history
from ms_gan.runs.listeners.listener import Listener


class Recording(Listener):
    """Adds the rows of an epoch, or of a part of one, when it is to be saved."""

    def begin(self, run) -> None:
        self._written = len(run.rows)

    def epoch(self, run) -> None:
        self.write(run)

    def stopped(self, run) -> None:
        self.write(run)

    def write(self, run) -> None:
        """Adds what is not written yet. Raises OSError if that cannot be done; the file holds what it held before."""
        history.append(run.folder.history, run.rows[self._written :], run.columns)
        self._written = len(run.rows)

    def rescue(self, run) -> None:
        """Adds what is not written yet to a run that ends by an error, as far as that can be done."""
        with contextlib.suppress(OSError):  # what has gone wrong matters more
            self.write(run)
