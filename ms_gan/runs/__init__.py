"""Epochs of training: begun, stopped, gone on with."""
