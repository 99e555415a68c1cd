import os
import unicodedata
from pathlib import Path

import pytest

from ms_gan.data.folder import find
from ms_gan.data.folder.find import ENDINGS, find_pictures
from ms_gan.disk import extra_formats
from ms_gan.errors import UserError, shown


@pytest.fixture
def tree(tmp_path):
    """tree("a/b.jpg", …) makes these files, each holding its own name."""

    def make(*names):
        for name in names:
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8", errors="surrogateescape")
        return tmp_path / "tree"

    return make


def names(folder, pattern="*"):
    return [picture.name for picture in find_pictures(folder, pattern)]


def refusal(folder, pattern="*"):
    with pytest.raises(UserError) as caught:
        find_pictures(folder, pattern)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_the_whole_tree_in_the_order_of_names(tree):
    folder = tree("b.jpg", "a/z.jpg", "a-b.jpg", "a.jpg", "C.jpg", "a/b/c.jpg", "10.jpg", "9.jpg")
    assert names(folder) == ["10.jpg", "9.jpg", "C.jpg", "a-b.jpg", "a.jpg", "a/b/c.jpg", "a/z.jpg", "b.jpg"]


def test_what_is_known_of_a_file(tree):
    folder = tree("a/b.png")
    os.utime(folder / "a" / "b.png", ns=(1, 1_700_000_000_000_000_000))
    (picture,) = find_pictures(folder, "*")
    assert picture == ("a/b.png", folder / "a" / "b.png", 7, 1_700_000_000_000_000_000)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["b.JPG", "x/a.jpg"]),
        ("*.JPG", ["b.JPG", "x/a.jpg"]),
        ("*.jp*g", ["b.JPG", "d.jpeg", "x/a.jpg"]),
        ("?.png", ["c.png"]),
        ("[ac].*", ["c.png", "x/a.jpg"]),
        ("*.txt", ["README.txt"]),
        ("*", ["b.JPG", "c.png", "d.jpeg", "x/a.jpg"]),
        ("*.*", ["b.JPG", "c.png", "d.jpeg", "x/a.jpg"]),
        ("c.png", ["c.png"]),
        ("5", ["5"]),
        ("r*", ["README.txt"]),
        ("?*", ["5", "README.txt", "Thumbs.db", "b.JPG", "c.png", "d.jpeg", "x/a.jpg"]),
    ],
)
def test_patterns(tree, pattern, expected):
    assert names(tree("x/a.jpg", "b.JPG", "c.png", "d.jpeg", "README.txt", "Thumbs.db", "5"), pattern) == expected


def test_without_an_ending_in_the_pattern_every_kind_of_picture_is_taken(tree):
    files = [f"a{ending.upper() if number % 2 else ending}" for number, ending in enumerate(ENDINGS)]
    assert sorted(names(tree(*files, "a.pdf", "ajpg", "a.jpg.txt"))) == sorted(files)


def test_what_the_endings_leave_out_is_said(tree, monkeypatch):
    monkeypatch.setattr(extra_formats.features, "check", lambda feature: False)
    monkeypatch.setattr(extra_formats.importlib.util, "find_spec", lambda name: None)
    folder = tree("1.avif", "2.AVIF", "x/3.avif", "4.jpg", "5.heic", "6", "a.txt", "b.txt")
    lines = []
    assert [picture.name for picture in find_pictures(folder, "*", lines.append)] == ["4.jpg"]
    assert lines == [
        "note: left out 7 files without a picture's ending (--pattern takes them): "
        "3 .avif (this Pillow reads no AVIF: python -m pip install --upgrade pillow), "
        '1 .heic (HEIC takes the package pillow-heif: python -m pip install -e ".[heic]"), '
        "2 .txt, 1 without an ending"
    ]
    for pattern in ("*.jpg", "4*", "*.avif"):
        find_pictures(folder, pattern, lines.append)
    assert len(lines) == 1  # the user has decided
    assert '1 .heic (HEIC takes the package pillow-heif: python -m pip install -e ".[heic]")' in refusal(
        folder, "*.png"
    )


def test_the_endings_of_what_is_read_here(tree, monkeypatch):
    monkeypatch.setattr(extra_formats.importlib.util, "find_spec", lambda name: name)
    folder = tree("1.avif", "2.HEIC", "3.heif", "4.jpg", "5.hif")
    monkeypatch.setattr(extra_formats.features, "check", lambda feature: True)
    lines = []
    found = find_pictures(folder, "*", lines.append)
    assert [picture.name for picture in found if "avif" not in picture.name] == ["2.HEIC", "3.heif", "4.jpg", "5.hif"]
    assert len(found) == (5 if "avif" in extra_formats.features.modules else 4) == 5 - len(lines)


