"""The settings of the small games that can be watched: Figure 1, and the ring on which modes collapse."""

from dataclasses import dataclass, replace

from ms_gan.recipes.recipe import Recipe


@dataclass(frozen=True)
class Toy:
    """The settings of a small game."""

    recipe: Recipe
    """Objective, optimiser, batch size, latent codes, critic's steps and seed; the rest of it is not used."""
    networks: str
    """The pair: "line" or "plane" (`networks.toy`)."""
    width: int
    """Units in each hidden layer."""
    steps: int
    """Batches to play; each moves D, and every `critic_steps`-th moves G too."""
    lesson: int = 0
    """Batches before these, from which D learns while G stands still."""


FIGURE1 = Toy(
    Recipe(batch_size=512, latent_size=1, noise="uniform", learning_rate=1e-3, critic_steps=5, seed=6),
    networks="line",
    width=32,
    steps=6000,
    lesson=400,
)
"""Five updates of D for one of G, so that D stays near D*, as the theory assumes. With this seed p_G begins on the left
of the data, where the paper draws it."""

RING = Toy(
    Recipe(batch_size=256, latent_size=16, learning_rate=1e-3),
    networks="plane",
    width=128,
    steps=3000,
)

_RING_CRITIC = replace(RING.recipe, objective="wasserstein", critic_steps=5, learning_rate=3e-3)
RINGS: dict[str, Toy] = {
    "non-saturating": RING,
    "minimax": replace(RING, recipe=replace(RING.recipe, objective="minimax")),
    "least squares": replace(RING, recipe=replace(RING.recipe, objective="least-squares")),
    "Wasserstein, clipped": replace(
        RING, recipe=replace(_RING_CRITIC, optimizer="rmsprop", beta1=0.0, beta2=0.99, weight_clip=0.1)
    ),
    "Wasserstein, penalty": replace(RING, recipe=replace(_RING_CRITIC, gradient_penalty=1.0)),
}
"""The same networks, first weights, data and number of batches. A critic's game moves G in one of five of them, so it
gets a larger learning rate."""
