"""Saves the players: after each epoch, and where a run is stopped inside one."""

from ms_gan.records import checkpoint
from ms_gan.runs import disk_space
from ms_gan.runs.listeners.listener import Listener


class Saving(Listener):
    """Saves a set, the last thing of an epoch: only with it does count what was done since the last one.

    Then the settings are written as those of a run that holds something, and all listeners hear `saved`.
    """

    def begin(self, run) -> None:
        players, steps = run.game.players, run.batches.steps
        for line in disk_space.forecast(run.folder.root, run.recipe, players, steps, run.position, run.keep_every):
            run.say(line)

    def epoch(self, run) -> None:
        self._save(run)

    def stopped(self, run) -> None:
        self._save(run)

    def _save(self, run) -> None:
        checkpoint.save(run.folder.checkpoints, run.position, run.game.players, run.settings, run.keep_every)
        if run.unsaved:
            run.folder.keep(run.settings)
            run.unsaved = False
        run.tell("saved")
