"""Where a run begins, and what it refuses to begin from or to overwrite."""

import shutil
from pathlib import Path

import pytest

from ms_gan.errors import UserError
from ms_gan.recipes import Recipe
from ms_gan.records import history
from ms_gan.records.checkpoint import Position, save
from ms_gan.records.history import Row
from ms_gan.records.run_folder import AFRESH, RunFolder
from ms_gan.runs.resume import NEWEST, Start, check_settings, find_start, take_over

pytestmark = pytest.mark.usefixtures("cpu")

STEPS = 4


@pytest.fixture
def folder(tmp_path, tiny) -> RunFolder:
    """A run of three epochs of four steps, with tiny networks."""
    run = RunFolder(tmp_path / "result")
    run.create("gan", Recipe(epochs=5))
    for epoch in range(3):
        save(run.checkpoints, Position(epoch + 1), tiny(epoch))
        history.append(
            run.history,
            [
                Row(epoch, step, d_loss=1.0, g_loss=0.5, d_real=0.5, d_fake=0.5, seconds=0.1)
                for step in range(1, STEPS + 1)
            ],
        )
        run.image(epoch, 2).write_bytes(b"inside %d" % epoch)
        run.image(epoch).write_bytes(b"after %d" % epoch)
    return run


def start_of(folder: RunFolder, resume: str | Path | None) -> tuple[Start, list[str]]:
    said = []
    return find_start(folder, None if resume is None else str(resume), said.append), said


