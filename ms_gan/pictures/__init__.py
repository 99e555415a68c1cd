"""Arrays to pictures: a PNG grid, a GIF of the epochs, the loss plot, and plot_image for the lectures."""
