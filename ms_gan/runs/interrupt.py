"""Signals ask a run to stop after its current step, and to save; a second one ends it at once."""

import _thread
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows has no SIGHUP, and only Windows has SIGBREAK
_HANGUP = getattr(signal, "SIGHUP", None)  # the terminal was closed
CLOSED_PIPE = getattr(signal, "SIGPIPE", signal.SIGINT)
GRACE = 1.0
"""Seconds in which a signal that comes again is the same wish: `timeout`, and what runs a program for another, send
one both to it and to its group."""
PATIENCE = 0.5
"""Seconds in which the witness of a Ctrl-C has gone, on a busy machine too."""


class Interrupt:
    """`asked` becomes True when the user presses Ctrl-C or closes the terminal, or the system asks the process to end.

    `signal` is then SIGINT, SIGTERM, SIGHUP for a closed terminal, or what `ask` was given; None before. Used as a
    context; the former handlers return at its end. Outside the main thread, where Python allows no handlers, nothing
    is caught.

    While a compiled step runs, MindSpore makes a SIGTERM of every SIGINT. Where `told_apart` is not in force, in a
    lecture or a notebook, a witness tells whether such a SIGTERM was a Ctrl-C.
    """

    SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))

    def __init__(self):
        self.signal: int | None = None
        self._since = 0.0
        self._former = {}
        self._witness: _Witness | None = None

    @property
    def asked(self) -> bool:
        return self.signal is not None

    def ask(self, number: int) -> None:
        """Asks the run to stop, as if that signal had come; what was asked for first counts."""
        if not self.asked:
            self.signal, self._since = number, time.monotonic()

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            caught = [number for number in self.SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # as nohup does
            self._witness = _Witness() if signal.SIGINT in caught and _Witness.is_of_use() else None
            self._former = {number: signal.signal(number, self._note) for number in caught}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        if self._witness:
            self._witness.dismiss()

    def _note(self, number: int, frame) -> None:
        if self.asked and number != _HANGUP and time.monotonic() - self._since > GRACE:
            raise KeyboardInterrupt
        if number == signal.SIGTERM and not self.asked and self._witness and self._witness.saw_ctrl_c():
            number = signal.SIGINT
        self.ask(number)


class _Witness:
    """A process that Ctrl-C ends: a terminal, and Jupyter, send it to the whole process group.

    It sees no SIGINT that is sent to one process alone (`kill -INT PID`). It ends with its parent, whose end closes
    what it reads.
    """

    def __init__(self):
        try:
            self._process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        except OSError:  # none to be had: then a SIGTERM is a SIGTERM
            self._process = None

    @staticmethod
    def is_of_use() -> bool:
        """Not on Windows, where MindSpore leaves signals alone; nor where `told_apart` keeps them from it."""
        blocked = getattr(signal, "pthread_sigmask", None)
        return blocked is not None and signal.SIGINT not in blocked(signal.SIG_BLOCK, [])

    def saw_ctrl_c(self) -> bool:
        try:
            return self._process is not None and self._process.wait(PATIENCE) == -signal.SIGINT
        except subprocess.TimeoutExpired:
            return False

    def dismiss(self) -> None:
        if self._process:
            with self._process:
                self._process.kill()  # to close its pipe might not do: a fork of ours may hold it, too


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Ctrl-C and SIGTERM reach Python's handlers as what they are, and a second one ends the process at once.

    While a compiled step runs, MindSpore makes a SIGTERM of every SIGINT, and Python's handlers wait for its end. Here
    both are kept from this thread and from those it starts, NumPy's and MindSpore's: so these two must not have been
    loaded before. A thread of ours waits for them. Does nothing outside the main thread, or on Windows.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _Listener.SIGNALS)
    listener = _Listener()
    try:
        yield
    finally:
        listener.end()
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


class _Listener(threading.Thread):
    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self):
        super().__init__(daemon=True)
        self._ended = False
        self.start()

    def end(self) -> None:
        self._ended = True
        signal.pthread_kill(self.ident, signal.SIGTERM)
        self.join()

    def run(self) -> None:
        first = None
        while (number := signal.sigwait(self.SIGNALS)) and not self._ended:
            handler, now = signal.getsignal(number), time.monotonic()
            if handler == signal.SIG_IGN:
                continue
            if handler == signal.SIG_DFL or (first and now - first > GRACE):
                _end_at_once(number)
            first = first or now
            _thread.interrupt_main(number)


def _end_at_once(number: int) -> None:
    """Whatever is under way: what is being saved is there whole then, or it is not there."""
    with contextlib.suppress(OSError):
        os.write(2, b"\nms-gan: stopped at once; what was saved before is safe\n")  # print may wait for a lock
    os._exit(128 + number)
