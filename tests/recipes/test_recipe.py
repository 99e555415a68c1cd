"""The numbers of the course, and what no network can be trained with."""

import dataclasses
import math

import pytest

from ms_gan.errors import UserError
from ms_gan.recipes import (
    PICTURE_CODES,
    PICTURE_SEED,
    RECIPES,
    SUMMARIES,
    Recipe,
    find_recipe,
    from_settings,
    type_to_compare,
)


def test_the_slides_numbers():
    assert dataclasses.asdict(find_recipe("gan")) == dict(
        networks="mlp",
        activation="own",
        objective="non-saturating",
        label_smoothing=0.0,
        game="gan",
        width=64,
        source="mnist",
        pattern="*",
        crop=0,
        size=28,
        channels=1,
        epochs=200,
        batch_size=128,
        drop_remainder=True,
        train_images=0,
        latent_size=100,
        noise="normal",
        optimizer="adam",
        learning_rate=0.0002,
        schedule="constant",
        decay_every=50,
        decay_factor=0.5,
        beta1=0.5,
        beta2=0.999,
        critic_steps=1,
        weight_clip=0.0,
        gradient_penalty=0.0,
        seed=0,
        style="slides",
        log_every=100,
        images_every=0,
    )
    assert (PICTURE_CODES, PICTURE_SEED) == (25, 2323)


NOTEBOOK = dict(
    networks="mlp-cs231n",
    epochs=10,
    drop_remainder=False,
    train_images=50_000,
    latent_size=96,
    noise="uniform",
    learning_rate=1e-3,
    style="notebook",
    log_every=250,
    images_every=250,
)
CRITIC = dict(networks="dcgan28", objective="wasserstein", batch_size=64, drop_remainder=True, critic_steps=5)


@pytest.mark.parametrize(
    "name, numbers",
    [
        ("cs231n-gan", {}),
        ("lsgan", dict(objective="least-squares")),
        ("dcgan-mnist", dict(networks="dcgan28", epochs=5)),
        ("wgan", CRITIC | dict(beta1=0.0, optimizer="rmsprop", learning_rate=5e-5, beta2=0.99, weight_clip=0.01)),
        ("wgan-gp", CRITIC | dict(beta1=0.0, learning_rate=1e-4, beta2=0.9, gradient_penalty=10.0)),
    ],
)
def test_the_notebooks_numbers(name, numbers):
    assert find_recipe(name) == Recipe(**(NOTEBOOK | numbers))


def test_the_numbers_of_the_faces():
    faces = dict(networks="dcgan64", source="folder", size=64, channels=3, width=64, batch_size=64, epochs=25)
    assert find_recipe("dcgan-faces") == Recipe(**faces)
    assert find_recipe("dcgan-small") == Recipe(**(faces | dict(size=32)))
    assert find_recipe("dcgan-faces").image_shape == (3, 64, 64) and find_recipe("gan").image_shape == (1, 28, 28)


@pytest.mark.parametrize("channels", [0, 2, 4, -1])
def test_grey_or_colours(channels):
    with pytest.raises(UserError, match=f"channels {channels}: it must be 1, for grey pictures, or 3, for colours"):
        Recipe(source="folder", channels=channels)


def test_every_recipe_has_a_summary():
    assert RECIPES.keys() == SUMMARIES.keys()
    assert all(SUMMARIES.values())


@pytest.mark.parametrize(
    "field", ["epochs", "batch_size", "latent_size", "critic_steps", "log_every", "width", "size", "decay_every"]
)
@pytest.mark.parametrize("value", [0, -3])
def test_at_least_one(field, value):
    with pytest.raises(UserError, match=f"{field.replace('_', ' ')} {value}: it must be a whole number of at least 1"):
        Recipe(**{field: value})
    assert getattr(Recipe(source="folder", **{field: 1}), field) == 1


@pytest.mark.parametrize("field", ["epochs", "latent_size", "log_every", "images_every"])
def test_no_number_is_without_a_bound(field):
    """What is written into recipe.json must be believed when it is read."""
    with pytest.raises(UserError, match=f"{field.replace('_', ' ')} 1000000001: it must be a whole number of at most"):
        Recipe(**{field: 10**9 + 1})
    assert getattr(Recipe(**{field: 10**9}), field) == 10**9


