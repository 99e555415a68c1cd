"""The assignment: its eleven functions, and what tells a right answer from a wrong one and names the mistake.

A student's functions are called as they are; what they give is compared with NumPy's float64. MindSpore is loaded
only when a check runs.
"""

EXERCISES = (
    "sample_noise",
    "discriminator",
    "generator",
    "bce_loss",
    "discriminator_loss",
    "generator_loss",
    "get_optimizer",
    "ls_discriminator_loss",
    "ls_generator_loss",
    "build_dc_classifier",
    "build_dc_generator",
)
"""In the notebook's order."""
