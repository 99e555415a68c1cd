"""The subcommands that take a file of weights."""
