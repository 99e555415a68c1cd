"""Files that people bring from their own MindSpore scripts: all that `save_checkpoint` can write of a network."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from ms_gan.data.latent import fixed_codes
from ms_gan.errors import UserError
from ms_gan.networks import build
from ms_gan.networks.evaluation import draw, judge
from ms_gan.records.tensors import read_tensors
from ms_gan.records.trained import load_discriminator, load_generator

pytestmark = pytest.mark.usefixtures("cpu")

NOTES = {"epoch": 3, "lr": 0.1, "done": True, "counts": Tensor(np.ones((2, 3), np.int8))}


@pytest.fixture(scope="module")
def network(cpu):
    """A generator with 7 numbers in a latent code, its statistics away from zeros and ones."""
    generator, _ = build("mlp", 7)
    rng = np.random.default_rng(1)
    for p in generator.get_parameters():
        p.set_data(Tensor(p.asnumpy() + rng.uniform(0, 0.01, p.shape).astype(np.float32)))
    return generator


def saved(folder, network, form="ckpt", **options):
    ms.save_checkpoint(network, str(folder / f"mine.{form}"), format=form, **options)
    return folder / f"mine.{form}"


def assert_loads(path, network, tolerance=0.0):
    found, latent_size = load_generator(str(path))
    assert latent_size == 7
    for mine, theirs in zip(found.get_parameters(), network.get_parameters(), strict=True):
        np.testing.assert_allclose(mine.asnumpy(), theirs.asnumpy(), rtol=tolerance, atol=tolerance / 100)


@pytest.mark.parametrize("form", ["ckpt", "safetensors"])
@pytest.mark.parametrize("crc_check", [True, False])
def test_checked_or_not(tmp_path, network, form, crc_check, capsys):
    path = saved(tmp_path, network, form, crc_check=crc_check)
    assert_loads(path, network)
    assert_loads(path.rename(tmp_path / "any.name"), network)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", ["ckpt", "safetensors"])
def test_a_flipped_bit_is_found_by_the_checksum(tmp_path, network, form):
    path = saved(tmp_path, network, form, crc_check=True)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    (tmp_path / "flipped").write_bytes(content)
    with pytest.raises(UserError, match=r"flipped is not a whole checkpoint: its checksum \(CRC-32\)"):
        load_generator(tmp_path / "flipped")


@pytest.mark.parametrize(
    ("form", "said"), [("ckpt", "epoch, lr, done and 2 more"), ("safetensors", "epoch, lr, counts and 1 more")]
)
def test_notes_beside_the_weights(tmp_path, network, form, said, capsys):
    """Texts, too, in MindSpore's own format; safetensors put the larger numbers first."""
    notes = NOTES | ({"author": "ünï"} if form == "ckpt" else {})
    path = saved(tmp_path, network, form, append_dict=dict(notes))
    assert_loads(path, network)
    assert capsys.readouterr().out == f"note: {path} holds more than the weights of a generator: {said} ignored\n"
    assert set(read_tensors(path)) >= set(notes)


@pytest.mark.parametrize("optimiser", [nn.Adam, nn.RMSProp, nn.SGD, nn.Momentum, nn.AdamWeightDecay, nn.Adagrad])
@pytest.mark.parametrize("prefix", ["", "optim_g", "optim_g."])
def test_with_its_optimiser(tmp_path, network, optimiser, prefix, capsys):
    """A TrainOneStepCell's parameters; the slides' script, and the tutorial's, rename the optimiser's, weights too."""
    generator, _ = build("mlp", 7)
    ms.load_param_into_net(generator, {p.name: ms.Parameter(p.value()) for p in network.get_parameters()})
    generator.update_parameters_name("generator")
    more = {"momentum": 0.9} if optimiser in (nn.Momentum, nn.SGD) else {}
    made = optimiser(generator.trainable_params(), learning_rate=1e-3, **more)
    if prefix:
        made.update_parameters_name(prefix)
    step = nn.TrainOneStepCell(nn.WithLossCell(generator, nn.MSELoss()), made)
    assert len(list(step.get_parameters())) > len(list(network.get_parameters()))
    assert_loads(saved(tmp_path, step), network)
    line, *others = capsys.readouterr().out.splitlines()
    assert not others and line.endswith(" ignored")


def test_both_players_in_one_file(tmp_path, capsys):
    both = nn.CellList(list(build("mlp", 7)))
    for player, cell in zip(("generator", "discriminator"), both, strict=True):
        cell.update_parameters_name(f"{player}.")
    path = saved(tmp_path, both)
    generator, _ = load_generator(path)
    discriminator = load_discriminator(path)
    assert capsys.readouterr().out.count("\n") == 2
    for found, one in ((generator, both[0]), (discriminator, both[1])):
        for mine, theirs in zip(found.get_parameters(), one.get_parameters(), strict=True):
            assert np.array_equal(mine.asnumpy(), theirs.asnumpy())


@pytest.mark.parametrize("form", ["ckpt", "safetensors"])
@pytest.mark.parametrize(("kind", "tolerance"), [(ms.float16, 1e-3), (ms.bfloat16, 8e-3), (ms.float64, 0.0)])
def test_other_kinds_of_numbers(tmp_path, network, form, kind, tolerance):
    tensors = [{"name": p.name, "data": p.value().astype(kind)} for p in network.get_parameters()]
    assert_loads(saved(tmp_path, tensors, form), network, tolerance)


