"""Faces: the slides' downloaded ones, and drawn ones."""
