"""Questions asked of a trained pair."""
