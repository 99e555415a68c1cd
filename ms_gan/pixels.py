"""Between the bytes of a picture and what the networks see: each conversion is written here, once each way."""

import numpy as np


def to_network(pixels: np.ndarray) -> np.ndarray:
    """Bytes to network input: x ↦ (x − 127.5) / 127.5 (slide 开始练).

    Args:
        pixels: uint8, N×H×W×C, values 0…255.

    Returns:
        float32, N×C×H×W, values in [−1, 1].
    """
    channels_first = np.ascontiguousarray(np.moveaxis(pixels, -1, 1), dtype=np.float32)
    channels_first -= 127.5
    channels_first /= 127.5
    return channels_first


def to_pixels(images: np.ndarray) -> np.ndarray:
    """Network output to bytes: the nearest whole number to 127.5·x + 127.5, clipped to 0…255.

    Args:
        images: float, N×C×H×W, values in [−1, 1] (anything outside is clipped).

    Returns:
        uint8, N×H×W×C.
    """
    values = np.clip(np.rint(np.asarray(images, np.float32) * 127.5 + 127.5), 0, 255)
    return np.ascontiguousarray(np.moveaxis(values.astype(np.uint8), 1, -1))
