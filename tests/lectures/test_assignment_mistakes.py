"""Every mistake that the assignment's check knows: a wrong answer that makes it, and the name it is given."""

import re
from pathlib import Path

import pytest

SOLUTION = (Path(__file__).parents[2] / "lectures" / "assignment" / "solution.py").read_text(encoding="utf-8")

DISCRIMINATORS = ("discriminator", "build_dc_classifier")
GENERATORS = ("generator", "build_dc_generator")
G_LOSSES = ("generator_loss", "ls_generator_loss")


def wrong(names, mistake: str, *changes) -> list:
    """Cases: in the solution's functions of these names, words are replaced, or a whole body by another."""
    names = (names,) if isinstance(names, str) else names
    return [pytest.param(name, changes, (mistake,), id=f"{name}-{mistake}") for name in names]


def dense_without_bias(*changes):
    inner = "    def dense(a, b):\n        return nn.Dense(a, b, has_bias=False)\n\n    return nn.Seq"
    return ("nn.Dense(", "dense("), ("    return nn.Seq", inner), *changes


NOISE = [
    *wrong("sample_noise", "noise on [0, 1]: stretch it to [−1, 1]", ("2 * ", ""), (" - 1", "")),
    *wrong("sample_noise", "normal noise: the notebook's is uniform", "return ops.randn(batch_size, dim)"),
    *wrong(
        "sample_noise",
        "the same noise every call: set no seed inside the function",
        "import mindspore as ms\n    ms.set_seed(7)\n    return 2 * ops.rand(batch_size, dim) - 1",
    ),
    *wrong(
        "sample_noise",
        "the same noise in every row: each picture needs its own",
        "return 2 * ops.rand(1, dim) - 1 + ops.zeros((batch_size, 1))",
    ),
    *wrong(
        "sample_noise",
        "whole numbers: the noise is any number from −1 to 1",
        "return ops.sign(ops.randn(batch_size, dim))",
    ),
    *wrong("sample_noise", "the batch comes first: batch_size×dim", ("batch_size, dim", "dim, batch_size")),
    *wrong(
        "sample_noise",
        "wrong type: the networks compute in float32",
        "return (2 * ops.rand(batch_size, dim) - 1).astype('float64')",
    ),
    *wrong(
        ("sample_noise", "bce_loss"),
        "the answer leaves MindSpore (asnumpy, float …): no gradient can flow back",
        "return ops.ones((3, 3)).asnumpy()",
    ),
    *wrong(("sample_noise", "ls_generator_loss"), "nothing is returned: is there a return?", "unused = 1"),
]

