"""What the tests share that start a training as a student starts it, and stop it."""

import pytest

SLOWLY = """
import sys, time
def write(text, call=sys.stdout.write):
    written = call(text)
    if "Epoch:[" in text:
        sys.stdout.flush()
        time.sleep(0.1)
    return written
sys.stdout.write = write
from ms_gan.commands import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="session")
def slow_training() -> str:
    """Code of `ms-gan …` that rests after each line of a step: however fast it computes, an epoch takes its time."""
    return SLOWLY
