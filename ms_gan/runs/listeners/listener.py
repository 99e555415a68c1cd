"""What happens beside the training. A run tells its listeners how far it is; each does one thing.

A listener of your own, in ten lines, gets a column of history.csv and a curve in losses.png:

    class Brightness(Listener):
        figures = ("brightness",)

        def epoch(self, run):
            return {"brightness": float(run.game.samples().mean())}

    train(recipe, Running(result=Path("result")), listeners=[Brightness()])
"""

from typing import ClassVar

from ms_gan.records.history import Row


class Listener:
    """Hears of a run. All methods do nothing unless a listener says otherwise.

    `run` is the `runs.run.Run` that tells: its attributes are what there is to look at, `run.say` prints a line. They
    are called in the order progress, diagnosis, pictures, your own, history, checkpoints, drawings.
    """

    figures: ClassVar[tuple[str, ...]] = ()
    """The names of the numbers that `epoch` measures, once an epoch: columns of the history."""

    def begin(self, run) -> None:
        """The run is about to train: its first epoch, or its first one after a stop."""

    def step(self, run, row: Row) -> None:
        """A step is done, and `row` is what it measured."""

    def epoch(self, run) -> dict[str, float] | None:
        """The last step of an epoch is done; nothing of it is saved yet. Returns a number for each of `figures`."""

    def saved(self, run) -> None:
        """All that the run has done so far is saved, at the end of an epoch or where it was stopped inside one."""

    def stopped(self, run) -> None:
        """The run was asked to stop inside an epoch; its last step is done and nothing of this epoch is saved yet."""

    def end(self, run) -> None:
        """The run is over: all epochs are done, or it has stopped and saved. Not called if it ended by an error."""