def refusal(folder: RunFolder, resume: str | Path | None) -> str:
    before = {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")}
    with pytest.raises(UserError) as caught:
        start_of(folder, resume)
    assert {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")} == before
    return str(caught.value)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


# Where it begins


def test_afresh(tmp_path):
    assert start_of(RunFolder(tmp_path / "new"), None) == (Start(Position(0)), [])
    assert list(tmp_path.iterdir()) == []


def test_from_the_newest(folder):
    assert start_of(folder, NEWEST) == (
        Start(Position(3), folder),
        [f"going on from {folder.checkpoints / 'Generator2.ckpt'}"],
    )


def test_from_inside_an_epoch(folder, tiny):
    save(folder.checkpoints, Position(3, 2), tiny(0))
    assert start_of(folder, NEWEST)[0] == Start(Position(3, 2), folder)


@pytest.mark.parametrize("name", ["Generator2.ckpt", "Discriminator2.ckpt", "TrainState2.ckpt"])
def test_a_damaged_epoch_is_passed_over(folder, name):
    damage(folder.checkpoints / name)
    start, said = start_of(folder, NEWEST)
    assert start == Start(Position(2), folder)
    assert len(said) == 2 and said[0].startswith(f"note: {folder.checkpoints / name} is damaged")
    assert said[0].endswith("; looking for an older epoch")


def test_no_whole_epoch(folder):
    for epoch in range(3):
        damage(folder.checkpoints / f"Generator{epoch}.ckpt")
    assert "there is no finished epoch to resume" in refusal(folder, NEWEST)


def test_an_epoch_without_its_manifest_is_not_there(folder):
    (folder.checkpoints / "Epoch2.json").unlink()
    assert start_of(folder, NEWEST)[0] == Start(Position(2), folder)


def test_from_a_named_file_into_a_new_folder(folder, tmp_path):
    new = RunFolder(tmp_path / "new")
    start, said = start_of(new, folder.checkpoints / "Generator0.ckpt")
    assert start.position == Position(1) and start.source.root == folder.root.resolve()
    assert said == [f"going on from {folder.root.resolve() / 'checkpoints' / 'Generator0.ckpt'}"]
    assert not new.root.exists()


def test_the_newest_file_by_name_in_its_own_folder(folder):
    assert start_of(folder, folder.checkpoints / "Generator2.ckpt")[0].position == Position(3)


def test_the_slides_script_left_files(tmp_path, slides):
    folder = RunFolder(tmp_path)
    for epoch in (8, 10, 9):
        slides.files(folder.checkpoints, epoch)
    (folder.checkpoints / "Discriminator10.ckpt").unlink()
    assert start_of(folder, NEWEST)[0] == Start(Position(10), folder)
    new = RunFolder(tmp_path / "new")
    assert start_of(new, folder.checkpoints / "Generator8.ckpt")[0].position == Position(9)


# Runs that ended before their first save


def test_it_begins_again_by_the_same_command_or_by_resume(tmp_path):
    folder = RunFolder(tmp_path / "result")
    folder.create("gan", Recipe(), unsaved=Start(Position(0)).unsaved(folder))
    folder.image(0, 2).write_bytes(b"of a step that is not saved")
    (folder.checkpoints / "Generator0.ckpt").write_bytes(b"without a manifest")
    history.append(folder.history, [Row(0, 1, d_loss=1.0, g_loss=0.5, d_real=0.5, d_fake=0.5, seconds=0.1)])
    said = f"note: the run in {folder.root} ended before it had saved anything: it begins again"
    for resume in (None, NEWEST):
        assert start_of(folder, resume) == (Start(Position(0)), [said])
    folder.create("gan", Recipe(), unsaved=AFRESH)
    assert folder.pictures() == [] and list(folder.checkpoints.iterdir()) == []
    folder.create("gan", Recipe())
    assert "a run lies in" in refusal(folder, None)  # from then on it is as any other


def test_weights_that_were_put_there_stay(tmp_path, folder):
    """Into the folder of a run that died before its first save; and it goes on from them."""
    new = RunFolder(tmp_path / "new")
    new.create("gan", Recipe(), unsaved=AFRESH)
    for name in ("Generator1.ckpt", "Discriminator1.ckpt"):
        shutil.copy(folder.checkpoints / name, new.checkpoints / name)
    start, _ = start_of(new, new.checkpoints / "Generator1.ckpt")
    new.create("gan", Recipe(), unsaved=start.unsaved(new))
    assert sorted(path.name for path in new.checkpoints.iterdir()) == ["Discriminator1.ckpt", "Generator1.ckpt"]


def test_it_begins_again_from_the_file_it_began_from(folder, tmp_path):
    new, weights = RunFolder(tmp_path / "new"), folder.checkpoints / "Generator0.ckpt"
    begun, _ = start_of(new, weights)
    new.create("gan", Recipe(), unsaved=begun.unsaved(new))
    for resume in (weights, NEWEST):
        start, said = start_of(new, resume)
        assert (start.position, start.source.root) == (Position(1), folder.root)
        assert said == [f"going on from {weights}"]
    folder.checkpoints.rename(folder.root / "elsewhere")
    assert refusal(new, NEWEST).startswith(f"there is no checkpoint {weights}")


def test_going_on_in_its_own_folder_nothing_is_unsaved(folder):
    assert Start(Position(1), folder).unsaved(folder) is None


def test_it_goes_on_from_the_slides_files_though_it_had_begun_to_save(tmp_path, slides, tiny):
    """Going on from them, the settings are written, and of the first set all but the manifest."""
    folder = RunFolder(tmp_path)
    slides.files(folder.checkpoints, 4)
    start, _ = start_of(folder, NEWEST)
    folder.create("gan", Recipe(), unsaved=start.unsaved(folder))
    save(folder.checkpoints, Position(6), tiny(0))
    (folder.checkpoints / "Epoch5.json").unlink()
    assert start_of(folder, NEWEST)[0] == Start(Position(5), folder)
    assert "a run lies in" in refusal(folder, None)


# What it refuses


def test_a_run_in_the_way(folder):
    message = refusal(folder, None)
    assert message.startswith(f"a run lies in {folder.root} already: go on with it by --resume")
    assert message.endswith("nothing was changed")


def test_nothing_to_resume(tmp_path):
    assert "there is no finished epoch to resume" in refusal(RunFolder(tmp_path), NEWEST)


def test_later_epochs_are_not_overwritten(folder):
    message = refusal(folder, folder.checkpoints / "Generator0.ckpt")
    assert message.startswith(f"{folder.root} holds later epochs, up to Generator2.ckpt, that going on from here would")


def test_later_epochs_of_the_slides_script_are_not_overwritten(tmp_path, slides):
    """They have no manifests."""
    folder = RunFolder(tmp_path)
    for epoch in (4, 5):
        slides.files(folder.checkpoints, epoch)
    message = refusal(folder, folder.checkpoints / "Generator4.ckpt")
    assert "holds later epochs, up to Generator5.ckpt" in message


def test_another_run_in_the_way(folder, tmp_path):
    other = RunFolder(tmp_path / "other")
    other.create("gan", Recipe())
    assert f"a run lies in {other.root} already" in refusal(other, folder.checkpoints / "Generator2.ckpt")


def test_a_damaged_named_file(folder, tmp_path):
    damage(folder.checkpoints / "Discriminator1.ckpt")
    message = refusal(RunFolder(tmp_path / "new"), folder.checkpoints / "Generator1.ckpt")
    assert "Discriminator1.ckpt is damaged" in message and message.endswith("or --resume alone for the newest good one")


def test_named_files_that_will_not_do(folder, tmp_path):
    new, checkpoints = RunFolder(tmp_path / "new"), folder.checkpoints
    assert "there is no checkpoint" in refusal(new, checkpoints / "Generator7.ckpt")
    assert "there is no checkpoint" in refusal(new, checkpoints)
    assert "is a discriminator: name the Generator….ckpt" in refusal(new, checkpoints / "Discriminator1.ckpt")
    assert "must be called Generator99.ckpt or the like" in refusal(new, checkpoints / "TrainState1.ckpt")
    shutil.copyfile(checkpoints / "Generator1.ckpt", tmp_path / "best.ckpt")
    assert "must be called Generator99.ckpt or the like" in refusal(new, tmp_path / "best.ckpt")
    (checkpoints / "Discriminator1.ckpt").unlink()
    assert "Discriminator1.ckpt is missing: training goes on with both players" in refusal(
        new, checkpoints / "Generator1.ckpt"
    )


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(batch_size=64), ["--batch-size 128", "64"]),
        (dict(latent_size=10), ["--latent-size 100", "10"]),
        (dict(seed=4), ["--seed 0", "4"]),
        (dict(networks="dcgan28"), ["--networks mlp", "dcgan28"]),
        (dict(activation="tanh"), ["--activation own", "tanh"]),
        (dict(objective="ls"), ["--objective non-saturating", "ls"]),
    ],
)
def test_settings_a_run_must_keep(change, words):
    with pytest.raises(UserError, match=f"this run has {words[0]} .*cannot go on with {words[1]}"):
        check_settings(Recipe(), Recipe(**change))


