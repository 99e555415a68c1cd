"""CPU, GPU or Ascend, and the runtime's settings: the only file that touches them.

Importing this file, which `import ms_gan` and every module of the package does first, sets two environment variables
that MindSpore reads when it starts (values the user has set are kept), but does not load MindSpore.
"""

import math
import os
import platform
import re
import warnings
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import islice
from pathlib import Path, PurePosixPath

from ms_gan.errors import UserError

TARGETS = ("Ascend", "GPU", "CPU")
MEMBERSHIP, CONTROL_GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")  # Linux only
LAYERS = ("plain", "fast")
BUNCH = 36_000_000  # bytes: 79 batches of the slides' GAN, a sixth of its epoch; 11 of 64 faces of 64×64


def check_versions() -> None:
    """Holds the installed MindSpore and NumPy against what this package asks for in pyproject.toml.

    Raises:
        UserError: one of them is missing or of another release, such as NumPy 2, with which MindSpore ends in a
            traceback from deep inside.
    """
    from packaging.requirements import Requirement  # here: `import ms_gan` does without it

    try:
        wanted = map(Requirement, metadata.requires("ms-gan") or [])
    except metadata.PackageNotFoundError:
        return  # used from its folder without being installed: there is nothing to hold them against
    for requirement in wanted:
        if requirement.name in ("mindspore", "numpy"):
            _check_version(requirement)


def _check_version(requirement) -> None:
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        found = None
    if found is None or not requirement.specifier.contains(found, prereleases=True):
        there = f"{requirement.name} {found} is installed" if found else f"there is no {requirement.name}"
        raise UserError(f'{there}, and ms-gan works with {requirement}: python -m pip install "{requirement}"')


# Warnings of the framework about itself would bury the lines a student is meant to read; errors still show.
os.environ.setdefault("GLOG_v", "3")
# By default MindSpore's main thread spins while the kernels compute, which takes a core from them: on two cores
# the slides' step took 240 ms with it and 105 ms without.
os.environ.setdefault("MS_DEV_HOST_BLOCKING_RUN", "1")

_chosen: str | None = None
_layers: str | None = None


def cores(membership: Path = MEMBERSHIP, control_groups: Path = CONTROL_GROUPS) -> int:
    """The number of processor cores that this process may use, 1 or more.

    These are the cores that it may run on (its affinity), or fewer in a container with a quota of processor time: with
    the time of 1.5 cores, 2.

    Args:
        membership: Linux's list of the control groups that this process is in.
        control_groups: where these are mounted, version 2 or 1 (Linux, cgroups(7)).
    """
    may_use = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min([may_use, *_quotas(membership, control_groups)])))


def _quotas(membership: Path, control_groups: Path) -> Iterator[float]:
    """The processor time that each control group around this process allows, in cores."""
    for line in _words(membership, separator="\n"):
        number, controllers, group = (line.split(":", 2) + ["", ""])[:3]
        if number == "0" and not controllers:
            mounts, read = ["", "unified"], _quota_2
        elif "cpu" in controllers.split(","):
            mounts, read = ["cpu", controllers], _quota_1
        else:
            continue
        # A quota holds for all groups below it. Inside a container the names above it may not be there.
        inside = PurePosixPath(group.lstrip("/"))
        for name in (inside, *inside.parents):
            yield from (read(control_groups / mount / name) for mount in mounts)


def _quota_2(group: Path) -> float:
    """Of version 2: `cpu.max` holds the quota and its period in microseconds, or "max" for no quota."""
    return _ratio(_words(group / "cpu.max"))


