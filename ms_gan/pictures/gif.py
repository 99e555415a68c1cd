"""The pictures of all epochs as one moving picture (slide 动态看一下)."""

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ms_gan.disk.picture_file import Unreadable, decoding, opened
from ms_gan.errors import UserError
from ms_gan.pictures.grid import write_picture

WIDTH = 320  # pixels: a frame is shrunk by the whole factor that brings it nearest to this
FONT_SIZE, STRIP, MARGIN = 18, 30, 8  # of the label, in pixels
STRIP_GREY, TEXT_GREY = 34, 255
GREYS, COLOURS = 16, 128  # 16 greys keep 200 epochs of noisy digits below 5 MB
PLAY, FASTEST, SLOWEST, HOLD = 16.0, 0.05, 0.6, 2.0  # seconds
MOST = round(PLAY / FASTEST)  # frames: more of them would play for longer
LONGEST = 65_535  # pixels of a side: the two bytes of a GIF header hold no more
LARGEST = 5_000_000  # bytes: what slides, mails and web pages take without complaint; 90 frames of faces in colours


def write_gif(path: str | Path, frames: Sequence[str | Path], labels: Sequence[str]) -> None:
    """Write the frames one after another, each below its label, as a GIF that loops for ever.

    All frames together play for about 16 seconds, each for 0.05 to 0.6 seconds; the last one stays for 2. Frames wider
    than about 320 pixels are shrunk by a whole factor; greys become 16 levels, colours the 128 that suit each frame.
    Of more than 320 frames, or of those that would take more than 5 MB, as many are left out as need be, evenly; the
    first and the last stay.

    Args:
        path: where to, ending in .gif; appears whole or not at all.
        frames: PNG files of one size, as `save_grid` writes them, in the order of play.
        labels: one line for each frame, for example "epoch 12".

    Raises:
        UserError: no frames, a file that is missing or no picture, frames of different sizes or, with their labels,
            longer than 65,535 pixels on a side, or `path` not writable.
        ValueError: not one label for each frame.
    """
    if not frames:
        raise UserError(f"no pictures to make {path} of; train for an epoch first")
    if len(frames) != len(labels):
        raise ValueError(f"{len(frames)} frames, but {len(labels)} labels")
    shown = _spread(len(frames), MOST)
    pictures = [*map(np.asarray, _labelled_frames([frames[i] for i in shown], [labels[i] for i in shown]))]
    data = _timed(pictures)
    while len(data) > LARGEST and len(pictures) > 2:
        fewer = max(2, int(0.95 * len(pictures) * LARGEST / len(data)))  # those that stay may be larger than the others
        pictures = [pictures[i] for i in _spread(len(pictures), fewer)]
        data = _timed(pictures)
    write_picture(path, data, ".gif")


def _spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers 0 … count − 1, evenly, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def _timed(pictures: list[np.ndarray]) -> bytes:
    return encode(pictures, frame_times(len(pictures)))


def encode(frames: Sequence[np.ndarray], milliseconds: Sequence[int]) -> bytes:
    """The bytes of a GIF that loops for ever; the only place where one is made.

    Args:
        frames: of one size, uint8, H×W grey or H×W×3 with 256 colours at most, which stay as they are; of more, the
            256 that suit the frame.
        milliseconds: for how long each frame shows, in whole hundredths of a second.
    """
    times = list(milliseconds) if len(frames) > 1 else milliseconds[0]  # Pillow takes no list for a single picture
    data = io.BytesIO()
    iio.imwrite(data, list(frames), plugin="pillow", extension=".gif", duration=times, loop=0)
    return data.getvalue()


def frame_times(count: int) -> list[int]:
    """For how long each of `count` frames shows, in milliseconds: `frame_seconds`, and the last one 2 seconds."""
    time, last = round(1000 * frame_seconds(count)), round(1000 * HOLD)
    return [time] * (count - 1) + [last if count > 1 else time]


def frame_seconds(count: int) -> float:
    """How long one of `count` frames shows, in seconds: 0.6 for a few, 0.08 for 200, in the GIF's steps of 0.01."""
    return round(min(SLOWEST, max(FASTEST, PLAY / count)), 2)


def _labelled_frames(frames: Sequence[str | Path], labels: Sequence[str]) -> Iterator[Image.Image]:
    font = ImageFont.load_default(size=FONT_SIZE)
    text_width = max(round(font.getlength(label)) for label in labels)
    size = _read(frames[0]).size
    for frame, label in zip(frames, labels, strict=True):
        picture = _read(frame)
        if picture.size != size:
            raise UserError(f"{frame}: {_by(picture.size)} pixels, but {frames[0]} is {_by(size)}; remove one of them")
        labelled = _labelled(picture.reduce(max(1, round(size[0] / WIDTH))), label, font, text_width)
        if max(labelled.size) > LONGEST:
            long = f"{_by(labelled.size)} pixels with its label, but a side of a GIF has {LONGEST:,} at most"
            raise UserError(f"{frame}: {long}; draw fewer pictures on each sheet")
        yield _few_colours(labelled)


def _read(path: str | Path) -> Image.Image:
    """One PNG as greys (L) or colours (RGB)."""
    if not os.path.exists(path):
        raise UserError(f"{path}: there is no such picture; draw it again")
    try:
        with warnings.catch_warnings(action="ignore"), opened(Path(path), ["PNG"]) as picture, decoding():
            return picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    except Unreadable as error:
        raise UserError(f"{path}: not a readable PNG ({error}); remove it or draw it again") from error


def _labelled(picture: Image.Image, label: str, font: ImageFont.FreeTypeFont, text_width: int) -> Image.Image:
    """The picture below a strip with its label, flush left so that it stands still while the number grows."""
    width = max(picture.width, text_width + 2 * MARGIN)
    bands = len(picture.getbands())
    canvas = Image.new(picture.mode, (width, STRIP + picture.height), (STRIP_GREY,) * bands)
    canvas.paste(picture, ((width - picture.width) // 2, STRIP))
    ImageDraw.Draw(canvas).text((MARGIN, STRIP // 2), label, (TEXT_GREY,) * bands, font, anchor="lm")
    return canvas


def _few_colours(picture: Image.Image) -> Image.Image:
    """Greys as the nearest of 16 even levels, the same in every frame, so that none flickers; else 128 colours."""
    if picture.mode != "L":
        return picture.quantize(COLOURS, Image.Quantize.FASTOCTREE).convert("RGB")
    step = 255 // (GREYS - 1)
    return picture.point([(value + step // 2) // step * step for value in range(256)])


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
