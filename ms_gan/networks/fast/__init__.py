"""The same layers, computed faster on a processor."""
