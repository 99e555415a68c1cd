"""Walks between latent codes."""