def test_a_layer_more_is_no_extra(tmp_path, network):
    both = nn.SequentialCell(*network.model, nn.BatchNorm1d(784))
    with pytest.raises(UserError, match="is of another architecture: layer 13.beta is 784 there, missing here"):
        load_generator(saved(tmp_path, both))


# The official tutorial on DCGAN


def _norm(features):
    return nn.BatchNorm2d(features, gamma_init="ones")


class TutorialGenerator(nn.Cell):
    """Named as MindSpore's tutorial on DCGAN names its layers."""

    def __init__(self):
        super().__init__()
        layers = [nn.Conv2dTranspose(100, 512, 4, 1, "valid"), _norm(512), nn.ReLU()]
        for maps in (512, 256, 128):
            layers += [nn.Conv2dTranspose(maps, maps // 2, 4, 2, "pad", 1), _norm(maps // 2), nn.ReLU()]
        self.generator = nn.SequentialCell(*layers, nn.Conv2dTranspose(64, 3, 4, 2, "pad", 1), nn.Tanh())

    def construct(self, code):
        return self.generator(code)


class TutorialDiscriminator(nn.Cell):
    """Its Sigmoid, which has no weights, stands outside of what is saved."""

    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(3, 64, 4, 2, "pad", 1), nn.LeakyReLU(0.2)]
        for maps in (64, 128, 256):
            layers += [nn.Conv2d(maps, 2 * maps, 4, 2, "pad", 1), _norm(2 * maps), nn.LeakyReLU(0.2)]
        self.discriminator = nn.SequentialCell(*layers, nn.Conv2d(512, 1, 4, 1, "valid"))
        self.adv_layer = nn.Sigmoid()

    def construct(self, image):
        return self.adv_layer(self.discriminator(image).reshape(image.shape[0], -1))


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory, cpu):
    """generator.ckpt and discriminator.ckpt as the tutorial saves them, and the two networks."""
    folder = tmp_path_factory.mktemp("tutorial")
    ms.set_seed(3)
    networks = TutorialGenerator(), TutorialDiscriminator()
    rng = np.random.default_rng(3)
    for network, name in zip(networks, ("generator", "discriminator"), strict=True):
        adam = nn.Adam(network.trainable_params(), learning_rate=2e-4, beta1=0.5)
        adam.update_parameters_name(f"optim_{name[0]}.")
        for p in network.get_parameters():  # so that the pictures are not all grey
            p.set_data(Tensor(p.asnumpy() + rng.normal(0, 0.03, p.shape).astype(np.float32)))
        ms.save_checkpoint(network, str(folder / f"{name}.ckpt"))
    return folder, *networks


def test_the_tutorials_files(tutorial):
    folder, theirs, their_judge = tutorial
    assert {"optim_g.generator.0.weight", "generator.1.moving_mean"} < set(read_tensors(folder / "generator.ckpt"))
    codes = fixed_codes(4, 100)
    images = theirs.set_train(False)(Tensor(codes.reshape(4, 100, 1, 1))).asnumpy()
    for zero_to_one, low in ((False, -1), (True, 0)):
        generator, latent_size = load_generator(folder / "generator.ckpt", "dcgan-faces", zero_to_one)
        wanted = np.clip(255 * (images - low) / (1 - low), 0, 255).transpose(0, 2, 3, 1)
        assert latent_size == 100 and abs(draw(generator, codes) - wanted).max() <= 1.01 and wanted.std() > 3
        discriminator = load_discriminator(folder / "discriminator.ckpt", "dcgan-faces", zero_to_one)
        pixels = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
        seen = (low + (1 - low) * (pixels / 255)).transpose(0, 3, 1, 2).astype(np.float32)
        probabilities = their_judge.set_train(False)(Tensor(seen)).asnumpy()[:, 0]
        np.testing.assert_allclose(judge(discriminator, pixels), probabilities, rtol=1e-3, atol=1e-6)


def test_the_tutorials_files_from_the_command_line(tutorial, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tutorial[0])
    out = tmp_path / "a.png"
    done = command("sample", "generator.ckpt", "--recipe", "dcgan-faces", "--count", 2, "--out", out)
    assert (done.status, done.err) == (0, "") and out.exists()
    assert done.lines[0].startswith("note: if generator.ckpt is of MindSpore's tutorial on DCGAN, whose")
    stretched = command(
        "sample", "generator.ckpt", "--recipe", "dcgan-faces", "--zero-to-one", "--count", 2, "--out", out
    )
    assert (stretched.status, len(stretched.lines)) == (0, 1)
    judged = command("judge", "discriminator.ckpt", out, "--recipe", "dcgan-faces")
    assert judged.status == 2 and "a.png" in judged.err  # a sheet of pictures is none of 64×64
    other = command("sample", "generator.ckpt", "--out", out)
    assert other.status == 2 and "it was taken for the slides' gan: name its recipe (--recipe)" in other.err
    unknown = command("sample", "generator.ckpt", "--recipe", "dcgan", "--out", out)
    assert unknown.status == 2 and "unknown recipe 'dcgan'" in unknown.err
