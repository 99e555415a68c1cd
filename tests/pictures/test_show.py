"""plot_image and save: what a lecture sees."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.pictures.show import plot_image, save

RANDOM = np.random.default_rng(0)


def shown(figure):
    """The arrays that the figure draws."""
    return [axes.get_images()[0].get_array() for axes in figure.axes if axes.get_images()]


@pytest.mark.parametrize(
    ("shape", "count", "drawn"),
    [
        ((28, 28), 1, (28, 28)),
        ((28, 28, 1), 1, (28, 28)),
        ((64, 48, 3), 1, (64, 48, 3)),
        ((64, 48, 4), 1, (64, 48, 4)),
        ((5, 28, 28), 5, (28, 28)),
        ((12, 28, 28, 1), 12, (28, 28)),
        ((3, 32, 32, 3), 3, (32, 32, 3)),
        ((1, 32, 32, 4), 1, (32, 32, 4)),
    ],
)
def test_every_shape_that_imshow_takes_and_many_of_it(shape, count, drawn):
    pixels = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    pictures = shown(plot_image(pixels))
    assert len(pictures) == count
    assert {picture.shape for picture in pictures} == {drawn}
    np.testing.assert_array_equal(np.stack(pictures).ravel(), pixels.ravel())


def test_floats_are_drawn_as_the_bytes_they_stand_for():
    values = np.array([[-1, -0.5, 0, 1]] * 2, np.float32)
    (picture,) = shown(plot_image(values))
    np.testing.assert_array_equal(picture, [[0, 64, 128, 255]] * 2)


def test_a_grey_picture_keeps_its_level_whatever_it_holds():
    png = plot_image(np.full((28, 28), 100, np.uint8))._repr_png_()
    with Image.open(io.BytesIO(png)) as picture:
        assert (np.asarray(picture.convert("RGB"))[150:250, 150:250] == 100).all()


def test_a_title_is_drawn_above():
    digit = np.zeros((3, 28, 28), np.uint8)
    figure = plot_image(digit, "eight in three")
    assert figure.get_suptitle() == "eight in three"
    assert figure.get_figheight() > plot_image(digit).get_figheight()


def test_a_second_row_begins_after_ten():
    figure = plot_image(np.zeros((12, 28, 28), np.uint8))
    tops = [round(axes.get_subplotspec().rowspan.start) for axes in figure.axes if axes.get_images()]
    assert tops == [0] * 10 + [1] * 2
    assert not any(axes.axison for axes in figure.axes)
    assert plot_image(np.zeros((28, 28), np.uint8)).axes[0].axison  # one alone shows how many pixels it has


@pytest.mark.parametrize("shape", [(28,), (2, 3, 28, 28), (4, 28, 28, 2), (1, 2, 28, 28, 3), (0, 28, 28), (), (28, 0)])
def test_other_shapes(shape):
    with pytest.raises(UserError, match=r"\(H,W\), \(H,W,3\) or \(H,W,4\)"):
        plot_image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.array([[0.0, 255.0]]), "from 0 to 255"),
        (np.array([[0.0, np.nan]]), "from nan to nan"),
        (np.zeros((4, 4), np.int64), "not int64"),
        (np.zeros((101, 5, 5), np.uint8), "at most 100 pictures, not 101"),
    ],
)
def test_other_values(wrong, message):
    with pytest.raises(UserError, match=message):
        plot_image(wrong)


def test_save_returns_the_figure_and_repeats_its_bytes(tmp_path):
    figure = plot_image(RANDOM.integers(0, 256, (4, 28, 28), dtype=np.uint8), "four")
    assert save(figure, tmp_path / "a.png") is figure
    save(figure, tmp_path / "b.png")
    written = (tmp_path / "a.png").read_bytes()
    assert written == (tmp_path / "b.png").read_bytes() == figure._repr_png_()
    assert b"Software" not in written
    with Image.open(tmp_path / "a.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (520, 180))  # 4 of 1.3 inches, and half an inch for the title
    with pytest.raises(UserError, match=r"a\.pdf"):
        save(figure, tmp_path / "a.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_script_without_a_screen_neither_waits_nor_collects_figures(tmp_path):
    script = (
        "import sys, numpy\n"
        "from ms_gan.pictures.show import plot_image, save\n"
        f"save(plot_image(numpy.zeros((28, 28))), {str(tmp_path / 'a.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert 'mindspore' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    assert (tmp_path / "a.png").is_file()
