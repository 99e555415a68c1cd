"""MNIST: its files found, checked, downloaded and read."""
