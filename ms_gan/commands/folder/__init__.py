"""The subcommands that take the folder of a run."""
