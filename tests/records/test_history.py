"""history.csv: what was measured comes back, damage is found."""

import numpy as np
import pytest

from ms_gan.errors import UserError
from ms_gan.records import history
from ms_gan.records.history import Row

HEADER = "epoch,step,d_loss,g_loss,d_real,d_fake,seconds"


def row(epoch: int, step: int, seed: int = 0) -> Row:
    rng = np.random.default_rng((seed, epoch, step))
    *figures, seconds = (float(value) for value in rng.random(5).astype(np.float32))
    return Row(
        epoch, step, seconds=seconds, **dict(zip(("d_loss", "g_loss", "d_real", "d_fake"), figures, strict=True))
    )


ROWS = [row(epoch, step) for epoch in range(2) for step in range(1, 4)]


def test_what_was_measured_comes_back(tmp_path):
    path = tmp_path / "history.csv"
    history.append(path, ROWS[:2])
    history.append(path, [])
    history.append(path, ROWS[2:])
    rows, fault = history.read(path)
    assert fault is None and len(rows) == 6
    for back, there in zip(rows, ROWS, strict=True):
        assert (back.epoch, back.step) == (there.epoch, there.step)
        for name in ("d_loss", "g_loss", "d_real", "d_fake", "seconds"):
            assert np.float32(getattr(back, name)) == np.float32(getattr(there, name))


def test_the_text_of_the_file(tmp_path):
    path = tmp_path / "history.csv"
    history.append(
        path,
        [
            Row(0, 1, d_loss=1.25, g_loss=0.5, d_real=0.75, d_fake=0.0625, seconds=0.03),
            Row(11, 468, d_loss=float(np.float32(0.1)), g_loss=27.5, d_real=1.0, d_fake=0.0, seconds=2.0),
        ],
    )
    assert path.read_bytes().decode() == f"{HEADER}\n0,1,1.25,0.5,0.75,0.0625,0.03\n11,468,0.100000001,27.5,1,0,2\n"


def test_appending_one_by_one_and_writing_anew_give_the_same_bytes(tmp_path):
    for r in ROWS:
        history.append(tmp_path / "a.csv", [r])
    history.rewrite(tmp_path / "b.csv", ROWS)
    rows, _ = history.read(tmp_path / "a.csv")
    history.rewrite(tmp_path / "c.csv", rows)
    wanted = (tmp_path / "a.csv").read_bytes()
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes() == wanted


def test_losses_that_are_no_numbers_come_back(tmp_path):
    history.append(
        tmp_path / "h.csv", [Row(0, 1, d_loss=float("nan"), g_loss=float("inf"), d_real=0.5, d_fake=0.5, seconds=0.1)]
    )
    rows, fault = history.read(tmp_path / "h.csv")
    assert fault is None and np.isnan(rows[0].d_loss) and rows[0].g_loss == float("inf")


@pytest.mark.parametrize("line", ["1,1,0.5,0.5", "1,1,0.5,0.5,0.5,0.5,0.1,7", "1,x,0.5,0.5,0.5,0.5,0.1", "\0\0\0", ""])
def test_a_damaged_line_is_left_out(tmp_path, line):
    path = tmp_path / "history.csv"
    history.append(path, ROWS)
    lines = path.read_text().splitlines()
    lines[4] = line
    path.write_text("\n".join(lines) + "\n")
    rows, fault = history.read(path)
    assert [(r.epoch, r.step) for r in rows] == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
    assert fault == f"{path} is damaged in line 5"


@pytest.mark.parametrize("content", [b"", b"epoch,step\n", b"\x89PNG\r\n\x1a\n\xff\xfe", HEADER.upper().encode()])
def test_what_is_no_history(tmp_path, content):
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match="history.csv"):
        history.read(path)


def test_a_missing_history_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot read .*history.csv"):
        history.read(tmp_path / "history.csv")
