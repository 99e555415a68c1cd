import pytest

from ms_gan.choices import Choices
from ms_gan.errors import UserError


def test_what_is_registered_is_found_and_the_rest_is_refused_by_naming_it():
    noises = Choices("noise")

    @noises.register("normal")
    def normal():
        return 1

    noises["mine"] = len
    assert noises.find("normal") is normal and noises.find("mine") is len and list(noises) == ["normal", "mine"]
    with pytest.raises(UserError, match=r"^unknown noise 'norml': there is normal, mine$"):
        noises.find("norml")
