"""The losses of a run, and D's answers, as one plot (slide 损失函数)."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from ms_gan.errors import UserError
from ms_gan.pictures.plotting import BLACK, BLUE, GREEN, STYLE, VERMILION, Axes, Figure, styled
from ms_gan.pictures.show import save

Curve = tuple[np.ndarray, np.ndarray]
"""When something was measured, in epochs, and its values."""

BUCKETS = 800  # of the faint lines: about one for every pixel of the plot


def plot_losses(
    path: str | Path,
    epochs: Sequence[float],
    d_loss: Sequence[float],
    g_loss: Sequence[float],
    *,
    equilibrium: tuple[float, float],
    d_real: Sequence[float] | None = None,
    d_fake: Sequence[float] | None = None,
    answers: str = "probabilities",
    balance: float = 0.5,
    others: Mapping[str, Curve] | None = None,
) -> None:
    """Draw both losses over training, each faint as it was and bold as a moving average, as a PNG.

    All sequences hold one number for each training step. A value that is not finite leaves a gap. The same numbers
    give the same bytes.

    Args:
        path: where to, ending in .png; appears whole or not at all.
        epochs: when each step was, in epochs since the start of the run, rising: (step + 1) / steps of an epoch.
        d_loss: D's loss.
        g_loss: G's loss.
        equilibrium: the losses of D and G where both distributions coincide, drawn dashed; 2 ln 2 and ln 2 on the
            slides. Of a critic's game only D's is drawn.
        d_real: mean D(x) of the batch; with `d_fake`, it adds a second panel.
        d_fake: mean D(G(z)) of the batch.
        answers: what D's answers are, as in `Objective.answers`: "probabilities", "targets" (scores aimed at 1 for real
            pictures and at 0 for generated ones) or "critic" (scores that only compare: the gap between them counts).
        balance: D's answer where both distributions coincide, drawn dashed, but for a critic.
        others: more figures by name, each with its own epochs and values; each gets a panel below.

    Raises:
        UserError: no steps, or `path` not writable.
        ValueError: sequences of different lengths, or one of `d_real` and `d_fake` without the other.
    """
    epochs, d_loss, g_loss, *both = _arrays(path, epochs, d_loss, g_loss, d_real, d_fake)
    with styled(STYLE):
        count = (2 if both else 1) + len(others or {})
        figure = Figure(figsize=(12, _height(count)), dpi=100, layout="constrained")
        panels = figure.subplots(count, sharex=True, squeeze=False).ravel()
        # A critic may add any number to all its scores, so G's loss has no value of its own.
        _losses(panels[0], epochs, d_loss, g_loss, equilibrium[: 1 if answers == "critic" else 2])
        if both:
            _answers(panels[1], epochs, *both, answers, balance)
        for axes, (name, curve) in zip(panels[count - len(others or {}) :], (others or {}).items(), strict=True):
            _figure(axes, name, *curve)
        _epochs(panels[-1], epochs[0], epochs[-1])
    save(figure, path)


def plot_figures(path: str | Path, curves: Mapping[str, Curve]) -> None:
    """Draw figures over training, a panel for each, faint as they were and bold as a moving average, as a PNG.

    Args:
        path: where to, ending in .png; appears whole or not at all.
        curves: by name, one or more: when a figure was measured, in epochs since the start of the run, rising, and its
            values. A value that is not finite leaves a gap.

    Raises:
        UserError: `path` not writable.
    """
    with styled(STYLE):
        figure = Figure(figsize=(12, _height(len(curves))), dpi=100, layout="constrained")
        panels = figure.subplots(len(curves), sharex=True, squeeze=False).ravel()
        for axes, (name, curve) in zip(panels, curves.items(), strict=True):
            _figure(axes, name, *curve)
        when = np.concatenate([curve[0] for curve in curves.values()])
        _epochs(panels[-1], when.min(), when.max())
    save(figure, path)


def _height(panels: int) -> float:
    return {1: 6.0, 2: 9.0}.get(panels, 4.0 * panels)  # inches


def _figure(axes: Axes, name: str, epochs: np.ndarray, values: np.ndarray) -> None:
    values = np.where(np.isfinite(values), values, np.nan)
    few = len(values) <= 50
    if few:
        axes.plot(epochs, values, color=BLUE, linewidth=2.5, marker="o")
    else:
        draw_curve(axes, epochs, values, name, BLUE)
    axes.set_title(name, loc="left", pad=10)  # not beside the axis, where a long name does not fit
    axes.grid(alpha=0.25)


def _epochs(axes: Axes, first: float, last: float) -> None:
    start = max(0.0, np.ceil(first) - 1)
    axes.set_xlim(start, start + 1.01 * (last - start))
    axes.set_xlabel("epochs")


def _losses(axes: Axes, epochs: np.ndarray, d_loss: np.ndarray, g_loss: np.ndarray, equilibrium: tuple) -> None:
    lines = zip_longest("DG", (d_loss, g_loss), (BLUE, VERMILION), equilibrium)
    for name, losses, colour, balance in lines:
        draw_curve(axes, epochs, losses, f"loss of {name}", colour)
        if balance is not None:
            axes.axhline(balance, color=colour, linestyle="--", label=f"{name} at equilibrium: {balance:.3f}")
    axes.set_ylim(*_limits(d_loss, g_loss, equilibrium))
    axes.set_ylabel("loss")
    _finish(axes, "Losses of the discriminator D and the generator G")


ANSWERS = {
    "probabilities": "D's answers: the probability that a picture is real",
    "targets": "D's answers: scores, aimed at 1 for real pictures and at 0 for generated ones",
    "critic": "The critic's scores: the gap between them is what it tells apart",
}


def _answers(
    axes: Axes, epochs: np.ndarray, d_real: np.ndarray, d_fake: np.ndarray, answers: str, balance: float
) -> None:
    draw_curve(axes, epochs, d_real, "D(x), real pictures", BLACK, width=4)  # seen even where D(G(z)) lies on it
    draw_curve(axes, epochs, d_fake, "D(G(z)), generated pictures", GREEN)
    if answers == "critic":
        axes.fill_between(epochs, _average(d_fake), _average(d_real), color=GREEN, alpha=0.15, label="the gap")
    else:
        axes.axhline(balance, color="#777777", linestyle="--", label=f"at equilibrium: {balance:.3g}")
    axes.set_ylim(*((-0.02, 1.02) if answers == "probabilities" else _limits(d_real, d_fake, (balance,))))
    axes.set_ylabel("probability" if answers == "probabilities" else "score")
    _finish(axes, ANSWERS[answers])


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left")
    axes.grid(alpha=0.25)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=4, columnspacing=1.5)


def draw_curve(axes: Axes, epochs: np.ndarray, values: np.ndarray, label: str, colour: str, width: float = 2.5) -> None:
    """Every step, faint, and the moving average, bold."""
    axes.plot(*_envelope(epochs, values), color=colour, alpha=0.25, linewidth=1)
    marker = "o" if len(values) == 1 else None
    axes.plot(epochs, _average(values), color=colour, linewidth=width, marker=marker, label=label)


def _envelope(epochs: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where steps outnumber pixels, the least and the greatest of each pixel: it looks the same and is quick."""
    size = -(-len(values) // BUCKETS)
    if size <= 2:
        return epochs, values
    padding = -len(values) % size
    rows = np.pad(values, (0, padding), mode="edge").reshape(-1, size)
    extremes = np.stack([np.fmin.reduce(rows, axis=1), np.fmax.reduce(rows, axis=1)], axis=1)
    return np.repeat(epochs[::size], 2), extremes.ravel()


def _average(values: np.ndarray) -> np.ndarray:
    """Centred moving average over a hundredth of the run, 5 steps at least; narrower at both ends, blind to NaN."""
    reach = max(5, len(values) // 100) // 2
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    first = np.maximum(np.arange(len(values)) - reach, 0)
    last = np.minimum(np.arange(len(values)) + reach + 1, len(values))
    total, number = sums[last] - sums[first], counts[last] - counts[first]
    return np.divide(total, number, out=np.full(len(values), np.nan), where=known & (number > 0))


def _limits(one: np.ndarray, other: np.ndarray, always: tuple[float, ...]) -> tuple[float, float]:
    return with_margin(*find_range(one, other, always))


def with_margin(low: float, high: float) -> tuple[float, float]:
    """A little more on both sides; below too: a loss of 0 must not hide behind the axis."""
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def find_range(one: np.ndarray, other: np.ndarray, always: tuple[float, ...]) -> tuple[float, float]:
    """From 0 or below it to what is in view: all averages and all but the wildest steps, one spike of which must not
    flatten the rest."""
    shown = [np.asarray(always)]
    for values in (one, other):
        shown += [_average(values)]
        if np.isfinite(values).any():
            shown += [np.nanpercentile(values, [0.1, 99.9])]
    shown = np.concatenate(shown)
    return min(0.0, float(np.nanmin(shown))), float(np.nanmax(shown))


def _arrays(path: str | Path, *series: Sequence[float] | None) -> list[np.ndarray]:
    """The given series as float64 of one length, with NaN wherever a value is not finite."""
    arrays = [np.array(one, np.float64) for one in series if one is not None]
    if len(arrays) == 4 or any(one.shape != (len(arrays[0]),) for one in arrays):
        raise ValueError("plot_losses takes one number a step in every series, and d_real and d_fake together")
    if len(arrays[0]) == 0:
        raise UserError(f"no steps to draw {path} from; train first")
    for one in arrays:
        one[~np.isfinite(one)] = np.nan
    return arrays
