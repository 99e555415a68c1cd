"""Watches a run for what goes wrong, and says it while it trains."""

from ms_gan.records.history import Row
from ms_gan.runs.examination import find_faults
from ms_gan.runs.listeners.diagnosis import Finding, Hopeless, RunDoctor
from ms_gan.runs.listeners.listener import Listener
from ms_gan.runs.listeners.pictures import Pictures


class Diagnosing(Listener):
    """Says what the doctor finds. If there is no use in going on, it ends the run before anything is saved.

    A run that goes on is watched from its beginning: what its history and its pictures tell was said before.
    """

    def __init__(self, pictures: Pictures):
        """
        Args:
            pictures: draws those of each epoch.
        """
        self._pictures = pictures

    def begin(self, run) -> None:
        self._doctor = RunDoctor(run.recipe, run.game.figures)
        for _ in find_faults(run.folder, run.recipe, run.rows, self._doctor):
            pass  # said before

    def step(self, run, row: Row) -> None:
        self._tell(run, self._doctor.step(row))

    def epoch(self, run) -> None:
        self._tell(run, self._doctor.weights(run.game.players))

    def stopped(self, run) -> None:
        self._tell(run, self._doctor.weights(run.game.players))

    def saved(self, run) -> None:
        if not run.position.step and self._pictures.newest is not None:
            self._tell(run, self._doctor.pictures(self._pictures.newest))

    def _tell(self, run, finding: Finding | None) -> None:
        if finding and finding.stops:
            raise Hopeless(finding)
        if finding:
            run.say(str(finding))
