"""Ctrl-C: noted once, obeyed at once the second time, and the handlers that were there come back."""

import os
import signal
import threading

import pytest

from ms_gan.training.interrupt import Interrupt

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a process cannot send itself these signals elsewhere")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_noted(number):
    former = signal.getsignal(number)
    with Interrupt() as stop:
        assert stop.asked is False and stop.signal is None
        os.kill(os.getpid(), number)
        assert stop.asked is True and stop.signal == signal.SIGINT
    assert signal.getsignal(number) is former


def test_the_second_ends_at_once_and_the_handlers_return():
    former = [signal.getsignal(number) for number in Interrupt.SIGNALS]
    stop = Interrupt()
    with pytest.raises(KeyboardInterrupt), stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert stop.asked
    assert [signal.getsignal(number) for number in Interrupt.SIGNALS] == former


def test_outside_the_main_thread_nothing_is_caught():
    former = signal.getsignal(signal.SIGINT)
    seen = []

    def use():
        with Interrupt() as stop:
            seen.append((signal.getsignal(signal.SIGINT), stop.asked))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [(former, False)]
