"""Ctrl-C: noted once, obeyed at once the second time, and the handlers that were there come back."""

import os
import signal
import threading

import pytest

from ms_gan.training.interrupt import CLOSED_PIPE, Interrupt

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


def test_a_closed_terminal_asks_as_often_as_it_likes():
    with Interrupt() as stop:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)  # as systems send after it
        assert stop.signal == signal.SIGHUP


def test_under_nohup_a_closed_terminal_is_none_of_our_business():
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupt() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.asked
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, former)


def test_what_was_asked_for_first_counts():
    stop = Interrupt()
    stop.ask(CLOSED_PIPE)
    stop.ask(signal.SIGHUP)
    assert stop.asked and stop.signal == CLOSED_PIPE == signal.SIGPIPE


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
