"""Ctrl-C asks a run to stop after its current step, and to save; a second one ends it at once."""

import signal
import threading

_HANGUP = getattr(signal, "SIGHUP", None)  # the terminal was closed; Windows has no such signal
CLOSED_PIPE = getattr(signal, "SIGPIPE", signal.SIGINT)


class Interrupt:
    """`asked` becomes True when the user presses Ctrl-C or closes the terminal, or the system asks the process to end.

    `signal` is then SIGHUP for a closed terminal, what `ask` was given, or SIGINT; None before. Used as a context; the
    former handlers return at its end. Outside the main thread, where Python allows no handlers, nothing is caught.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, *([_HANGUP] if _HANGUP else []))

    def __init__(self):
        self.signal: int | None = None
        self._former = {}

    @property
    def asked(self) -> bool:
        return self.signal is not None

    def ask(self, number: int) -> None:
        """Asks the run to stop, as if that signal had come; what was asked for first counts."""
        self.signal = self.signal or number

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            caught = [number for number in self.SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # as nohup does
            self._former = {number: signal.signal(number, self._note) for number in caught}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame) -> None:
        if number == _HANGUP:
            self.ask(number)
        elif self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            # Not `number`: while a compiled step runs, MindSpore makes SIGTERM of a Ctrl-C, so SIGTERM may be either.
            self.ask(signal.SIGINT)