OF_DISCRIMINATORS = [
    *wrong(
        DISCRIMINATORS,
        "wrong α of LeakyReLU: 0.2, MindSpore's own, instead of 0.01",
        ("nn.LeakyReLU(alpha=0.01)", "nn.LeakyReLU()"),
    ),
    *wrong(DISCRIMINATORS, "wrong α of LeakyReLU: 0.1 instead of 0.01", ("0.01", "0.1")),
    *wrong(DISCRIMINATORS, "ReLU instead of LeakyReLU(0.01)", ("nn.LeakyReLU(alpha=0.01)", "nn.ReLU()")),
    *wrong(DISCRIMINATORS, "no activation between the layers", ("nn.LeakyReLU(alpha=0.01),", "")),
    *wrong(
        DISCRIMINATORS,
        "a Sigmoid too many, at the end: D gives scores; the losses do the rest",
        (", 1),", ", 1), nn.Sigmoid(),"),
    ),
    *wrong(DISCRIMINATORS, "a Tanh too many, at the end: a score may be any number", (", 1),", ", 1), nn.Tanh(),")),
    *wrong(
        DISCRIMINATORS,
        "a LeakyReLU too many, at the end: the scores are what the last Dense gives",
        (", 1),", ", 1), nn.LeakyReLU(alpha=0.01),"),
    ),
    *wrong(DISCRIMINATORS, "missing nn.Flatten: nn.Dense takes N×features, not N×C×H×W", ("nn.Flatten(),", "")),
    *wrong(DISCRIMINATORS, "missing bias: nn.Dense needs has_bias=True", *dense_without_bias()),
    *wrong(
        "discriminator",
        "missing bias: the layer of 256 → 256 needs has_bias=True",
        ("256, 256)", "256, 256, has_bias=False)"),
    ),
    *wrong(
        "build_dc_classifier",
        'wrong padding: nn.Conv2d pads unless it is given pad_mode="valid", as the notebook has it',
        ('pad_mode="valid", ', ""),
    ),
    *wrong(
        "build_dc_classifier",
        'wrong padding: nn.Conv2d pads unless it is given pad_mode="valid", as the notebook has it',
        ('pad_mode="valid", ', ""),
        ("nn.Dense(4 * 4 * 64, 4 * 4 * 64)", "nn.Dense(7 * 7 * 64, 4 * 4 * 64)"),
    ),
    *wrong(
        "build_dc_classifier",
        "wrong stride: nn.MaxPool2d moves by 1 unless it is given stride=2 beside kernel_size=2",
        (", stride=2", ""),
    ),
    *wrong(
        "build_dc_classifier",
        "wrong stride: nn.MaxPool2d moves by 1 unless it is given stride=2 beside kernel_size=2",
        (", stride=2", ""),
        ("nn.Dense(4 * 4 * 64, 4 * 4 * 64)", "nn.Dense(18 * 18 * 64, 4 * 4 * 64)"),
    ),
    *wrong("build_dc_classifier", "missing bias: nn.Conv2d needs has_bias=True", (", has_bias=True", "")),
]

OF_GENERATORS = [
    *wrong(GENERATORS, "missing Tanh at the end: pixels lie in [−1, 1]", ("nn.Tanh(),", "")),
    *wrong(
        GENERATORS,
        "Sigmoid instead of Tanh: pixels lie in [−1, 1], not in [0, 1]",
        ("nn.Tanh()", "nn.Sigmoid()"),
    ),
    *wrong(
        GENERATORS,
        "a ReLU too many, before Tanh: half of the pixels' range is lost",
        ("nn.Tanh()", "nn.ReLU(), nn.Tanh()"),
    ),
    *wrong(GENERATORS, "LeakyReLU(0.2) instead of ReLU", ("nn.ReLU()", "nn.LeakyReLU(alpha=0.2)")),
    *wrong(GENERATORS, "LeakyReLU(0.01) instead of ReLU", ("nn.ReLU()", "nn.LeakyReLU(alpha=0.01)")),
    *wrong(GENERATORS, "no activation between the layers", ("nn.ReLU(),", "")),
    *wrong(GENERATORS, "noise_dim is ignored: the first Dense takes 96 numbers", ("noise_dim", "96")),
    *wrong(GENERATORS, "missing bias: nn.Dense needs has_bias=True", *dense_without_bias()),
    *wrong(
        "generator",
        "missing reshape at the end: pictures are N×1×28×28, not N×784",
        ("nn.Unflatten(1, (1, 28, 28)),", ""),
    ),
    *wrong(
        "build_dc_generator",
        "missing reshape before the convolutions: nn.Unflatten(1, (128, 7, 7))",
        ("nn.Unflatten(1, (128, 7, 7)),", ""),
    ),
    *wrong(
        "build_dc_generator",
        "flattened at the end: pictures are N×1×28×28, not N×784",
        ("nn.Tanh()", "nn.Tanh(), nn.Flatten()"),
    ),
    *wrong(
        "build_dc_generator",
        "batch norm before ReLU: here it comes after",
        *[
            (f"nn.ReLU(),\n        {norm},", f"{norm},\n        nn.ReLU(),")
            for norm in ("nn.BatchNorm1d(1024)", "nn.BatchNorm1d(7 * 7 * 128)", "nn.BatchNorm2d(64)")
        ],
    ),
    *wrong(
        "build_dc_generator",
        "missing batch norm: one follows each ReLU",
        *[(f"nn.BatchNorm{norm},", "") for norm in ("1d(1024)", "1d(7 * 7 * 128)", "2d(64)")],
    ),
    *wrong(
        "build_dc_generator",
        "batch norm after the reshape (128 channels): here it comes before (6,272 features)",
        ("nn.BatchNorm1d(7 * 7 * 128),", ""),
        ("nn.Unflatten(1, (128, 7, 7)),", "nn.Unflatten(1, (128, 7, 7)), nn.BatchNorm2d(128),"),
    ),
    *wrong(
        "build_dc_generator",
        'wrong padding: nn.Conv2dTranspose needs pad_mode="pad", padding=1',
        ('pad_mode="pad", padding=1', 'pad_mode="valid"'),
    ),
    *wrong("build_dc_generator", "missing bias: nn.Conv2dTranspose needs has_bias=True", (", has_bias=True", "")),
]

