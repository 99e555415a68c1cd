"""The lectures, run as a student runs them: as scripts, from the project's folder."""

import ast
import os
import re
import shlex
import signal
from pathlib import Path

import pytest
from PIL import Image
from pytest import approx

from ms_gan.commands.parse import command_line

ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.py"))
SLIDES = {
    "A1": "生成式对抗网络",
    "A2": "D(x), G(z)",
    "A3": "用GAN生成手写字",
    "A4": "数据加载",
    "A5": "什么是 latent code",
    "A6": "为什么分batch",
    "A7": "模型构建",
    "A8": "生成器",
    "A9": "模型中的层",
    "A10": "判别器",
    "A11": "损失函数和优化器",
    "A12": "模型训练",
    "A13": "预定义函数",
    "A14": "value_and_grad",
    "A15": "开始练",
    "A16": "结果",
    "A17": "损失函数",
    "A18": "动态看一下",
    "A19": "接下来",
    "A20": "什么是交叉熵",
}


@pytest.fixture(scope="module")
def subset(first_images):
    return first_images(640)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, subset, tell):
    """Lecture 02, trained for an epoch of five steps: its folder, and what the run said."""
    folder = tmp_path_factory.mktemp("run") / "result"
    return folder, tell(
        "02_gan.py", "--epochs", 1, "--device", "CPU", "--result", folder, "--data", subset, "--log-every", 1
    )


def test_lecture_01(tmp_path, tell, expect):
    status, out, err = tell("01_data.py", "--result", tmp_path)
    assert (status, err) == (0, "")
    expect(
        out,
        r"train-images-idx3-ubyte: magic number 2051, 60,000 images of 28×28",
        r"imshow of \(28, 28\) +drawn",
        r"imshow of \(1, 28, 28\) +refused: .*",
        r"image: uint8, shape \(28, 28, 1\)",
        r"label: uint32, shape \(\)",
        r"labels of the first 20: 5 0 4 1 9 2 1 3 1 4 3 5 3 6 1 7 2 8 6 9",
        r"4 batches of images \(128, 1, 28, 28\) and latent codes \(128, 100\)",
        r" +128 +468 +59,904 +96",
        r"your files: 60,000 images, 468 batches of 128, 96 left out",
        r"numpy's permutation: .*",
    )
    sizes = {path.name: Image.open(path).size for path in (tmp_path / "lecture01").iterdir()}
    assert set(sizes) == {"figure1.png", "digits.png", "digit.png", "batch.png"}
    assert min(min(size) for size in sizes.values()) > 100


def test_lecture_02_trains(trained, expect):
    folder, (status, out, err) = trained
    assert (status, err) == (0, "")
    expect(
        out,
        r"640 images; a batch has images \(128, 1, 28, 28\) and latent codes \(128, 100\)",
        r" +in all +1,510,032 parameters",
        r" +in all +533,505 parameters",
        (r"Sigmoid \+ BCELoss +loss +#, gradient .* #", approx(27.631, abs=1e-3), 0),
        (r"from the score +loss +#, gradient .* #", approx(40, abs=1e-3), 0.5),
        (
            r" +5 +# +# +# +#",
            approx(1.17, abs=0.1),
            approx(0.51, abs=0.1),
            approx(1.17, abs=0.1),
            approx(0.51, abs=0.1),
        ),
        (r"largest difference: #", approx(0, abs=1e-4)),
        r"640 images an epoch in 5 batches of 128 \(0 left out\); .*",
        r"Epoch:\[ +1/ +1\], step:\[ +5/ +5\], loss_d:\d+\.\d{6} , loss_g:\d+\.\d{6} , time:\d+\.\d{3}s, lr:0\.000200",
        r"epoch +1/1 +d_loss .*",
        r"1 pictures: .*evolution\.gif",
        r"D's mean answer to real training pictures: [01]\.\d{3}",
        r"one code, five times, in evaluation mode: a pixel varies by up to [01] of 255",
        r"-log 0\.7 = 0\.3567; BCELoss of one value: .* none 0\.3567",
    )
    for name in ("checkpoints/Generator0.ckpt", "history.csv", "images/epoch000.png", "losses.png", "evolution.gif"):
        assert (folder / name).is_file()
    assert Image.open(folder / "lecture02" / "samples.png").size == (584, 584)  # 5·(28·4 + 4) + 4
    assert Image.open(folder / "lecture02" / "modes.png").size == (584, 236)


