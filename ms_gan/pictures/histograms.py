"""Histograms of D's answers, one row for each epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from ms_gan.pictures.plotting import BLACK, GREEN, STYLE, Axes, styled
from ms_gan.pictures.show import Picture, save

BINS = 40
ROW, MARGINS = 0.75, 2.0  # inches
TALLEST = 0.92  # rows: the highest bar of its row


class Answers(Protocol):
    """D's answers in one epoch."""

    epoch: int
    """From 0; the picture counts from 1."""
    real: np.ndarray
    """To real pictures: N numbers."""
    fake: np.ndarray
    """To generated ones."""


def plot_histograms(
    path: str | Path, rows: Sequence[Answers], answers: str = "probabilities", balance: float = 0.5
) -> Picture:
    """Draw how D's answers to real and to generated pictures are spread, epoch below epoch, as a PNG.

    Each row holds two histograms of 40 bins; its height is that of its fullest bin.

    Args:
        path: where to, ending in .png; appears whole or not at all.
        rows: one for each epoch.
        answers: what D's answers are, as in `Objective.answers`; probabilities are shown from 0 to 1, scores where 98
            of 100 lie.
        balance: D's answer where both distributions coincide, drawn dashed, but for a critic: half the label of real
            pictures, so less than 0.5 under label smoothing.

    Returns:
        the figure, which a notebook shows.

    Raises:
        UserError: `path` not writable.
    """
    edges = np.linspace(*_limits(rows, answers), BINS + 1)
    with styled(STYLE):
        figure = Picture(figsize=(12, MARGINS + ROW * len(rows)), dpi=100, layout="constrained")
        axes = figure.subplots()
        for number, row in enumerate(rows):
            _row(axes, edges, row, len(rows) - 1 - number, named=number == 0)
        axes.set(xlim=(edges[0], edges[-1]), ylim=(-0.03, len(rows) + 0.1))
        axes.set_yticks(range(len(rows)), [f"epoch {row.epoch + 1}" for row in reversed(rows)], va="bottom")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        if answers != "critic":
            axes.axvline(balance, color="#777777", linestyle="--", label=f"at equilibrium: {balance:.3g}")
        axes.set_xlabel("D's answer: probability" if answers == "probabilities" else "D's answer: score")
        axes.set_title(
            f"How D answers {len(rows[0].real):,} real and {len(rows[0].fake):,} generated pictures", loc="left"
        )
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=3, columnspacing=1.5)
    return save(figure, path)


def _limits(rows: Sequence[Answers], answers: str) -> tuple[float, float]:
    if answers == "probabilities":
        return 0.0, 1.0
    low, high = np.percentile(np.concatenate([part for row in rows for part in (row.real, row.fake)]), [1, 99])
    margin = 0.02 * (high - low) or 1.0
    return float(low - margin), float(high + margin)


def _row(axes: Axes, edges: np.ndarray, row: Answers, base: float, named: bool) -> None:
    counts = {colour: np.histogram(part, edges)[0] for colour, part in ((BLACK, row.real), (GREEN, row.fake))}
    scale = TALLEST / max(1, *(bars.max() for bars in counts.values()))
    for (colour, bars), name in zip(
        counts.items(), ("D(x), real pictures", "D(G(z)), generated pictures"), strict=True
    ):
        label = name if named else None
        axes.stairs(base + scale * bars, edges, baseline=base, fill=True, color=colour, alpha=0.35, label=label)
        axes.stairs(base + scale * bars, edges, baseline=base, color=colour, linewidth=2)