def test_hidden_names_are_passed_over(tree):
    folder = tree("a.jpg", ".b.jpg", "._a.jpg", ".thumbnails/c.jpg", "__MACOSX/d.jpg", "x/__MACOSX/x/e.jpg")
    assert names(folder, "*.jpg") == ["a.jpg"]
    assert names(folder / ".thumbnails", "*.jpg") == ["c.jpg"]


def test_a_folder_named_like_a_picture_is_a_folder(tree):
    assert names(tree("x.jpg/y.jpg")) == ["x.jpg/y.jpg"]


@pytest.fixture
def link():
    def make(path, target):
        try:
            path.symlink_to(target)
        except OSError:
            pytest.skip("this system gives no links")

    return make


def test_links_are_followed_but_not_in_circles(tree, link, tmp_path):
    folder = tree("a/b.jpg", "c.jpg")
    link(folder / "a" / "back", folder)
    link(folder / "self.jpg", folder / "self.jpg")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "d.jpg").touch()
    link(folder / "more", elsewhere)
    link(folder / "e.jpg", elsewhere / "d.jpg")
    assert names(folder) == ["a/b.jpg", "c.jpg", "e.jpg", "more/d.jpg", "self.jpg"]


def test_a_link_that_leads_nowhere_is_found(tree, link):
    folder = tree("a.jpg")
    link(folder / "b.jpg", folder / "gone.jpg")
    assert [(picture.name, picture.size) for picture in find_pictures(folder, "*")] == [("a.jpg", 5), ("b.jpg", -1)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_opened(tree):
    folder = tree("a.jpg")
    os.mkfifo(folder / "pipe.jpg")
    assert names(folder) == ["a.jpg"]


def test_letters_with_accents_are_the_same_however_the_disk_spells_them(tree):
    decomposed = unicodedata.normalize("NFD", "é1.jpg")
    folder = tree(decomposed, "f.jpg")
    assert names(folder, "é*") == names(folder, unicodedata.normalize("NFD", "É*")) == ["é1.jpg"]
    assert names(folder) == ["f.jpg", "é1.jpg"]
    assert find_pictures(folder, "é*")[0].path.read_text(encoding="utf-8") == decomposed


def test_odd_names(tree):
    odd = ["a b.jpg", "100 %d {} [x].jpg", "猫.jpg"]
    if os.name == "posix":
        odd += ["line\nbreak.jpg", "back\\slash.jpg"]
    assert sorted(odd) == names(tree(*odd))


@pytest.mark.parametrize(
    ("name", "in_a_message"),
    [("a b%d.jpg", "a b%d.jpg"), ("猫.jpg", "猫.jpg"), ("a\nb.jpg", r"'a\nb.jpg'"), ("\udcff.jpg", r"'\udcff.jpg'")],
)
def test_a_name_takes_one_line_of_a_message(name, in_a_message):
    assert shown(name) == shown(Path(name)) == in_a_message


def test_no_folder_named():
    message = refusal(None)
    assert "--data" in message and "ms-gan data cartoon" in message and "ms-gan data faces" in message


def test_no_such_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"there is no folder {tmp_path / 'gone'}:" in refusal(Path("gone"))
    assert "there is no folder" in refusal(tmp_path / "a\nb")


def test_a_file_in_place_of_the_folder(tree):
    folder = tree("faces.zip")
    assert refusal(folder / "faces.zip").startswith(f"{folder / 'faces.zip'} is a file")


def test_an_empty_folder(tmp_path):
    (tmp_path / "x").mkdir()
    message = refusal(tmp_path)
    assert str(tmp_path) in message and "no files at all" in message


def test_a_pattern_that_matches_nothing_tells_what_there_is(tree):
    folder = tree("1.png", "2.PNG", "x/3.png", "b.txt", "c.txt", "README", "d.pdf")
    message = refusal(folder, "*.jpg")
    assert str(folder) in message and "*.jpg" in message and "--pattern" in message
    assert "there are 3 .png, 2 .txt, 1 without an ending:" in message


@pytest.mark.parametrize("pattern", ["x/*.jpg", "**/*.jpg", "x\\*.jpg"])
def test_a_pattern_of_folders_is_refused(tree, pattern):
    message = refusal(tree("x/a.jpg"), pattern)
    assert pattern in message and "--data" in message


def test_a_folder_that_may_not_be_read_is_named(tree, monkeypatch):
    folder = tree("a.jpg", "x/b.jpg")
    scan = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("x"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(find.os, "scandir", scandir)  # mode bits do not stop an administrator
    assert refusal(folder).startswith(f"cannot read {folder / 'x'} (Permission denied)")