PROBABILITIES = "scores taken for probabilities: nn.BCELoss and log want [0, 1], a score is any number"
SATURATED = "log of a saturated sigmoid, which is exactly 1 above a score of 16.6: compute from the score"
NAIVE = "-(labels * ops.log(ops.sigmoid(scores)) + (1 - labels) * ops.log(1 - ops.sigmoid(scores))).mean()"
NO_GRADIENT = "no gradient flows back: a part is computed outside MindSpore (asnumpy, float …)"
LS_REAL, LS_FAKE = "0.5 * ((scores_real - 1) ** 2).mean()", "0.5 * (scores_fake**2).mean()"

OF_LOSSES = [
    *wrong(
        ("bce_loss", "ls_discriminator_loss", "ls_generator_loss"),
        "sum instead of mean over the batch",
        (".mean()", ".sum()"),
    ),
    *wrong(
        ("discriminator_loss", "generator_loss"),
        "sum instead of mean over the batch",
        ("bce_loss(", "len(scores_fake) * bce_loss("),
    ),
    *wrong(
        ("bce_loss", "ls_generator_loss", "ls_discriminator_loss"),
        "an array instead of a scalar: take the mean over the batch",
        (".mean()", ""),
    ),
    *wrong(
        ("bce_loss",),
        "a sigmoid too many: the loss takes the scores as they are",
        ("return", "scores = ops.sigmoid(scores)\n    return"),
    ),
    *wrong(
        G_LOSSES,
        "a sigmoid too many: the loss takes the scores as they are",
        ("return", "scores_fake = ops.sigmoid(scores_fake)\n    return"),
    ),
    *wrong(
        "discriminator_loss",
        "a sigmoid too many: the loss takes the scores as they are",
        ("bce_loss(scores_real", "bce_loss(ops.sigmoid(scores_real)"),
        ("bce_loss(scores_fake", "bce_loss(ops.sigmoid(scores_fake)"),
    ),
    *wrong(
        "ls_discriminator_loss",
        "a sigmoid too many: the loss takes the scores as they are",
        ("(scores_real", "(ops.sigmoid(scores_real)"),
        ("(scores_fake", "(ops.sigmoid(scores_fake)"),
    ),
    *wrong("bce_loss", "labels swapped: 1 is real, 0 is generated", ("labels *", "(1 - labels) *")),
    *wrong(
        "discriminator_loss",
        "labels swapped: 1 is real, 0 is generated",
        ("ones_like", "swapped"),
        ("zeros_like", "ones_like"),
        ("swapped", "zeros_like"),
    ),
    *wrong(
        "ls_discriminator_loss",
        "labels swapped: 1 is real, 0 is generated",
        ("scores_real - 1", "scores_real"),
        ("scores_fake**2", "(scores_fake - 1) ** 2"),
    ),
    *wrong("bce_loss", "wrong sign", ("return ", "return -")),
    *wrong(
        "bce_loss",
        "arguments exchanged: scores first, labels second",
        "return (ops.softplus(labels) - labels * scores).mean()",
    ),
    *wrong("bce_loss", "the part of label 0 is missing", "return (labels * ops.softplus(-scores)).mean()"),
    *wrong("bce_loss", "the part of label 1 is missing", "return ((1 - labels) * ops.softplus(scores)).mean()"),
    *wrong("bce_loss", PROBABILITIES, "return -(labels * ops.log(scores)).mean()"),
    *wrong("bce_loss", SATURATED, f"return {NAIVE}"),
    *wrong("bce_loss", SATURATED, "return nn.BCELoss()(ops.sigmoid(scores), labels)"),
    *wrong("generator_loss", SATURATED, "return -ops.log(ops.sigmoid(scores_fake)).mean()"),
    *wrong(
        "bce_loss",
        NO_GRADIENT,
        "from mindspore import Tensor\n    return Tensor((ops.softplus(scores) - labels * scores).mean().asnumpy())",
    ),
    *wrong("discriminator_loss", NO_GRADIENT, ("real + fake", "real + ops.stop_gradient(fake)")),
    *wrong(G_LOSSES, NO_GRADIENT, ("return", "scores_fake = ops.stop_gradient(scores_fake)\n    return")),
    *wrong("discriminator_loss", "halved: the two parts are added, not averaged", ("real + fake", "(real + fake) / 2")),
    *wrong("discriminator_loss", "the generated part is missing", ("real + fake", "real")),
    *wrong("discriminator_loss", "the real part is missing", ("real + fake", "fake")),
    *wrong("discriminator_loss", "the parts are subtracted: add them", ("real + fake", "real - fake")),
    *wrong("discriminator_loss", "label 1 for the generated scores too", ("zeros_like", "ones_like")),
    *wrong("discriminator_loss", "label 0 for the real scores too", ("ones_like", "zeros_like")),
    *wrong(
        "generator_loss",
        "labels swapped: G wants its pictures taken for real, label 1",
        ("ones_like", "zeros_like"),
    ),
    *wrong(
        "generator_loss",
        "the saturating loss log(1 − D(G(z))): here G minimises −log D(G(z))",
        "return -bce_loss(scores_fake, ops.zeros_like(scores_fake))",
    ),
    *wrong("ls_discriminator_loss", "missing ½: both parts have it", ("0.5 * ", "")),
    *wrong("ls_discriminator_loss", "missing ½ in the generated part", ("0.5 * (scores_fake", "(scores_fake")),
    *wrong("ls_discriminator_loss", "missing ½ in the real part", ("0.5 * ((scores_real", "((scores_real")),
    *wrong("ls_discriminator_loss", "the generated part is missing", f"return {LS_REAL}"),
    *wrong("ls_discriminator_loss", "the real part is missing", f"return {LS_FAKE}"),
    *wrong("ls_discriminator_loss", "the parts are subtracted: add them", f"return {LS_REAL} - {LS_FAKE}"),
    *wrong(
        "ls_discriminator_loss", "label 1 for the generated scores too", ("scores_fake**2", "(scores_fake - 1) ** 2")
    ),
    *wrong("ls_discriminator_loss", "label 0 for the real scores too", ("scores_real - 1", "scores_real")),
    *wrong("ls_generator_loss", "label 0: G wants the score 1", ("scores_fake - 1", "scores_fake")),
    *wrong("ls_generator_loss", "missing ½", ("0.5 * ", "")),
]

