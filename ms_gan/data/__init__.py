"""Files → batches of (image, latent_code)."""