def test_lecture_02_goes_on(trained, subset, excerpt, tell_here, expect):
    folder, _ = trained
    script = excerpt(
        "02_gan.py", "lecture_options(", "islice", "import numpy as np", "options.run()", "last_epoch = ", "n_frames"
    )
    status, out, err = tell_here(
        script, "--resume", "--epochs", 2, "--device", "CPU", "--result", folder, "--data", subset
    )
    assert (status, err) == (0, "")
    expect(out, r"going on from .*Generator0\.ckpt", r"epoch +2/2 .*", r"2 pictures: .*")
    assert (folder / "checkpoints" / "Generator1.ckpt").is_file()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_ends_lecture_02_after_saving(tmp_path, subset, start):
    process = start("02_gan.py", "--epochs", 1000, "--result", tmp_path, "--data", subset, "--log-every", 1)
    lines = []
    for line in process.stdout:
        if line.startswith("Epoch:[") and not any(before.startswith("Epoch:[") for before in lines):
            process.send_signal(signal.SIGINT)
        lines.append(line)
    # MindSpore turns SIGINT into SIGTERM once a graph has been compiled
    assert process.wait() in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    assert process.stderr.read() == ""
    assert re.fullmatch(r"stopped after .*; all is saved: go on with --resume\n", lines[-1])


@pytest.mark.parametrize(
    ("lecture", "options", "says"),
    [
        ("01_data.py", ["--data", "no-such-folder"], "no MNIST in .*no-such-folder"),
        ("01_data.py", ["--data", "FEW"], "100 images: this lecture needs at least 600"),
        ("02_gan.py", ["--epochs", "0"], "epochs 0: it must be a whole number of at least 1"),
        ("02_gan.py", ["--data", "FEW"], "100 images: this lecture needs at least 640"),
    ],
)
def test_bad_input_is_refused_in_one_line(refused, first_images, lecture, options, says):
    telling = refused(lecture, *[first_images(100) if option == "FEW" else option for option in options])
    assert re.search(says, telling.err) and "parameters" not in telling.out


def test_a_refusal_is_seen_from_outside(tell, tmp_path):
    status, out, err = tell("02_gan.py", "--epochs", 0, "--result", tmp_path / "result")
    assert (status, out) == (2, "")
    assert re.fullmatch(r"ms-gan: .*epochs 0: it must be a whole number of at least 1.*\n", err)


def test_a_run_in_the_way_is_refused_before_anything_is_computed(trained, tell_here):
    folder, _ = trained
    status, out, err = tell_here("02_gan.py", "--result", folder)
    assert (status, out) == (2, "")
    assert re.fullmatch(r"ms-gan: a run lies in .* already: .*--resume.*\n", err)


def cells(lecture):
    """(marker, lines) of each cell."""
    found = []
    for line in lecture.read_text(encoding="utf-8").splitlines():
        if line.startswith("# %%"):
            found.append((line, []))
        else:
            found[-1][1].append(line)  # an IndexError here: the file does not begin with a cell
    return found


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_cells_are_well_formed(lecture):
    found = cells(lecture)
    assert len(found) > 10 and found[0][0] == "# %% [markdown]"
    for marker, lines in found:
        assert any(lines), f"an empty cell in {lecture}"
        if marker == "# %% [markdown]":
            assert all(line == "#" or line.startswith("# ") for line in lines if line), lines
        else:
            assert marker == "# %%"
            assert ast.parse("\n".join(lines)).body, f"a cell without code in {lecture}: {lines}"


def text(lecture):
    """The text cells, without the comment signs."""
    return "\n".join(line[2:] for marker, lines in cells(lecture) if "markdown" in marker for line in lines)


def test_readme_maps_every_slide_to_a_heading_that_is_there():
    readme = (ROOT / "lectures" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (A\d+) \| (.+?) \| (\S+) \| (.+?) \|$", readme, re.MULTILINE)
    assert {slide: title for slide, title, *_ in rows} == SLIDES and len(rows) == len(SLIDES)
    for _, title, lecture, heading in rows:
        assert heading.startswith(f"{title} · ")
        assert re.search(rf"^#+ {re.escape(heading)}$", text(ROOT / "lectures" / lecture), re.MULTILINE), heading


@pytest.mark.parametrize(
    ("lecture", "count", "recipes"),
    [
        ("02_gan.py", 13, {"gan"}),
        ("03_using_the_model.py", 6, {"gan"}),
        ("05_objectives.py", 4, {"cs231n-gan", "wgan", "wgan-gp"}),
        ("06_dcgan_mnist.py", 3, {"dcgan-mnist", "cs231n-gan"}),
        ("07_dcgan_faces.py", 10, {"dcgan-faces", "dcgan-mnist", "dcgan-small"}),
    ],
)
def test_commands_in_the_text_are_understood(prose, lecture, count, recipes):
    """Between backticks, or indented on a line of their own; `ms-gan doctor` alone is a name, and no command."""
    lines = prose(lecture)
    commands = [words for words in re.findall(r"`ms-gan ([^`]*)`", " ".join(" ".join(lines).split())) if " " in words]
    commands += re.findall(r"^    ms-gan (.*)", "\n".join(lines), re.MULTILINE)
    assert len(commands) == count
    parsed = [command_line(shlex.split(command)) for command in commands]
    assert {found.recipe for found in parsed if getattr(found, "recipe", None)} == recipes