OF_OPTIMIZERS = [
    *wrong("get_optimizer", "wrong learning rate: 0.0002 instead of 0.001", ("1e-3", "2e-4")),
    *wrong("get_optimizer", "wrong learning rate: 0.01 instead of 0.001", ("1e-3", "1e-2")),
    *wrong("get_optimizer", "wrong β1: 0.9, Adam's default, instead of 0.5", ("beta1=0.5", "beta1=0.9")),
    *wrong("get_optimizer", "wrong β1: 0 instead of 0.5", ("beta1=0.5", "beta1=1e-9")),
    *wrong("get_optimizer", "wrong β2: 0.9 instead of 0.999", ("0.999", "0.9")),
    *wrong("get_optimizer", "wrong β2: 0.99 instead of 0.999", ("0.999", "0.99")),
    *wrong("get_optimizer", "β1 and β2 exchanged: 0.5 and 0.999", ("beta1=0.5, beta2=0.999", "beta1=0.999, beta2=0.5")),
    *wrong(
        "get_optimizer",
        "wrong parameters: get_parameters() has moving statistics too; take trainable_params()",
        ("trainable_params", "get_parameters"),
    ),
    *wrong(
        "get_optimizer",
        "wrong parameters: not all of the model's, or others too",
        ("model.trainable_params()", "model.trainable_params()[:1]"),
    ),
    *wrong(
        "get_optimizer",
        "wrong parameters: not those of the model that the function is given",
        ("return", "model = discriminator()\n    return"),
    ),
]

