"""What a run tells: a file for each listener."""
