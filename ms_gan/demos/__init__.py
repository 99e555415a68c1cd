"""The course's toys: games small enough to be watched."""
