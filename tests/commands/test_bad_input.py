"""Bad input: one line on stderr that names it, exit status 2, and nothing written."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan import device
from ms_gan.commands import one_line_errors


@pytest.fixture
def place(tmp_path, trained_run, small_mnist, monkeypatch) -> Path:
    """A working directory with the weights of a run, damaged copies of them, pictures, and data folders."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    for name in ("Generator2.ckpt", "Discriminator2.ckpt", "Epoch2.json"):
        shutil.copyfile(trained_run / "checkpoints" / name, run / "checkpoints" / name)
    for name in ("recipe.json", "losses.png", "evolution.gif"):
        shutil.copyfile(trained_run / name, run / name)
    whole = (run / "checkpoints" / "Generator2.ckpt").read_bytes()
    Path("cut.ckpt").write_bytes(whole[: len(whole) // 2])
    Path("empty.ckpt").write_bytes(b"")
    Path("text.ckpt").write_text("weights")
    shutil.copytree(small_mnist, "mnist")
    for folder in ("no_mnist", "cut_mnist/train", "no_run"):
        Path(folder).mkdir(parents=True)
    for path in Path("mnist/train").iterdir():
        Path("cut_mnist/train", path.name).write_bytes(path.read_bytes()[:-1])
    Path("in_the_way").write_bytes(b"")
    grey = np.zeros((28, 28), np.uint8)
    for name, pixels in (("grey", grey), ("large", np.zeros((32, 32), np.uint8)), ("colour", np.dstack([grey] * 3))):
        Image.fromarray(pixels).save(f"{name}.png")
    Path("text.png").write_text("picture")
    return tmp_path


def other_architecture(path: str) -> None:
    import mindspore as ms
    from mindspore import nn

    ms.save_checkpoint(nn.SequentialCell(nn.Dense(100, 64), nn.Dense(64, 784)), path)


@pytest.fixture
def refused(command, listing, place):
    """refused("sample …", "cut.ckpt is …"): the words are refused with these words, and nothing is written."""

    def check(words: str, *wanted: str) -> None:
        before = listing(place)
        done = command(*words.split())
        assert done.status == 2
        assert done.err.startswith("ms-gan: ") and done.err.endswith("\n") and done.err.count("\n") == 1, done.err
        for text in wanted:
            assert text in done.err.replace("\\", "/")  # as Windows writes paths
        assert listing(place) == before

    return check


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("nosuch", "unknown recipe 'nosuch'"),
        ("gan --epochs 0", "epochs 0"),
        ("gan --epochs -3", "epochs -3"),
        ("gan --epochs=-3", "epochs -3"),
        ("gan --batch-size 0", "batch size 0"),
        ("gan --batch-size 641", "a batch of 641 is more than the 640 images"),
        ("gan --latent-size 0", "latent size 0"),
        ("gan --learning-rate nan", "learning rate nan"),
        ("gan --learning-rate 0", "learning rate 0.0"),
        ("gan --learning-rate -1", "learning rate -1.0"),
        ("gan --learning-rate inf", "learning rate inf"),
        ("gan --beta1 1", "beta1 1.0"),
        ("gan --seed -1", "seed -1"),
        ("gan --log-every 0", "log every 0"),
        ("gan --images-every -1", "images every -1"),
        ("lsgan --critic-steps 0", "critic steps 0"),
        ("gan --noise pink", "unknown noise 'pink': there is normal, uniform"),
        ("gan --optimizer sgd", "unknown optimizer 'sgd': there is adam, rmsprop"),
        ("gan --optimizer rmsprop", "beta1 0.5: rmsprop keeps no first moment"),
        ("wgan --weight-clip nan", "weight clip nan"),
        ("wgan-gp --gradient-penalty -1", "gradient penalty -1.0"),
        ("gan --device TPU", "unknown device 'TPU'"),
        ("gan --networks nosuch", "unknown networks 'nosuch'"),
        ("gan --objective nosuch", "unknown objective 'nosuch'"),
        ("gan --data nowhere", "no MNIST in"),
        ("gan --data no_mnist", "no MNIST in"),
        ("gan --data cut_mnist", "is truncated"),
        ("gan --result in_the_way", "cannot write the result folder in_the_way"),
        ("gan --result in_the_way/result", "cannot write the result folder in_the_way/result"),
        ("gan --result run", "a run lies in run already"),
        ("gan --resume", "no finished epoch to resume in result/checkpoints"),
        ("gan --resume nowhere.ckpt", "there is no checkpoint nowhere.ckpt"),
        ("gan --resume cut.ckpt", "must be called Generator99.ckpt or the like"),
        ("gan --resume run/checkpoints/Discriminator2.ckpt --result new", "is a discriminator"),
        ("gan --resume --result run", "3 epochs are trained already"),
        ("gan --resume --result run --epochs 4 --batch-size 16", "--batch-size 32"),
        ("gan --resume --result run --epochs 4 --latent-size 7", "--latent-size 100"),
    ],
)
def test_train(refused, words, wanted):
    data = "" if "--data" in words else " --data mnist"
    refused(f"train {words}{data}", wanted)


