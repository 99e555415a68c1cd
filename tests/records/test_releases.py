"""Results of earlier releases sample, judge and go on.

releases/VERSION/dcgan-small is a run of that release, small: of width 2, on 20 grey pictures; the last two of its eight
epochs. layouts.json holds the names, types and shapes of what it saved for larger networks, whose numbers would take
megabytes.
"""

import json
import shutil
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from PIL import Image

from ms_gan.data.latent import fixed_codes
from ms_gan.disk import sealed
from ms_gan.games.players import create_players
from ms_gan.networks.evaluation import draw
from ms_gan.recipes import find_recipe
from ms_gan.records import history
from ms_gan.records.checkpoint import Position, file_digest, restore
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_generator
from ms_gan.runs.examination import read_pictures

pytestmark = pytest.mark.usefixtures("cpu")

RELEASES = Path(__file__).with_name("releases")
RUNS = sorted(RELEASES.glob("*/dcgan-small"))
LAYOUTS = [
    pytest.param(networks, name, id=f"{path.parent.name} {name}")
    for path in sorted(RELEASES.glob("*/layouts.json"))
    for name, networks in json.loads(path.read_text(encoding="utf-8")).items()
]


@pytest.fixture(params=RUNS, ids=lambda path: path.parent.name)
def old(request, tmp_path) -> RunFolder:
    """A run of an earlier release, to be changed."""
    return RunFolder(Path(shutil.copytree(request.param, tmp_path / "run")))


@pytest.fixture
def faces(tmp_path) -> Path:
    """20 pictures, as many as it was trained on."""
    rng = np.random.default_rng(0)
    for number in range(20):
        path = tmp_path / "faces" / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32), np.uint8)).save(path)
    return tmp_path / "faces"


def test_it_draws_the_pictures_that_it_drew_then(old):
    """But for what another processor rounds otherwise."""
    generator, latent_size = load_generator(old.checkpoints / "Generator7.ckpt")
    drawn, then = draw(generator, fixed_codes(25, latent_size)), read_pictures(old.image(7), old.read_recipe())
    assert np.abs(drawn.astype(int) - then.astype(int)).max() <= 2 < 100 < np.ptp(then)


def test_the_commands_take_it(old, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator, discriminator = (old.checkpoints / f"{name}6.ckpt" for name in ("Generator", "Discriminator"))
    Image.new("L", (32, 32)).save("black.png")
    for words in (("sample", generator), ("judge", discriminator, "black.png"), ("doctor", old.root)):
        done = command(*words)
        assert (done.status, done.err) == (0, "")
    assert all(command(name, old.root).status == 0 for name in ("losses", "gif"))


def test_it_goes_on(old, faces, command):
    done = command("train", "--resume", "--epochs", 9, "--data", faces, "--result", old.root)
    assert done.status == 0, done.err
    assert not any("afresh" in line or "damaged" in line for line in done.lines)
    rows, fault = history.read(old.history)
    assert fault is None and [(row.epoch, row.step) for row in rows] == [(e, s) for e in range(9) for s in range(1, 11)]
    assert rows[-1].d_loss == pytest.approx(1.3, abs=1)
    assert (old.read_recipe_name(), old.read_recipe().game) == ("dcgan-small", "gan")


def save(folder: Path, what: str, layout: dict) -> dict[str, np.ndarray]:
    """Writes Generator0.ckpt or the like with random numbers; returns them."""
    rng = np.random.default_rng(len(layout))
    values = {name: (100 * rng.random(shape)).astype(kind) for name, (kind, shape) in layout.items()}
    ms.save_checkpoint(
        [{"name": name, "data": Tensor(value)} for name, value in values.items()], str(folder / f"{what}0.ckpt")
    )
    return values


@pytest.mark.parametrize("networks, name", LAYOUTS)
def test_every_number_finds_its_place(tmp_path, networks, name):
    saved = {what: save(tmp_path, what, layout) for what, layout in networks.items()}
    digests = {f"{what}0.ckpt": file_digest(tmp_path / f"{what}0.ckpt") for what in saved}
    sealed.write(tmp_path / "Epoch0.json", {"sha256": digests, "settings": {}})
    players = create_players(find_recipe(name))
    assert restore(tmp_path, Position(1), players)
    for what, values in saved.items():
        network = players.networks().get(what.lower())
        restored = players.optimizer_state() if network is None else [*network.get_parameters()]
        assert len(restored) == len(values)
        for kind in ("weight", "bias", "gamma", "beta", "moving_mean", "moving_variance", "power", "step"):
            ours = [p.asnumpy() for p in restored if p.name.endswith(kind)]
            theirs = [value for old_name, value in values.items() if old_name.endswith(kind)]
            for one, other in zip(ours, theirs, strict=True):
                assert np.array_equal(one, other)
