"""The theory in numbers: what the papers prove, computed with NumPy alone.

`from ms_gan import theory` has all of it by name: `theory.kl(p, q)`. The game xy has moves of its own, which lie in
`theory.xy_game`.
"""

from ms_gan.theory import xy_game
from ms_gan.theory.divergences import cross_entropy, entropy, js, kl, normalise
from ms_gan.theory.game import (
    EQUILIBRIUM_VALUE,
    best_value,
    curvature,
    non_saturating_slope,
    optimal_discriminator,
    saturating_slope,
    slope,
    value,
)
from ms_gan.theory.push_forward import change_of_variables, even_codes, share_density
from ms_gan.theory.wasserstein import wasserstein_distance, wasserstein_of_samples

__all__ = [
    "EQUILIBRIUM_VALUE",
    "best_value",
    "change_of_variables",
    "cross_entropy",
    "curvature",
    "entropy",
    "even_codes",
    "js",
    "kl",
    "non_saturating_slope",
    "normalise",
    "optimal_discriminator",
    "saturating_slope",
    "share_density",
    "slope",
    "value",
    "wasserstein_distance",
    "wasserstein_of_samples",
    "xy_game",
]
