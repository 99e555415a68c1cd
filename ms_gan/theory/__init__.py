"""The theory in numbers: what the papers prove, computed with NumPy alone."""
