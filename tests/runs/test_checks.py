"""What a recipe names, and what does not go together, is refused before anything is made or written."""

import numpy as np
import pytest

from ms_gan.errors import UserError
from ms_gan.games import GAMES, Gan
from ms_gan.recipes import RECIPES, Recipe
from ms_gan.runs.checks import check_batches, check_recipe
from ms_gan.runs.run import Running, make_batches, prepare

SMALL = dict(latent_size=4, source="folder", networks="dcgan64", size=32, width=1)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_can_be_trained(recipe):
    check_recipe(recipe)


@pytest.mark.parametrize("field", ["game", "source", "noise", "optimizer", "schedule", "style", "objective"])
def test_a_name_that_there_is_not(field):
    with pytest.raises(UserError, match=f"unknown {field} 'other': there is "):
        check_recipe(Recipe(**{field: "other"}))


@pytest.mark.parametrize("field, value", [("pattern", "*.jpg"), ("crop", 20), ("size", 32), ("channels", 3)])
def test_mnist_is_as_it_is(field, value):
    with pytest.raises(UserError, match="MNIST's pictures are 28×28 and grey"):
        check_recipe(Recipe(**{field: value}))
    check_recipe(Recipe(source="folder", **{field: value}))


def test_a_critic_has_no_labels():
    for objective in ("non-saturating", "minimax", "least-squares"):
        check_recipe(Recipe(objective=objective, label_smoothing=0.1))
    with pytest.raises(UserError, match="label smoothing 0.1: wasserstein has no labels, so it must be 0"):
        check_recipe(Recipe(objective="wasserstein", label_smoothing=0.1))


REFUSED = {
    "label smoothing 0.1: wasserstein": dict(objective="wasserstein", label_smoothing=0.1),
    "beta1 0.5: rmsprop keeps no first moment, so it must be 0": dict(optimizer="rmsprop"),
    "unknown networks 'other': there is dcgan28": dict(networks="other"),
    "unknown activation 'other': there is own, relu": dict(activation="other"),
    "dcgan28 keeps its own": dict(networks="dcgan28", activation="tanh"),
    "dcgan64 cannot make pictures of 1×28×28": dict(networks="dcgan64"),
    "MNIST's pictures are 28×28": dict(size=32),
    "unknown noise 'other'": dict(noise="other"),
}


@pytest.mark.parametrize("said", REFUSED)
def test_it_is_refused_before_the_folder_is_made(cpu, small_mnist, tmp_path, command, said):
    words = [word for name, value in REFUSED[said].items() for word in (f"--{name.replace('_', '-')}", value)]
    done = command("train", "gan", *words, "--data", small_mnist, "--result", tmp_path / "run")
    assert done.status == 2 and said in done.err and len(done.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "images, settings", [(3, dict(batch_size=1)), (9, dict(batch_size=4, drop_remainder=False))], ids=["all", "last"]
)
def test_a_batch_of_one_image_is_refused_where_it_would_be_normalised(cpu, images, settings):
    recipe = Recipe(**settings)
    batches = make_batches(recipe, np.zeros((images, 28, 28, 1), np.uint8))
    with pytest.raises(UserError, match="a batch of one image cannot be normalised over the batch"):
        check_batches(GAMES.find("gan")(recipe), batches)
    recipe = Recipe(networks="mlp-cs231n", **settings)  # which has no batch normalisation
    check_batches(Gan(recipe), batches)


def test_that_comes_before_the_folder_too(cpu, small_mnist, tmp_path):
    with pytest.raises(UserError, match="a batch of one image"):
        prepare(Recipe(batch_size=1), Running(tmp_path / "run", data=small_mnist), [].append)
    assert not (tmp_path / "run").exists()
