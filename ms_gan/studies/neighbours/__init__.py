"""Does the generator copy? Its samples beside the nearest training pictures."""
