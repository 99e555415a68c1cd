"""A folder of pictures of any kind as a data set."""
