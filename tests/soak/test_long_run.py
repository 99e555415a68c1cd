"""A short version of long_run.py: what must not grow does not, from the third epoch to the twelfth."""

import runpy
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells")

SCRIPT = Path(__file__).with_name("long_run.py")


@pytest.fixture(scope="module")
def measured(cpu, tmp_path_factory) -> list[dict[str, float]]:
    """What the process held after each of twelve epochs of four steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        measure = runpy.run_path(str(SCRIPT))["measure"]
    return measure("gan", 12, 128, tmp_path_factory.mktemp("long") / "run")


@pytest.mark.parametrize("what, least", [("threads", 1), ("files", 3), ("figures", 0), ("iterators", 0)])
def test_nothing_piles_up(measured, what, least):
    counts = [state[what] for state in measured]
    assert len(counts) == 12 and min(counts) >= least
    assert max(counts[2:]) < counts[2] + 9  # one more at every epoch would be nine


def test_memory_does_not_grow(measured):
    """The weights and their optimisers' state are 25 MB: kept from every epoch they would be 225."""
    memory = [state["memory_mb"] for state in measured]
    assert memory[2] > 100 and memory[-1] - memory[2] < 75
