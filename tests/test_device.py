"""Where it computes."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ms_gan import device
from ms_gan.errors import UserError


def test_the_processor_is_always_there(cpu):
    assert cpu == "CPU"
    assert device.available()[-1] == "CPU"
    assert set(device.available()) <= set(device.TARGETS)


def test_a_device_once_chosen_stays(cpu):
    assert device.choose_device() == device.choose_device("cpu") == device.choose_device("CPU") == "CPU"


@pytest.mark.parametrize("name", ["TPU", "", "cuda"])
def test_unknown_device_is_named(cpu, name):
    with pytest.raises(UserError, match=f"unknown device '{name}': choose one of Ascend, GPU, CPU"):
        device.choose_device(name)


@pytest.mark.parametrize("name", ["GPU", "gpu", "Ascend"])
def test_a_device_that_is_not_here(cpu, monkeypatch, name):
    monkeypatch.setattr(device, "available", lambda: ["CPU"])
    target = {"gpu": "GPU"}.get(name, name)
    with pytest.raises(UserError) as caught:
        device.choose_device(name)
    assert str(caught.value) == f"no {target} that this MindSpore can use; here there is: CPU (--device CPU)"


def test_another_device_needs_a_new_start(cpu, monkeypatch):
    monkeypatch.setattr(device, "available", lambda: ["GPU", "CPU"])
    assert device.choose_device() == "CPU"
    with pytest.raises(UserError, match="computes on CPU already: start a new one for GPU"):
        device.choose_device("GPU")


def test_the_best_device_is_taken_first(monkeypatch):
    started = []
    monkeypatch.setattr(device, "_chosen", None)
    monkeypatch.setattr(device, "_start", started.append)
    monkeypatch.setattr(device, "available", lambda: ["Ascend", "CPU"])
    assert device.choose_device() == device.choose_device() == "Ascend"
    assert started == ["Ascend"]


def test_layers_are_fast_on_a_processor_unless_plain_ones_are_asked_for(cpu, monkeypatch):
    monkeypatch.setattr(device, "_layers", None)
    assert device.layers() == "fast"
    device.choose_device(layers="plain")
    assert device.layers() == "plain"
    device.choose_device()
    assert device.layers() == "plain"  # as chosen before
    device.choose_device("CPU", layers="fast")
    assert device.layers() == "fast"


def test_layers_elsewhere_are_plain(monkeypatch):
    monkeypatch.setattr(device, "_chosen", None)
    monkeypatch.setattr(device, "_layers", None)
    monkeypatch.setattr(device, "_start", lambda target: None)
    monkeypatch.setattr(device, "available", lambda: ["GPU", "CPU"])
    assert device.layers() == "plain"
    with pytest.raises(UserError, match="fast layers are for a CPU: on GPU MindSpore's own are the fast ones"):
        device.choose_device(layers="fast")
    assert device.choose_device(layers="plain") == "GPU" and device.layers() == "plain"


def test_unknown_layers_are_named(cpu):
    with pytest.raises(UserError, match="unknown layers 'slow': choose one of plain, fast"):
        device.choose_device(layers="slow")


def test_what_mindspore_calls_available(monkeypatch):
    from mindspore import device_context

    for name, there in (("ascend", False), ("gpu", True), ("cpu", True)):
        monkeypatch.setattr(getattr(device_context, name), "is_available", lambda there=there: there)
    assert device.available() == ["GPU", "CPU"]


def test_cores():
    assert 1 <= device.cores() <= os.cpu_count()


@pytest.fixture
def cores_of(tmp_path, monkeypatch):
    """cores_of(lines of /proc/self/cgroup, files below /sys/fs/cgroup): the cores of a process that may run on 8."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)

    def count(membership, files):
        (tmp_path / "membership").write_text("".join(f"{line}\n" for line in membership), encoding="utf-8")
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return device.cores(tmp_path / "membership", tmp_path / "groups")

    return count