TWO_AT_ONCE = [
    pytest.param(
        "discriminator",
        (("(alpha=0.01)", "()"), (", 1),", ", 1), nn.Sigmoid(),")),
        (
            "wrong α of LeakyReLU: 0.2, MindSpore's own, instead of 0.01",
            "a Sigmoid too many, at the end: D gives scores; the losses do the rest",
        ),
    ),
    pytest.param(
        "ls_generator_loss",
        (("0.5 * ", ""), ("mean", "sum")),
        ("sum instead of mean over the batch", "missing ½"),
    ),
    pytest.param(
        "get_optimizer",
        ((", learning_rate=1e-3, beta1=0.5, beta2=0.999", ", 2e-4"),),
        ("wrong learning rate: 0.0002 instead of 0.001", "wrong β1: 0.9, Adam's default, instead of 0.5"),
    ),
]
CASES = [*NOISE, *OF_DISCRIMINATORS, *OF_GENERATORS, *OF_LOSSES, *OF_OPTIMIZERS]


def changed(name: str, changes) -> str:
    """The solution with one function changed."""
    head, body, rest = re.fullmatch(rf"(?s)(.*^def {name}\([^\n]*\n)(.*?\n)((?:\n\n\S.*)?)", SOLUTION, re.M).groups()
    for change in changes:
        if isinstance(change, str):
            body = f"    {change}\n"
        else:
            assert change[0] in body, change
            body = body.replace(*change)
    return head + body + rest


@pytest.fixture
def judged(cpu, tmp_path):
    """judged(name, text) is the status and the notes of one function of a file with this text."""

    def judge(name, text):
        from ms_gan.assignment import report
        from ms_gan.assignment.student import Student

        path = tmp_path / "answer.py"
        path.write_text(text, encoding="utf-8")
        return report.judge(Student(path), name)

    return judge


@pytest.mark.parametrize(("name", "changes", "mistakes"), [*CASES, *TWO_AT_ONCE])
def test_the_mistake_is_named(judged, name, changes, mistakes):
    status, notes = judged(name, changed(name, changes))
    assert status in ("wrong", "crashed")
    assert [note.removeprefix("mistake: ") for note in notes if note.startswith("mistake: ")] == list(mistakes)


def test_every_known_mistake_has_a_case(cpu):
    from ms_gan.assignment import noise_check, optimizer_check
    from ms_gan.assignment.losses import LOSSES
    from ms_gan.assignment.networks import NETWORKS

    known = {("sample_noise", mistake) for mistake in noise_check.MISTAKES}
    known |= {("get_optimizer", mistake.name) for mistake in optimizer_check.MISTAKES}
    known |= {(name, mistake.name) for name, loss in LOSSES.items() for mistake in loss.mistakes}
    known |= {(name, mistake.name) for name, network in NETWORKS.items() for mistake in network.missed}
    cases = {(case.values[0], mistake) for case in CASES for mistake in case.values[2]}
    assert known - cases == set()


