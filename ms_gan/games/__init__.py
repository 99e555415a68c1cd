"""What one batch does: the objectives, the players and the step of each game."""
