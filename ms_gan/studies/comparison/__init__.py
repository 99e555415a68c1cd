"""One recipe, trained once for each value of a setting."""
