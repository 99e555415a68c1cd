"""Two players, their training step, and the run that leaves a folder of results behind."""
