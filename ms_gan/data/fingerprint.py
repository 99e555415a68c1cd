"""The fingerprint of a data set: whether the pictures are those that a run began with."""

import hashlib

import numpy as np

BLOCK = 2**24  # bytes hashed at a time; of pictures mapped from a file, no more are in memory at once


def digest(images: np.ndarray) -> str:
    """The SHA-256 of all pixels and of their shape and type, the same on every machine and in every release.

    The pictures are read once, in order. MNIST's 47 MB take 0.03 s where the processor has instructions for SHA-256,
    elsewhere up to 0.3 s; 70,000 faces of 64×64 in colours (860 MB) 0.5 to 5 s, or as long as the disk takes.

    Args:
        images: N×H×W×C, uint8 as a rule; may be mapped from a file, or a view with gaps.

    Returns:
        64 hexadecimal digits.
    """
    kind = images.dtype.newbyteorder("<")
    sha = hashlib.sha256(f"{kind.str} {'×'.join(map(str, images.shape))}\n".encode())
    step = max(1, BLOCK // max(1, images[:1].nbytes))  # pictures in a block
    for start in range(0, len(images), step):
        sha.update(np.ascontiguousarray(images[start : start + step], kind).data)
    return sha.hexdigest()