@pytest.mark.parametrize(
    ("content", "count"),
    [("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1), ("max 100000", 8), ("1600000 100000", 8)],
)
@pytest.mark.parametrize("place", ["cpu.max", "unified/cpu.max"])
def test_a_containers_quota_in_version_2(cores_of, place, content, count):
    assert cores_of(["0::/"], {place: f"{content}\n"}) == count


def test_a_quota_holds_for_all_groups_below_it(cores_of):
    files = {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000", "a/b/c/cpu.max": "500000 100000"}
    assert cores_of(["0::/a/b/c"], files) == 3
    assert cores_of(["0::/a/b/other"], {}) == 3
    assert cores_of(["0::/other"], {}) == 8


def test_inside_a_container_that_sees_only_its_own_group(cores_of):
    assert cores_of(["0::/docker/0123"], {"cpu.max": "400000 100000\n"}) == 4


@pytest.mark.parametrize(("quota", "count"), [("250000", 3), ("-1", 8), ("50000", 1)])
@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_a_containers_quota_in_version_1(cores_of, mount, quota, count):
    group = f"{mount}/docker/0123"
    files = {f"{group}/cpu.cfs_quota_us": f"{quota}\n", f"{group}/cpu.cfs_period_us": "100000\n"}
    assert cores_of(["9:memory:/docker/0123", "4:cpu,cpuacct:/docker/0123", "0::/"], files) == count


def test_what_cannot_be_read_is_no_quota(cores_of, tmp_path):
    damaged = {"cpu.max": "much 1\n", "a/cpu.max": "", "b/cpu.max": "1 0", "c/cpu.max": "\0" * 9, "d/cpu.max": "7"}
    for group in ("", *"abcd"):
        assert cores_of([f"0::/{group}"], damaged) == 8
    assert cores_of(["", "no group", "4:cpu", "4:cpu:/x\0y", "4:cpu:/../.."], {}) == 8
    assert device.cores(tmp_path / "none", tmp_path) == device.cores(tmp_path, tmp_path) == 8


def test_affinity_bounds_a_quota(cores_of, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert cores_of(["0::/"], {"cpu.max": "400000 100000"}) == 1


def test_without_affinity_all_cores_count(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert device.cores(tmp_path / "none") == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert device.cores(tmp_path / "none") == 1


@pytest.mark.parametrize("given", [{}, {"GLOG_v": "1", "MS_DEV_HOST_BLOCKING_RUN": "0"}], ids=["none", "the user's"])
def test_settings_of_the_runtime(given):
    """Set at import, before MindSpore is loaded; the user's own values are kept."""
    names = ("GLOG_v", "MS_DEV_HOST_BLOCKING_RUN")
    script = (
        f"import json, os, sys, ms_gan.device; print(json.dumps([os.environ[n] for n in {names}] + list(sys.modules)))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in names} | given
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    values = json.loads(done.stdout)
    assert values[:2] == ([given[name] for name in names] if given else ["3", "1"])
    assert "ms_gan.device" in values and "mindspore" not in values


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize(
    "count, ahead",
    [(10, [1] + [5] * 4 + [9] * 4 + [10]), (9, [1] + [5] * 4 + [9] * 4), (6, [1] + [5] * 4 + [6]), (1, [1]), (0, [])],
)
def test_batches_are_fed_in_bunches_on_a_processor(monkeypatch, count, ahead):
    """The first by itself: its bytes tell how many make a bunch."""
    monkeypatch.setattr(device, "BUNCH", 199)
    batches = Batches(count)
    fed = [(batch[0].number, batches.made) for batch in device.feed(batches)]
    assert fed == list(zip(range(count), ahead, strict=True))


@pytest.mark.usefixtures("cpu")
def test_batches_are_fed_one_by_one_elsewhere(monkeypatch):
    monkeypatch.setattr(device, "_chosen", "GPU")
    batches = Batches(3)
    assert [(batch[0].number, batches.made) for batch in device.feed(batches)] == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("before, after", [(None, "AVX2"), ("AVX512_CORE", "AVX512_CORE")])
def test_the_users_instruction_set_is_kept(monkeypatch, before, after):
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)
    if before:
        monkeypatch.setenv("DNNL_MAX_CPU_ISA", before)
    device.prepare_native_convolutions()
    assert os.environ["DNNL_MAX_CPU_ISA"] == after


class Batches:
    """Counts what was taken; like MindSpore's iterators it must not be asked again after its end."""

    def __init__(self, count):
        self.count, self.made, self.ended = count, 0, False

    def __iter__(self):
        return self

    def __next__(self):
        assert not self.ended
        if self.made == self.count:
            self.ended = True
            raise StopIteration
        self.made += 1
        return SimpleNamespace(number=self.made - 1, nbytes=30), SimpleNamespace(nbytes=10)


def installed(folder, name, version):
    """Makes it look as if that release were installed, to a process with `folder` on its path."""
    record = folder / f"{name}-{version}.dist-info"
    record.mkdir(parents=True)
    record.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")


def refusal(folder, words):
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}
    )


@pytest.mark.parametrize("command", [["train", "gan"], ["sample", "Generator0.ckpt"], ["judge", "D.ckpt", "a.png"]])
def test_a_numpy_that_cannot_work_is_named_in_one_line(tmp_path, command):
    installed(tmp_path, "numpy", "2.3.1")
    refused = refusal(tmp_path, ["-m", "ms_gan", *command])
    assert refused.returncode == 2
    assert refused.stderr == (
        "ms-gan: numpy 2.3.1 is installed, and ms-gan works with numpy<2,>=1.26: "
        'python -m pip install "numpy<2,>=1.26"\n'
    )


@pytest.mark.parametrize("version", ["2.6.0", "2.7.1", "2.11.0", "1.10.1"])
def test_a_mindspore_that_was_not_tried_is_named(tmp_path, version):
    installed(tmp_path, "mindspore", version)
    refused = refusal(tmp_path, ["-c", "from ms_gan import choose_device"])
    assert refused.stderr.splitlines()[-1].startswith(f"ms_gan.errors.UserError: mindspore {version} is installed, and")
    assert "site-packages" not in refused.stderr


@pytest.mark.parametrize("version", ["2.7.2", "2.8.0", "2.9.0", "2.10.0", "2.10.1rc1"])
def test_a_mindspore_that_works_is_taken(tmp_path, version):
    installed(tmp_path, "mindspore", version)
    assert refusal(tmp_path, ["-c", "import ms_gan.device"]).returncode == 0


def test_without_mindspore_it_says_how_to_get_it(monkeypatch):
    asked = {"ms-gan": ["mindspore<2.11,>=2.7.2", "tqdm>=4"]}

    def missing(name):
        raise device.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(device.metadata, "requires", asked.get)
    monkeypatch.setattr(device.metadata, "version", missing)
    with pytest.raises(UserError) as caught:
        device.check_versions()
    assert str(caught.value) == (
        "there is no mindspore, and ms-gan works with mindspore<2.11,>=2.7.2: "
        'python -m pip install "mindspore<2.11,>=2.7.2"'
    )
