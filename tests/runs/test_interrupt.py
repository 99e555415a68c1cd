"""Signals: noted once, obeyed at once the second time, told apart, and all is as it was afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ms_gan.runs import interrupt
from ms_gan.runs.interrupt import CLOSED_PIPE, Interrupt, told_apart

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a process cannot send itself these signals elsewhere")

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def impatient(monkeypatch):
    """A signal that comes again is another wish, however soon it comes."""
    monkeypatch.setattr(interrupt, "GRACE", -1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_noted(number):
    former = signal.getsignal(number)
    with Interrupt() as stop:
        assert stop.asked is False and stop.signal is None
        os.kill(os.getpid(), number)
        assert stop.asked is True and stop.signal == number
    assert signal.getsignal(number) is former


def test_the_second_ends_at_once_and_the_handlers_return(impatient):
    former = [signal.getsignal(number) for number in Interrupt.SIGNALS]
    stop = Interrupt()
    with pytest.raises(KeyboardInterrupt), stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert stop.signal == signal.SIGTERM
    assert [signal.getsignal(number) for number in Interrupt.SIGNALS] == former


def test_the_same_wish_twice(monkeypatch):
    """As `timeout` sends it, to the process and to its group."""
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with Interrupt() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        now += interrupt.GRACE
        os.kill(os.getpid(), signal.SIGTERM)
        now += 0.001
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert stop.signal == signal.SIGTERM


def test_a_closed_terminal_asks_as_often_as_it_likes(impatient):
    with Interrupt() as stop:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
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
        with told_apart(), Interrupt() as stop:
            seen.append((signal.getsignal(signal.SIGINT), stop.asked, signal.pthread_sigmask(signal.SIG_BLOCK, [])))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [(former, False, set())]


# Told apart


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_they_reach_the_handlers_though_they_are_blocked(number):
    with told_apart(), Interrupt() as stop:
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGINT, signal.SIGTERM}
        os.kill(os.getpid(), number)
        while not stop.asked:
            time.sleep(0.001)
    assert stop.signal == number


def test_what_is_ignored_is_no_first_wish(impatient):
    """As in a process that a shell started in the background; the kernel keeps it all the same while it is blocked."""
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with told_apart(), Interrupt() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            while signal.SIGINT in signal.sigpending():
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGTERM)
            while not stop.asked:
                time.sleep(0.001)
    finally:
        signal.signal(signal.SIGINT, former)
    assert stop.signal == signal.SIGTERM


def test_all_is_as_it_was_afterwards():
    """What is started then ends by a signal as ever: here a process that ends itself."""
    threads = threading.active_count()
    former = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), told_apart():
        assert threading.active_count() == threads + 1
        raise RuntimeError
    assert threading.active_count() == threads
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == former
    child = "import os, signal; os.kill(os.getpid(), signal.SIGTERM); print('alive')"
    done = subprocess.run([sys.executable, "-c", child], capture_output=True)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, b"")


WINDOWS = """
import os, signal
for name in ("SIGHUP", "SIGPIPE", "pthread_sigmask", "pthread_kill", "sigwait"):
    delattr(signal, name)
signal.SIGBREAK = signal.SIGUSR1
from ms_gan.runs.interrupt import CLOSED_PIPE, Interrupt, told_apart
with told_apart(), Interrupt() as stop:
    signal.raise_signal(signal.SIGBREAK)
print(stop.signal == signal.SIGBREAK, CLOSED_PIPE == signal.SIGINT)
"""


def test_where_only_the_signals_of_windows_exist():
    done = subprocess.run([sys.executable, "-c", WINDOWS], capture_output=True, text=True, cwd=REPOSITORY)
    assert (done.stdout, done.stderr) == ("True True\n", "")


ALONE = """
import os, signal, sys, time
from ms_gan.runs import interrupt
SIGINT, SIGTERM = signal.SIGINT, signal.SIGTERM
interrupt.GRACE, me, noted = -1, os.getpid(), []
def note(number, frame):
    noted.append(number)
with interrupt.told_apart():
    for number, handler in {before}:
        signal.signal(number, handler)
        os.kill(me, number)
        while not noted:
            time.sleep(0.001)
    os.kill(me, {last})
    time.sleep(1000)
"""


@pytest.mark.parametrize(
    "before, last, status",
    [
        ("[]", "SIGTERM", 143),
        ("[(SIGINT, note)]", "SIGINT", 130),
        ("[(SIGINT, note)]", "SIGTERM", 143),
    ],
    ids=["nobody listens to SIGTERM", "twice", "one and the other"],
)
def test_ends_at_once(before, last, status):
    """In a process of its own, whose main thread is busy for long."""
    code = ALONE.format(before=before, last=last)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, timeout=100)
    said = "\nms-gan: stopped at once; what was saved before is safe\n"
    assert (done.returncode, done.stderr, done.stdout) == (status, said, "")


# A witness

COMPILED = """
import os, signal, sys, threading
from ms_gan import device
device.choose_device("CPU")
import mindspore as ms, numpy as np
from ms_gan.runs.interrupt import Interrupt
def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return file.read().split()
@ms.jit
def products(x):
    for _ in range(20):
        x = ms.ops.matmul(x, x) / 800
    return x
x = ms.Tensor(np.ones((800, 800), np.float32))
products(x).asnumpy()
former = [signal.getsignal(number) for number in Interrupt.SIGNALS]
with Interrupt() as stop:
    threading.Timer(0.3, eval, [sys.argv[1], globals()]).start()
    while not stop.asked:
        products(x).asnumpy()
put_back = [signal.getsignal(number) for number in Interrupt.SIGNALS] == former
print(signal.Signals(stop.signal).name, put_back, children())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="MindSpore exchanges them there, and /proc lists the children")
@pytest.mark.parametrize(
    "sent, found",
    [
        ("os.killpg(0, signal.SIGINT)", "SIGINT"),
        ("os.killpg(0, signal.SIGTERM)", "SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "SIGTERM"),
    ],
    ids=["Ctrl-C, as a terminal and Jupyter send it", "SIGTERM to all", "SIGTERM"],
)
def test_ctrl_c_inside_a_compiled_step(tmp_path, sent, found):
    """With MindSpore loaded before, as in a lecture or a notebook. Afterwards all is as it was."""
    script = tmp_path / "script.py"  # MindSpore compiles what it can read
    script.write_text(COMPILED, encoding="utf-8")
    how = {"env": os.environ | {"PYTHONPATH": str(REPOSITORY)}, "start_new_session": True, "timeout": 100}
    done = subprocess.run([sys.executable, script, sent], capture_output=True, text=True, **how)
    assert (done.stdout, done.stderr, done.returncode) == (f"{found} True []\n", "", 0)


def exchanged(number, frame):
    """As MindSpore's own handler does."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_without_a_witness_it_is_what_it_seems(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with Interrupt() as stop:
        signal.signal(signal.SIGINT, exchanged)
        os.kill(os.getpid(), signal.SIGINT)
    assert stop.signal == signal.SIGTERM


def test_no_witness_where_they_are_told_apart():
    with told_apart(), Interrupt() as stop:
        assert stop._witness is None
    with Interrupt() as stop:
        assert stop._witness._process.poll() is None
    assert stop._witness._process.returncode == -signal.SIGKILL