def _quota_1(group: Path) -> float:
    """Of version 1: a file for each; a quota of -1 is none."""
    return _ratio(_words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us"))


def _ratio(words: list[str]) -> float:
    if len(words) != 2 or not all(word.isdecimal() and int(word) for word in words):
        return math.inf  # no quota, or nothing that can be read
    return int(words[0]) / int(words[1])


def _words(path: Path, separator: str | None = None) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split(separator)
    except (OSError, ValueError):  # ValueError: a name that no path can have
        return []


def processor() -> str:
    """Which kind of processor this is: another kind ends the same sums in other last digits.

    Such as "AMD EPYC 9654, avx512f", or what the system calls it where it does not tell the instruction set.
    """
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    said = dict(re.findall(r"^(model name|flags)[ \t]*:[ \t]*(.*)$", text, re.MULTILINE))
    flags = said.get("flags", "").split()
    best = next((flag for flag in ("avx512f", "avx2", "avx", "sse4_1") if flag in flags), platform.machine())
    return f"{said.get('model name') or platform.machine()}, {best}"


def available() -> list[str]:
    """The device targets that the installed MindSpore really has here, best first."""
    from mindspore import device_context

    return [name for name in TARGETS if getattr(device_context, name.lower()).is_available()]


def choose_device(target: str | None = None, layers: str | None = None) -> str:
    """Makes MindSpore compute on `target`, or on the best device there is: Ascend, then GPU, then CPU.

    Args:
        target: "CPU", "GPU", "Ascend" in any case, or None for the best one.
        layers: what networks are computed by: "plain", MindSpore's own layers, or "fast", their twins for a processor
            (`networks.fast`); None for what was chosen before, at first fast on a CPU and plain elsewhere.

    Returns:
        The target in use.

    Raises:
        UserError: the target is unknown, is not there, or another one is in use already (MindSpore can change its
            device only by a new start); or it has no such layers.
    """
    global _chosen, _layers
    names = {name.lower(): name for name in TARGETS}
    if target is not None and target.lower() not in names:
        raise UserError(f"unknown device {target!r}: choose one of {', '.join(TARGETS)}")
    found = available()
    wanted = names[target.lower()] if target is not None else (_chosen or found[0])
    if wanted not in found:
        raise UserError(
            f"no {wanted} that this MindSpore can use; here there is: {', '.join(found)} (--device {found[0]})"
        )
    _check_layers(layers, wanted)
    if _chosen is None:
        _start(wanted)
        _chosen = wanted
    if wanted != _chosen:
        raise UserError(f"this process computes on {_chosen} already: start a new one for {wanted}")
    _layers = layers or _layers
    return _chosen


def _check_layers(layers: str | None, target: str) -> None:
    if layers is not None and layers not in LAYERS:
        raise UserError(f"unknown layers {layers!r}: choose one of {', '.join(LAYERS)}")
    if layers == "fast" and target != "CPU":
        raise UserError(f"fast layers are for a CPU: on {target} MindSpore's own are the fast ones (--layers plain)")


def layers() -> str:
    """What networks are computed by: "plain", MindSpore's own layers, or "fast", their twins for a processor."""
    return _layers or ("fast" if (_chosen or available()[0]) == "CPU" else "plain")


def check_second_derivatives(network) -> None:
    """Raises UserError if a network cannot be differentiated twice here, as a gradient penalty needs: on a CPU
    MindSpore's own max-pooling cannot (2.10); its fast twin can."""
    from mindspore import nn

    pools = any(isinstance(cell, nn.MaxPool2d) for _, cell in network.cells_and_names())
    if pools and layers() == "plain" and _chosen == "CPU":
        raise UserError(
            "a gradient penalty differentiates D twice, and on a CPU MindSpore's own nn.MaxPool2d cannot be: "
            "leave out --layers plain"
        )


def prepare_native_convolutions() -> None:
    """Makes MindSpore's own nn.Conv2d usable on processors with AVX-512; to be called before its first operation.

    There MindSpore 2.10 computes it by a reference implementation: nn.Conv2d(32, 64, 5) took 1.4 s for 128 images of
    12×12. Told to keep to AVX2, which a user may undo by DNNL_MAX_CPU_ISA, it took 17 ms. Matrix products are slower
    then, and fast layers (`networks.fast`) do without nn.Conv2d: so it is for networks that are computed by MindSpore's
    own layers.
    """
    os.environ.setdefault("DNNL_MAX_CPU_ISA", "AVX2")


def jit_options() -> dict[str, str]:
    """How a step is compiled here.

    On a processor kernel by kernel (O0): the fusions of O1 need a code generator that is not there.
    """
    return {} if _chosen in ("GPU", "Ascend") else {"jit_level": "O0"}


def feed(batches: Iterable[tuple]) -> Iterator[tuple]:
    """The batches, tuples of tensors, in their order: on a processor fetched in bunches, elsewhere one by one.

    The threads of a dataset's pipeline compete with the kernels for the processor's cores. On two cores an epoch of
    the slides' GAN took 9 % longer than its steps when each batch was made beside the kernels, in bunches of 39 4 %.
    """
    waiting, size = iter(batches), 1
    while bunch := list(islice(waiting, size)):
        yield from bunch
        if len(bunch) < size:
            return  # beyond their end MindSpore's iterators raise an error
        if _chosen == "CPU":
            size = max(1, BUNCH // sum(tensor.nbytes for tensor in bunch[0]))


def _start(target: str) -> None:
    import mindspore as ms

    warnings.filterwarnings("ignore", module="mindspore")
    ms.set_device(target)
    if target == "CPU":
        # One thread a core was fastest on two cores; the default is 25.
        ms.device_context.cpu.op_tuning.threads_num(cores())
