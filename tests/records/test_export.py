"""Generators as ONNX files, held against another program that runs them."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from ms_gan.networks import build
from ms_gan.networks.fast import fast
from ms_gan.records.export import export_onnx

pytestmark = pytest.mark.usefixtures("cpu")

PAIRS = {
    "mlp": (),
    "mlp-cs231n": (),
    "dcgan28": (),
    "dcgan64": ((1, 32, 32), 4),
    "dcgan64, in colours": ((3, 48, 48), 4),
}


@pytest.mark.parametrize("name", PAIRS)
def test_onnx_runtime_draws_the_same(name, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    ms.set_seed(0)
    generator, _ = build(name.split(",")[0], 5, *PAIRS[name])
    rng = np.random.default_rng(0)
    for p in generator.get_parameters():  # away from ones and zeros, so that a mix-up shows
        value = p.asnumpy() * np.exp(0.3 * rng.standard_normal(p.shape)) + 0.01 * rng.standard_normal(p.shape)
        larger = 10 if name.startswith("dcgan64") and len(p.shape) == 4 else 1  # else its pictures are grey
        p.set_data(Tensor((larger * value).astype(np.float32)))
    codes = rng.standard_normal((3, 5), dtype=np.float32)
    wanted = fast(generator).set_train(False)(Tensor(codes)).asnumpy()
    generator.set_train(True)
    path = tmp_path / "generator.onnx"
    for _ in range(2):  # it can be exported again
        export_onnx(generator, path, latent_size=5, count=3)
        session = onnxruntime.InferenceSession(path)
        assert [(field.name, field.shape) for field in session.get_inputs()] == [("latent_code", [3, 5])]
        (images,) = session.run(None, {"latent_code": codes})
        assert wanted.std() > 0.02 and np.ptp(wanted, axis=0).max() > 0.02
        np.testing.assert_allclose(images, wanted, rtol=0, atol=2e-4)  # MindSpore's Tanh is off by a part of that
    assert generator.training and generator.model.training


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError):
        export_onnx(build("mlp-cs231n", 3)[0], tmp_path / "missing" / "generator.onnx", latent_size=3)