def test_settings_a_run_may_change():
    assert check_settings(Recipe(), Recipe(epochs=3, learning_rate=1.0, beta1=0.9, beta2=0.9)) is None


# What is taken over


def taken(start: Start, folder: RunFolder) -> tuple[list[tuple[int, int]], list[str]]:
    said = []
    rows = take_over(folder, start, said.append)
    assert history.read(folder.history) == (rows, None)
    return [(row.epoch, row.step) for row in rows], said


def rows_until(epoch: int, step: int) -> list[tuple[int, int]]:
    return [(e, s) for e in range(3) for s in range(1, STEPS + 1) if (e, s) <= (epoch, step)]


def test_steps_that_were_not_saved_are_cut_off(folder):
    for position, last in ((Position(2, 3), (2, 3)), (Position(2), (1, STEPS)), (Position(1), (0, STEPS))):
        assert taken(Start(position, folder), folder) == (rows_until(*last), [])
    assert len(folder.pictures()) == 6  # pictures stay until they are drawn anew


def test_a_new_folder_gets_the_history_and_the_pictures(folder, tmp_path):
    before = {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}
    new = RunFolder(tmp_path / "new")
    new.create("gan", Recipe())
    assert taken(Start(Position(1, 2), folder), new) == (rows_until(1, 2), [])
    assert {path.name: path.read_bytes() for path in new.pictures()} == {
        "epoch000-step00002.png": b"inside 0",
        "epoch000.png": b"after 0",
        "epoch001-step00002.png": b"inside 1",
    }
    assert {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()} == before


def test_a_damaged_history_is_told(folder):
    text = folder.history.read_text().splitlines()
    folder.history.write_text("\n".join([*text[:3], "broken", *text[4:]]) + "\n")
    rows, said = taken(Start(Position(2), folder), folder)
    assert rows == [row for row in rows_until(1, STEPS) if row != (0, 3)]
    assert len(said) == 1 and said[0].startswith(f"note: {folder.history} is damaged in line 4; ")


def test_what_a_killed_process_left_in_the_history_is_not_told(folder):
    """It was adding the rows of epoch 3, which are made again; but not if rows that were saved are gone too."""
    text = folder.history.read_text()
    folder.history.write_text(text + "3,1,0.5\n")
    told = []
    assert len(take_over(folder, Start(Position(3), folder), told.append, STEPS)) == 3 * STEPS and told == []
    folder.history.write_text(text.replace("\n1,2,", "\n") + "3,1,0.5\n")
    assert len(take_over(folder, Start(Position(3), folder), told.append, STEPS)) == 3 * STEPS - 1
    assert len(told) == 1 and "is damaged in line 7 and 1 more; " in told[0]


def test_no_history_is_an_empty_one(folder, tmp_path):
    folder.history.unlink()
    assert taken(Start(Position(2), folder), folder) == ([], [])
    new = RunFolder(tmp_path / "new")
    new.create("gan", Recipe())
    assert taken(Start(Position(0)), new) == ([], [])