@pytest.mark.parametrize("damage", ["cut.ckpt", "empty.ckpt", "text.ckpt"])
def test_train_from_damaged_weights(refused, place, damage):
    """Without a manifest, as the slides' files are."""
    checkpoints = Path("slides", "checkpoints")
    checkpoints.mkdir(parents=True)
    shutil.copyfile(damage, checkpoints / "Generator7.ckpt")
    shutil.copyfile("run/checkpoints/Discriminator2.ckpt", checkpoints / "Discriminator7.ckpt")
    refused("train gan --data mnist --resume --result slides", "Generator7.ckpt is not a MindSpore checkpoint")


def test_train_from_weights_of_another_architecture(refused, place):
    checkpoints = Path("slides", "checkpoints")
    checkpoints.mkdir(parents=True)
    other_architecture("slides/checkpoints/Generator7.ckpt")
    shutil.copyfile("run/checkpoints/Discriminator2.ckpt", checkpoints / "Discriminator7.ckpt")
    refused("train gan --data mnist --resume --result slides", "Generator7.ckpt is of another architecture: layer ")


@pytest.mark.parametrize("name", ["GPU", "Ascend"])
def test_train_on_a_device_that_is_not_here(refused, name):
    if name in device.available():
        pytest.skip(f"there is a {name} here")
    refused(f"train gan --device {name} --data mnist", f"no {name} that this MindSpore can use", "--device CPU")


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("nowhere.ckpt", "cannot read nowhere.ckpt"),
        ("run", "cannot read run"),
        ("cut.ckpt", "cut.ckpt is not a MindSpore checkpoint"),
        ("empty.ckpt", "empty.ckpt is not a MindSpore checkpoint"),
        ("text.ckpt", "text.ckpt is not a MindSpore checkpoint"),
        ("grey.png", "grey.png is not a MindSpore checkpoint"),
        ("run/checkpoints/Discriminator2.ckpt", "holds a discriminator; a generator is wanted here"),
        ("run/checkpoints/Generator2.ckpt --count 0", "--count 0"),
        ("run/checkpoints/Generator2.ckpt --count 10001", "--count 10001"),
        ("run/checkpoints/Generator2.ckpt --seed -1", "--seed -1"),
        ("run/checkpoints/Generator2.ckpt --out in_the_way/a.png", "cannot write in_the_way/a.png"),
        ("run/checkpoints/Generator2.ckpt --out run", "run: "),
        ("run/checkpoints/Generator2.ckpt --out a.jpg", "a.jpg: "),
    ],
)
def test_sample(refused, words, wanted):
    refused(f"sample {words}", wanted)


def test_sample_from_another_architecture(refused, place):
    other_architecture("other.ckpt")
    refused("sample other.ckpt", "other.ckpt is of another architecture: layer ")


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("nowhere.ckpt grey.png", "cannot read nowhere.ckpt"),
        ("cut.ckpt grey.png", "cut.ckpt is not a MindSpore checkpoint"),
        ("run/checkpoints/Generator2.ckpt grey.png", "holds a generator; a discriminator is wanted here"),
        ("run/checkpoints/Discriminator2.ckpt", "at least one picture"),
        ("run/checkpoints/Discriminator2.ckpt large.png", "large.png is 32×32"),
        ("run/checkpoints/Discriminator2.ckpt grey.png colour.png", "colour.png is 28×28, mode RGB"),
        ("run/checkpoints/Discriminator2.ckpt text.png", "text.png is not a picture"),
        ("run/checkpoints/Discriminator2.ckpt nowhere.png", "no picture nowhere.png"),
        ("run/checkpoints/Discriminator2.ckpt run", "run is not a picture"),
    ],
)
def test_judge(refused, words, wanted):
    refused(f"judge {words}", wanted)


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("gif no_run", "there are no pictures in no_run/images"),
        ("gif nowhere", "there are no pictures in nowhere/images"),
        ("losses no_run", "cannot read no_run/history.csv"),
        ("losses nowhere", "cannot read nowhere/history.csv"),
        ("data mnist --data nowhere", "no MNIST in"),
        ("data mnist --data cut_mnist", "is truncated"),
    ],
)
def test_the_other_commands(refused, words, wanted):
    refused(words, wanted)


def test_options_that_are_not_there(command, place, listing):
    """tyro's own message, and status 2."""
    before = listing(place)
    for words in ("train gan --epoch 3", "train gan --epochs many", "nosuch", "data nosuch", "sample"):
        done = command(*words.split())
        assert done.status == 2 and done.err and not done.out
    assert listing(place) == before


def test_ctrl_c_in_a_command(capsys):
    with pytest.raises(SystemExit) as end, one_line_errors():
        raise KeyboardInterrupt
    assert end.value.code == 130 and capsys.readouterr().err == "ms-gan: stopped\n"


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError), one_line_errors():
        1 / 0  # noqa: B018


def test_more_memory_than_there_is(capsys):
    with pytest.raises(SystemExit) as end, one_line_errors():
        np.empty(2**46)  # 563 TB
    assert end.value.code == 2
    assert re.fullmatch(r"ms-gan: there is not enough memory: Unable to allocate .*\n", capsys.readouterr().err)
