"""JSON files with a seal: every change of what they hold is noticed."""

import json

import pytest

from ms_gan.disk import sealed

CONTENT = {"seed": 3, "rate": 2e-4, "name": "猫 \udce9", "none": None, "list": [1, {"deep": True}]}


@pytest.fixture
def path(tmp_path):
    sealed.write(tmp_path / "a.json", CONTENT)
    return tmp_path / "a.json"


def test_what_was_written_comes_back(path):
    assert sealed.read(path) == sealed.read(path, unsealed=False) == CONTENT
    assert list(json.loads(path.read_text(encoding="utf-8"))) == [*CONTENT, "seal"]


def test_every_bit_counts(path):
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert sealed.read(path, unsealed=False) in (None, CONTENT)  # an escape's b may become a B
        found = sealed.read(path)
        assert found is None or {name: value for name, value in found.items() if name in CONTENT} == CONTENT


@pytest.mark.parametrize("change", [{"seed": 4}, {"more": 1}, {"seal": "0" * 64}, {"seal": 1}, {"seal": {}}])
def test_a_change_that_leaves_json(path, change):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    assert sealed.read(path) is None


def test_without_a_seal(path):
    path.write_text(json.dumps(CONTENT))
    assert sealed.read(path) == CONTENT and sealed.read(path, unsealed=False) is None


def test_layout_does_not_count(path):
    path.write_text(json.dumps(dict(reversed(json.loads(path.read_text(encoding="utf-8")).items()))))
    assert sealed.read(path) == CONTENT
