"""What one batch does: the objectives, the players and the step of each game."""

from ms_gan.games.game import GAMES, Game
from ms_gan.games.gan import Gan

__all__ = ["GAMES", "Game", "Gan"]