RIGHT_ANSWERS = {
    "bce_loss": (
        "return nn.BCEWithLogitsLoss()(scores, labels)",
        "return ops.binary_cross_entropy_with_logits(scores, labels)",
        "return (ops.relu(scores) - labels * scores + ops.log1p(ops.exp(-ops.abs(scores)))).mean()",
        "return (labels * ops.softplus(-scores) + (1 - labels) * ops.softplus(scores)).mean()",
        "return (ops.softplus(scores) - labels * scores).sum() / scores.shape[0]",
    ),
    "sample_noise": (
        "return ops.uniform((batch_size, dim), ms.Tensor(-1.0), ms.Tensor(1.0))",
        "return ms.Tensor(np.random.uniform(-1, 1, (batch_size, dim)), ms.float32)",
    ),
    "ls_generator_loss": (
        "return ((scores_fake - 1) ** 2 / 2).mean()",
        "return ops.square(scores_fake - 1).mean() / 2",
    ),
}


@pytest.mark.parametrize(("name", "body"), [(name, body) for name, bodies in RIGHT_ANSWERS.items() for body in bodies])
def test_other_right_answers_are_right(judged, name, body):
    text = "import mindspore as ms\nimport numpy as np\n" + changed(name, [body])
    assert judged(name, text)[0] == "right"


def test_a_network_with_a_construct_of_its_own_is_right(judged):
    text = """
from mindspore import nn, ops


class Network(nn.Cell):
    def __init__(self):
        super().__init__()
        self.last = nn.Dense(256, 1)
        self.first = nn.Dense(784, 256)
        self.middle = nn.Dense(256, 256)

    def construct(self, x):
        x = ops.leaky_relu(self.first(x.reshape((-1, 784))), 0.01)
        return self.last(ops.leaky_relu(self.middle(x), 0.01))


def discriminator():
    return Network()
"""
    status, notes = judged("discriminator", text)
    assert status == "right"
    assert 0 <= float(re.fullmatch(r"267,009 parameters, error (\S+)", *notes)[1]) < 1e-4


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("discriminator", 267_009),
        ("generator", 1_858_320),
        ("build_dc_classifier", 1_102_721),
        ("build_dc_generator", 6_580_801),
    ],
)
def test_the_networks_have_the_notebooks_parameters(cpu, name, count):
    from ms_gan.assignment.layers import parameters
    from ms_gan.assignment.networks import NETWORKS

    assert parameters(NETWORKS[name].layers) == count


@pytest.mark.parametrize(
    ("name", "changes", "status", "notes"),
    [
        ("discriminator", [("256", "128")], "wrong", ["expected 267,009 parameters, found 117,121"]),
        (
            "generator",
            [("nn.ReLU()", "nn.Sigmoid()")],
            "wrong",
            [r"1,858,320 parameters, as expected; outputs differ .*"],
        ),
        ("discriminator", ["return 3"], "wrong", [r"expected a network \(nn.Cell\), found int"]),
        ("discriminator", ["pass"], "wrong", [r"expected a network \(nn.Cell\), found None"]),
        ("generator_loss", ["return 'low'"], "wrong", ["expected a Tensor, found str"]),
        ("generator_loss", ["return bce_loss(scores_fake, 0.5)"], "wrong", [r"expected \d.*, found \d.*"]),
        ("get_optimizer", ["return nn.Adam"], "wrong", [r"expected an optimizer \(nn.Adam\), found type"]),
        (
            "get_optimizer",
            ["return nn.SGD(model.trainable_params(), 1e-3)"],
            "wrong",
            [r"expected the steps of Adam\(0.001, 0.5, 0.999\), found others"],
        ),
        (
            "build_dc_classifier",
            [("nn.Dense(4 * 4 * 64, 1)", "nn.Dense(7, 1)")],
            "crashed",
            [
                "ValueError: For 'MatMul' .*",
                "shapes on the way: 6×32×24×24 → 6×32×12×12 → 6×64×8×8 → 6×64×4×4",
            ],
        ),
    ],
)
def test_what_is_said_of_an_unknown_mistake(judged, name, changes, status, notes):
    found = judged(name, changed(name, changes))
    assert found[0] == status and len(found[1]) == len(notes)
    for note, wanted in zip(found[1], notes, strict=True):
        assert re.fullmatch(wanted, note)
