"""The pictures of an epoch: a disk that takes none does not end the training."""

from types import SimpleNamespace

import numpy as np

from ms_gan.runs.listeners.pictures import Pictures


def test_a_picture_that_cannot_be_written_is_said_once(tmp_path):
    lines, pictures, pixels = [], Pictures(), np.zeros((1, 28, 28, 1), np.uint8)
    (tmp_path / "file").touch()

    def draw(path):
        run = SimpleNamespace(
            game=SimpleNamespace(samples=lambda: pixels),
            rows=[SimpleNamespace(epoch=0)],
            folder=SimpleNamespace(image=lambda epoch: path),
            say=lines.append,
        )
        pictures.epoch(run)

    for number in (1, 2):
        draw(tmp_path / "file" / f"{number}.png")
    assert len(lines) == 1
    assert lines[0].startswith(f"note: cannot write {tmp_path / 'file' / '1.png'}: ")
    assert lines[0].endswith("; the training goes on without pictures")
    draw(tmp_path / "3.png")
    assert len(lines) == 1 and (tmp_path / "3.png").exists() and pictures.newest is pixels
    draw(tmp_path / "file" / "4.png")
    assert len(lines) == 2 and "4.png" in lines[1]
