import gzip
import struct

import numpy as np
import pytest


def idx_bytes(values: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes, written independently of the package: the magic number is 0x08 and the rank."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()


@pytest.fixture
def as_idx():
    return idx_bytes


@pytest.fixture
def small_images():
    return np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)


@pytest.fixture
def small_set(small_images):
    """Writes a tiny MNIST; ending "" or ".gz", dot for the other spelling; fields replace what a file holds."""

    def write(folder, prefix="train", ending=".gz", dot=False, images=small_images, labels=None):
        labels = np.arange(len(images)) % 10 if labels is None else labels
        folder.mkdir(parents=True, exist_ok=True)
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            content = values if isinstance(values, bytes) else idx_bytes(values)
            name = f"{prefix}-{kind.replace('-', '.') if dot else kind}-ubyte{ending}"
            (folder / name).write_bytes(gzip.compress(content) if ending else content)
        return folder

    return write


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Stands in for the user's cache folder."""
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "user cache" / name)
    return tmp_path / "user cache" / "ms-gan"
