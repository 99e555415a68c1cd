"""Draws losses.png and evolution.gif at the end of a run."""

from ms_gan.records.checkpoint import Position
from ms_gan.records.drawings import finish
from ms_gan.runs.listeners.listener import Listener


class Drawing(Listener):
    """Draws what a run leaves, and says where it lies, or how to go on."""

    def end(self, run) -> None:
        drawn = finish(run.folder, run.say) if run.rows else True
        position = run.position
        if position < Position(run.recipe.epochs):
            inside = f" and {position.step} of {run.batches.steps} steps" if position.step else ""
            run.say(f"stopped after {position.epoch} epochs{inside}; all is saved: go on with --resume")
        elif drawn:
            run.say(f"done: pictures, losses.png and evolution.gif are in {run.folder.root}")
        else:
            run.say(
                f"done: all epochs are saved in {run.folder.root}; ms-gan losses and ms-gan gif draw what is missing"
            )
