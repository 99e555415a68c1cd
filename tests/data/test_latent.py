import numpy as np

from ms_gan.data.latent import fixed_codes, generator_for, mixing_weights, normal, uniform


def test_generator_depends_on_seed_epoch_and_purpose_only():
    def draw(*key):
        return generator_for(*key).integers(0, 2**63, 4).tolist()

    keys = [(1, 2, "order"), (1, 3, "order"), (2, 2, "order"), (2, 1, "order"), (1, 2, "latent code")]
    assert [draw(*key) for key in keys] == [draw(*key) for key in keys]
    assert len({tuple(draw(*key)) for key in keys}) == len(keys)


def test_generator_is_the_same_in_every_process():
    # numbers from another process; the bits of PCG64 are the same in every release of NumPy
    bits = generator_for(1, 2, "order").bit_generator.random_raw(2)
    assert bits.tolist() == [1359085129545143916, 13197859604837900768]


def test_normal_codes_are_standard_normal():
    codes = normal(generator_for(0, 0, "latent code"), 2000, 100)
    assert codes.shape == (2000, 100) and codes.dtype == np.float32
    assert abs(codes.mean()) < 0.01
    assert 0.99 < codes.std() < 1.01
    assert 0.68 < (abs(codes) < 1).mean() < 0.6855  # 0.6827
    assert abs(np.corrcoef(codes[:-1].ravel(), codes[1:].ravel())[0, 1]) < 0.01


def test_uniform_codes_fill_the_range():
    codes = uniform(generator_for(0, 0, "latent code"), 2000, 96)
    assert codes.shape == (2000, 96) and codes.dtype == np.float32
    assert -1 <= codes.min() < -0.9999 and 0.9999 < codes.max() < 1
    assert abs(codes.mean()) < 0.005
    assert abs(codes.std() - 1 / np.sqrt(3)) < 0.002
    assert abs((abs(codes) < 0.5).mean() - 0.5) < 0.005


def test_mixing_weights_are_of_their_step_alone():
    weights = mixing_weights(3, 1, 7, 1000)
    assert weights.shape == (1000, 1, 1, 1) and weights.dtype == np.float32
    assert 0 <= weights.min() < 0.01 and 0.99 < weights.max() < 1 and abs(weights.mean() - 0.5) < 0.03
    assert np.array_equal(mixing_weights(3, 1, 7, 1000), weights)
    for other in ((4, 1, 7), (3, 2, 7), (3, 1, 8)):
        assert not np.array_equal(mixing_weights(*other, 1000), weights)


def test_codes_drawn_in_two_parts_are_those_drawn_at_once():
    whole = normal(generator_for(3, 1, "latent code"), 30, 7)
    rng = generator_for(3, 1, "latent code")
    assert np.array_equal(np.concatenate([normal(rng, 11, 7), normal(rng, 19, 7)]), whole)


def test_fixed_codes_are_those_of_the_slides_and_leave_numpys_state_alone():
    np.random.seed(7)
    before = np.random.random()
    np.random.seed(7)
    codes = fixed_codes(25, 100)
    assert np.random.random() == before
    np.random.seed(2323)
    assert np.array_equal(codes, np.random.normal(size=(25, 100)).astype(np.float32))
    assert codes.dtype == np.float32
    assert len(np.unique(codes, axis=0)) == 25


def test_fixed_codes_of_another_seed_differ():
    assert not np.array_equal(fixed_codes(25, 100), fixed_codes(25, 100, seed=2324))


def test_fixed_codes_of_uniform_noise():
    codes = fixed_codes(25, 96, noise="uniform")
    np.random.seed(2323)
    assert np.array_equal(codes, np.random.uniform(-1, 1, (25, 96)).astype(np.float32))
    assert -1 <= codes.min() < -0.99 and 0.99 < codes.max() <= 1
