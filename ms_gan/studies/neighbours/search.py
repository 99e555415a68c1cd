"""The pictures of a data set that are nearest to given ones: every one is compared, pixel by pixel."""

import numpy as np

BLOCK = 32_000_000  # bytes of the data set's pictures that are compared at a time


def nearest(
    pictures: np.ndarray, data_set: np.ndarray, count: int, leave_out: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """For each picture the `count` nearest ones of a data set, the nearest first, and how far they are.

    The distance is the root of the mean squared difference of all pixels, in grey levels from 0 to 255 (it is the
    Euclidean distance divided by √pixels). It is exact: float64 holds all the sums, which are whole numbers. Pictures
    of the same distance come in the data set's order.

    Args:
        pictures: uint8, Q×H×W×C.
        data_set: uint8, N×H×W×C; may be mapped from a file, for only a block of it is held in memory.
        count: 1…N.
        leave_out: Q places in the data set, one of which each picture is not compared with: its own. None for none.

    Returns:
        (places, distances): whole numbers and float64, both Q×count.
    """
    rows = pictures.reshape(len(pictures), -1).astype(np.float64)
    places, squares = np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0))
    size = max(1, BLOCK // (8 * rows.shape[1]))
    for first in range(0, len(data_set), size):
        block = np.asarray(data_set[first : first + size]).reshape(-1, rows.shape[1]).astype(np.float64)
        here = first + np.broadcast_to(np.arange(len(block)), (len(rows), len(block)))
        apart = _squares(rows, block)
        if leave_out is not None:
            apart[here == leave_out[:, np.newaxis]] = np.inf
        places, squares = np.hstack([places, here]), np.hstack([squares, apart])
        best = np.argsort(squares, axis=1, kind="stable")[:, :count]
        places, squares = np.take_along_axis(places, best, axis=1), np.take_along_axis(squares, best, axis=1)
    return places, np.sqrt(squares / rows.shape[1])


def _squares(rows: np.ndarray, block: np.ndarray) -> np.ndarray:
    """‖a − b‖² = ‖a‖² − 2ab + ‖b‖² of every pair: one matrix product, and no array of differences."""
    products = rows @ block.T
    products *= -2
    products += np.einsum("ij,ij->i", rows, rows)[:, np.newaxis]
    products += np.einsum("ij,ij->i", block, block)
    return products
