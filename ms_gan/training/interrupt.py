"""Ctrl-C asks a run to stop after its current step, and to save; a second one ends it at once."""

import signal
import threading


class Interrupt:
    """`asked` becomes True when the user presses Ctrl-C or the system asks the process to end (SIGTERM).

    `signal` is SIGINT then, for either, and None before. Used as a context; the former handlers return at its end.
    Outside the main thread, where Python allows no handlers, nothing is caught.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self):
        self.signal: int | None = None
        self._former = {}

    @property
    def asked(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            self._former = {number: signal.signal(number, self._note) for number in self.SIGNALS}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame) -> None:
        if self.asked:
            raise KeyboardInterrupt
        # Not `number`: while a compiled step runs, MindSpore makes SIGTERM of a Ctrl-C, so SIGTERM may be either.
        self.signal = signal.SIGINT