@pytest.mark.parametrize("field", ["train_images", "images_every", "crop"])
def test_counts_with_a_meaning_of_0(field):
    with pytest.raises(UserError, match=f"{field.replace('_', ' ')} -1: it must be a whole number of at least 0"):
        Recipe(**{field: -1})
    assert getattr(Recipe(**{field: 0}), field) == 0


@pytest.mark.parametrize("field", ["weight_clip", "gradient_penalty"])
def test_limits_of_a_critic(field):
    for value in (-0.1, math.nan, math.inf):
        with pytest.raises(UserError, match=f"{field.replace('_', ' ')} .*: it must be a number of at least 0"):
            Recipe(**{field: value})
    assert getattr(Recipe(**{field: 0.0}), field) == 0


@pytest.mark.parametrize("value", [math.nan, 0.0, -1.0, math.inf, -math.inf])
def test_learning_rates_that_train_nothing(value):
    with pytest.raises(UserError, match="learning rate .*: it must be a number above 0"):
        Recipe(learning_rate=value)


@pytest.mark.parametrize("field", ["beta1", "beta2"])
def test_betas(field):
    for value in (-0.1, 1.0, 1.5, math.nan, math.inf):
        with pytest.raises(UserError, match=f"{field} .*: it must be at least 0 and below 1"):
            Recipe(**{field: value})
    assert getattr(Recipe(**{field: 0.0}), field) == 0


@pytest.mark.parametrize("value", [0.0, -0.5, 1.5, math.nan, math.inf])
def test_decay_factors_that_are_none(value):
    with pytest.raises(UserError, match="decay factor .*: it must be above 0 and at most 1"):
        Recipe(decay_factor=value)
    assert Recipe(decay_factor=1.0).decay_factor == 1


@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan, math.inf])
def test_smoothing_that_is_none(value):
    with pytest.raises(UserError, match="label smoothing .*: it must be at least 0 and below 1"):
        Recipe(label_smoothing=value)


def test_what_runs_can_be_compared_by():
    kinds = {"learning_rate": float, "batch_size": int, "drop_remainder": bool, "schedule": str, "seed": int}
    assert {name: type_to_compare(name) for name in kinds} == kinds
    for name in ("style", "log_every", "images_every", "source", "pattern", "lr", "image_shape"):
        with pytest.raises(UserError, match=f"'{name}' is nothing to compare by: there is networks, activation, wid"):
            type_to_compare(name)


def test_seeds():
    for value in (-1, 2**32):
        with pytest.raises(UserError, match="seed .*: it must be a whole number from 0 to 4294967295"):
            Recipe(seed=value)
    assert (Recipe(seed=0).seed, Recipe(seed=2**32 - 1).seed) == (0, 2**32 - 1)


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        find_recipe("gan").epochs = 3


def test_unknown_recipe_is_named():
    with pytest.raises(UserError, match="unknown recipe 'gna': there is gan"):
        find_recipe("gna")


def test_settings_of_a_run_from_before_there_were_schedules():
    new = ("activation", "label_smoothing", "schedule", "decay_every", "decay_factor")
    settings = {name: value for name, value in dataclasses.asdict(Recipe(epochs=7)).items() if name not in new}
    assert from_settings(settings) == Recipe(epochs=7)


def test_settings_come_back():
    recipe = Recipe(epochs=7, learning_rate=1e-3, seed=5)
    settings = {"recipe": "gan", **dataclasses.asdict(recipe), "versions": {}, "of a later release": 1}
    assert from_settings(settings) == recipe
    assert from_settings({}) == Recipe()
    whole = from_settings({"learning_rate": 1})
    assert whole.learning_rate == 1.0 and type(whole.learning_rate) is float


@pytest.mark.parametrize(
    "settings",
    [{"epochs": "3"}, {"epochs": 3.0}, {"epochs": True}, {"networks": 1}, {"beta1": "x"}, {"drop_remainder": 1}],
)
def test_settings_of_another_kind(settings):
    (name,) = settings
    with pytest.raises(UserError, match=f"{name} is .*: it must be of the kind"):
        from_settings(settings)
