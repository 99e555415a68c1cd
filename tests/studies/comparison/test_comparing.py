"""One recipe, trained for each value of a setting: on real digits, with as few of them as will do."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ms_gan.data.latent import fixed_codes
from ms_gan.errors import UserError
from ms_gan.networks.evaluation import draw
from ms_gan.recipes import Recipe, find_recipe
from ms_gan.records import history
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_generator
from ms_gan.runs.interrupt import CLOSED_PIPE
from ms_gan.runs.listeners.progress import Progress
from ms_gan.runs.run import Running, prepare, train
from ms_gan.studies.comparison import comparing
from ms_gan.studies.comparison.comparing import Comparison, Outcome, compare_settings, plan

pytestmark = pytest.mark.usefixtures("cpu")

SMALL = replace(find_recipe("cs231n-gan"), train_images=128, batch_size=32, epochs=2, images_every=0, log_every=1000)
VALUES = (2e-4, 1e30)
FAULT = "not a number (epoch 1, step 1)"


def run_it(folder: Path, data: Path, values=VALUES, recipe=SMALL) -> tuple[Comparison, list[str]]:
    said = []
    return compare_settings(
        recipe, "cs231n-gan", "learning_rate", values, Running(folder, data=data), said.append
    ), said


@pytest.fixture(scope="module")
def compared(cpu, small_mnist, tmp_path_factory) -> tuple[Comparison, list[str], Path]:
    """Two epochs with a sound learning rate, and one so large that the first step ends the run."""
    folder = tmp_path_factory.mktemp("comparison") / "compare-learning_rate"
    return *run_it(folder, small_mnist), folder


def test_each_value_has_a_run_of_its_own(compared, small_mnist, tmp_path, listing):
    """The same bytes as `train` leaves with that setting."""
    found, said, folder = compared
    sound, broken = found.outcomes
    assert [path.name for path in sorted(folder.iterdir())] == ["0.0002", "1e+30"]
    alone = tmp_path / "alone"
    running = Running(alone, "cs231n-gan", small_mnist)
    assert train(replace(SMALL, learning_rate=2e-4), running, lambda line: None) is None
    names = {f"checkpoints/{player}{epoch}.ckpt" for player in ("Generator", "Discriminator") for epoch in (0, 1)}
    names |= {"images/epoch000.png", "images/epoch001.png", "recipe.json"}
    ours, theirs = listing(sound.folder.root), listing(alone)
    assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}
    assert (sound.value, broken.value) == VALUES and sound.recipe == replace(SMALL, learning_rate=2e-4)
    assert [len(outcome.rows) for outcome in found.outcomes] == [8, 1] and found.stopped_by is None
    note, first, second, end = said
    assert note.endswith("is not the original MNIST (train); going on with it")
    assert first == "1 of 2: learning_rate 0.0002" and second.startswith("2 of 2: learning_rate 1e+30; about ")
    assert end.startswith("stopped at epoch 1, step 1, ")


def test_pictures_are_those_of_the_fixed_codes(compared):
    sound, broken = compared[0].outcomes
    assert sorted(sound.pictures) == [0, 1] and broken.pictures == {}
    generator, _ = load_generator(sound.folder.checkpoints / "Generator1.ckpt")
    assert np.array_equal(sound.pictures[1], draw(generator, fixed_codes(25, 96, noise="uniform")))


def test_what_goes_wrong_is_a_row(compared):
    found, said, _ = compared
    sound, broken = found.outcomes
    assert (sound.faults, broken.faults) == ((), (FAULT,))
    text = (broken.folder.root / "fault.txt").read_text(encoding="utf-8").splitlines()
    assert text[0] == FAULT and text[1] in said and text[1].startswith("stopped at epoch 1, step 1, where ")
    head, *lines = found.table().splitlines()
    assert head.split() == ["learning_rate", "d_loss", "g_loss", "D(x)", "D(G(z))", "images/s", "diagnosis"]
    assert lines[0].startswith("0.0002 ") and lines[1].startswith("1e+30 ") and lines[1].endswith(FAULT)
    assert len(lines) == 2


def test_what_is_trained_is_not_trained_again(compared, small_mnist, monkeypatch, listing):
    found, _, folder = compared
    before = listing(folder)
    monkeypatch.setattr(comparing, "train", None)
    again, said = run_it(folder, small_mnist)
    assert again.table() == found.table() and listing(folder) == before
    assert said == [
        "1 of 2: learning_rate 0.0002",
        f"trained already: {folder / '0.0002'}",
        "2 of 2: learning_rate 1e+30",
        f"gone wrong before: see {folder / '1e+30' / 'fault.txt'}",
    ]


def test_stopped_it_goes_on_where_it_was(compared, small_mnist, tmp_path, monkeypatch, listing):
    """Whatever stops it: here nobody reads any more what it says at the end of the first epoch."""
    epoch = Progress.epoch

    def and_stop(progress, rows):
        epoch(progress, rows)
        progress.on_closed()

    folder = tmp_path / "new"
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "epoch", and_stop)
        stopped, said = run_it(folder, small_mnist)
    assert stopped.stopped_by == CLOSED_PIPE
    assert said[-1] == "the comparison has stopped at 1 of 2; the same command goes on with it"
    assert [len(outcome.rows) for outcome in stopped.outcomes] == [4, 0]
    assert stopped.table().splitlines()[2].split() == ["1e+30", "–", "–", "–", "–", "–", "not", "trained", "yet"]
    found, _ = run_it(folder, small_mnist)
    assert found.stopped_by is None and [len(outcome.rows) for outcome in found.outcomes] == [8, 1]
    ours, theirs = (listing(each.outcomes[0].folder.root) for each in (found, compared[0]))
    for name in ("Generator1.ckpt", "Discriminator1.ckpt", "TrainState1.ckpt"):
        assert ours[f"checkpoints/{name}"] == theirs[f"checkpoints/{name}"]


def test_what_was_killed_before_it_saved_anything_begins_afresh(compared, small_mnist, tmp_path):
    """What it had drawn and measured does not count."""
    folder = RunFolder(tmp_path / "0.0002")
    run = prepare(
        replace(SMALL, learning_rate=2e-4), Running(folder.root, "cs231n-gan", small_mnist), lambda line: None
    )
    history.append(folder.history, [Row(0, 1, d_loss=9.0, g_loss=9.0, d_real=0.5, d_fake=0.5, seconds=0.1)])
    del run
    found, _ = run_it(tmp_path, small_mnist)
    assert [len(outcome.rows) for outcome in found.outcomes] == [8, 1]
    ours, theirs = ([row.d_loss for row in each.outcomes[0].rows] for each in (found, compared[0]))
    assert ours == theirs


# What is refused, before anything is trained


@pytest.fixture
def refusal(tmp_path, small_mnist, monkeypatch, listing):
    """refusal(field, values) is the message, after it was seen that nothing was trained or written."""
    monkeypatch.setattr(comparing, "train", None)

    def message(field, values, recipe=SMALL, folder="new"):
        before = listing(tmp_path)
        with pytest.raises(UserError) as caught:
            compare_settings(
                recipe, "gan", field, values, Running(tmp_path / folder, data=small_mnist), lambda line: None
            )
        assert listing(tmp_path) == before
        return str(caught.value)

    return message


@pytest.mark.parametrize(
    "field, values, wanted",
    [
        ("lr", [1, 2], "'lr' is nothing to compare by: there is networks, "),
        ("style", ["slides", "notebook"], "'style' is nothing to compare by"),
        ("batch_size", [32], "a comparison takes two values of batch_size or more"),
        ("batch_size", [32, "64"], "batch_size is '64': it must be of the kind int"),
        ("batch_size", [32, 64, 32], "batch_size 32 would train just as batch_size 32 does: leave one of them out"),
        ("learning_rate", [1e-3, 0.001], "learning_rate 0.001 would train just as learning_rate 0.001 does"),
        ("learning_rate", [1e-3, -1.0], "learning rate -1.0: it must be a number above 0"),
        ("schedule", ["cosine", "linear"], "unknown schedule 'linear': there is constant, step, cosine"),
        ("schedule", ["constant", "step"], "the first step comes after 50 epochs (--decay-every)"),
        ("objective", ["minimax", "hinge"], "unknown objective 'hinge': there is non-saturating, "),
        ("networks", ["mlp", "nosuch"], "unknown networks 'nosuch'"),
        ("batch_size", [32, 129], "a batch of 129 is more than the 128 images"),
        ("optimizer", ["adam", "rmsprop"], "beta1 0.5: rmsprop keeps no first moment, so it must be 0"),
    ],
)
def test_values_that_cannot_be_trained(refusal, field, values, wanted):
    assert wanted in refusal(field, values)


def test_runs_on_other_data_are_not_compared(compared, small_mnist, tmp_path):
    other = Path(shutil.copytree(small_mnist, tmp_path / "other"))
    for data in (other, None):
        said = rf"the run in \S+0\.0002 has --data \S+, and not {data or 'unnamed'}: name another"
        with pytest.raises(UserError, match=said):
            run_it(compared[2], data)


def test_a_late_step_is_a_control_of_its_own(tmp_path):
    """One value may be without effect; two may not."""
    recipe = replace(SMALL, schedule="step", epochs=3)
    assert [setting.value for setting in plan(recipe, "decay_every", [1, 2, 5], tmp_path)] == [1, 2, 5]
    with pytest.raises(UserError, match="decay_every 6 would train just as decay_every 5 does"):
        plan(recipe, "decay_every", [1, 5, 6], tmp_path)


def test_a_folder_for_each_value(tmp_path):
    settings = plan(SMALL, "drop_remainder", [True, False], tmp_path)
    assert [(each.value, each.folder.root) for each in settings] == [(b, tmp_path / str(b)) for b in (True, False)]
    assert [setting.recipe for setting in settings] == [replace(SMALL, drop_remainder=b) for b in (True, False)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "saved, wanted",
    [
        (dict(seed=1), "has seed 1, and not 0: name another folder with --result"),
        (dict(learning_rate=1e-3), "has learning_rate 0.001, and not 0.0002"),
        (dict(schedule="cosine", epochs=5), "has schedule cosine, and not constant"),
    ],
)
def test_another_run_in_the_folder(refusal, tmp_path, saved, wanted):
    RunFolder(tmp_path / "new" / "0.0002").create("gan", replace(SMALL, **{"learning_rate": 2e-4} | saved))
    assert wanted in refusal("learning_rate", VALUES)


def test_a_run_of_another_comparison_that_went_wrong(refusal, tmp_path, compared):
    shutil.copytree(compared[2], tmp_path / "new")
    message = refusal("learning_rate", (1e30, 1e29), replace(SMALL, seed=1))
    assert message.startswith(f"the run in {tmp_path / 'new' / '1e+30'} has seed 0, and not 1")


def test_more_epochs_go_on_with_the_same_runs(compared, small_mnist, tmp_path, monkeypatch):
    """What is only shown may be another, too."""
    shutil.copytree(compared[2], tmp_path / "new")
    begun = []
    monkeypatch.setattr(comparing, "train", lambda recipe, running, say: begun.append((recipe.epochs, running.resume)))
    run_it(tmp_path / "new", small_mnist, recipe=replace(SMALL, epochs=5, log_every=3, style="slides"))
    assert begun == [(5, "newest")]


def test_epochs_of_a_cosine_are_part_of_it(refusal, tmp_path):
    recipe = replace(SMALL, schedule="cosine")
    RunFolder(tmp_path / "new" / "0.0002").create("gan", replace(recipe, learning_rate=2e-4, epochs=5))
    assert "has epochs 5, and not 2" in refusal("learning_rate", VALUES, recipe)


def test_a_longer_run_in_the_folder(refusal, tmp_path, compared):
    """Two epochs are trained, and one is asked for."""
    shutil.copytree(compared[2], tmp_path / "new")
    assert "has more epochs than 1" in refusal("learning_rate", VALUES, replace(SMALL, epochs=1))


def test_something_else_in_the_folder(refusal, tmp_path):
    folder = RunFolder(tmp_path / "new" / "0.0002")
    folder.images.mkdir(parents=True)
    (folder.images / "mine.png").write_bytes(b"")
    assert "is no run of this comparison: name another folder" in refusal("learning_rate", VALUES)


# The table


def outcome(value, rows, recipe=SMALL, faults=()) -> Outcome:
    return Outcome(value, recipe, RunFolder(Path("nowhere")), rows, {}, faults)


def test_the_table():
    """Means over the last epoch; the speed without its first and last step."""
    early = [Row(0, step, d_loss=9.0, g_loss=9.0, d_real=9.0, d_fake=9.0, seconds=9.0) for step in (1, 2, 3, 4)]
    late = [
        Row(1, 1, d_loss=1.0, g_loss=0.5, d_real=0.25, d_fake=0.5, seconds=5.0),
        Row(1, 2, d_loss=2.0, g_loss=0.5, d_real=0.75, d_fake=0.25, seconds=0.1),
    ]
    late += [
        Row(1, 3, d_loss=3.0, g_loss=0.5, d_real=0.5, d_fake=0.0, seconds=0.3),
        Row(1, 4, d_loss=3e6, g_loss=2.5, d_real=0.5, d_fake=0.25, seconds=5.0),
    ]
    rows = outcome("a", early + late), outcome("longer", late[:2], faults=("collapse (after epoch 2)", "D wins (…)"))
    found = Comparison("gan", replace(SMALL, train_images=0), "objective", [*rows, outcome("b", [])])
    assert found.table().splitlines() == [
        "objective    d_loss   g_loss    D(x)   D(G(z))   images/s   diagnosis",
        "a           7.5e+05    1.000   0.500     0.250        160",
        "longer        1.500    0.500   0.500     0.375          –   collapse (after epoch 2); D wins (…)",
        "b                 –        –       –         –          –   not trained yet",
    ]


def test_the_table_as_a_file(tmp_path):
    found = Comparison("gan", Recipe(epochs=1), "beta1", [outcome(0.5, [])])
    found.save_table(tmp_path / "table.txt")
    assert (tmp_path / "table.txt").read_text(encoding="utf-8") == f"gan by beta1, 1 epoch\n\n{found.table()}\n"
    with pytest.raises(UserError, match="cannot write .*nowhere"):
        found.save_table(tmp_path / "nowhere" / "table.txt")


@pytest.mark.parametrize(
    "field, recipe, wanted",
    [
        ("learning_rate", Recipe(epochs=2, train_images=10_000), "gan by learning rate, 2 epochs on 10,000 images"),
        ("beta1", Recipe(epochs=1), "gan by beta1, 1 epoch"),
        ("train_images", Recipe(epochs=2, train_images=10_000), "gan by train images, 2 epochs"),
    ],
)
def test_the_title(field, recipe, wanted):
    assert Comparison("gan", recipe, field, []).title == wanted


@pytest.mark.parametrize(
    "seconds, wanted", [(4.4, "4 s"), (29, "29 s"), (90, "2 min"), (3599, "1 h 0 min"), (12_000, "3 h 20 min")]
)
def test_durations(seconds, wanted):
    assert comparing._duration(seconds) == wanted


def test_the_images_that_are_left_are_those_of_the_recipes_batches(small_mnist, tmp_path):
    """The last, partial batch counts where it is trained on; codes are drawn from the recipe's noise."""
    recipe = replace(SMALL, train_images=100, drop_remainder=True)
    dropped, kept = plan(recipe, "drop_remainder", [True, False], tmp_path)
    running = Running(tmp_path, data=small_mnist)
    assert [comparing._check(setting, running, [].append) for setting in (dropped, kept)] == [2 * 96, 2 * 100]
    (odd, _) = plan(replace(SMALL, noise="other"), "seed", [0, 1], tmp_path)
    with pytest.raises(UserError, match="unknown noise 'other': there is normal, uniform"):
        comparing._check(odd, running, [].append)
