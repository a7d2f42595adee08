"""What the models answer by themselves, and an ONNX model with its answers: python expect.py FOLDER"""
import importlib.util
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
folder = pathlib.Path(sys.argv[1])
random = np.random.default_rng(0)
inputs = random.normal(size=(50, 4)).astype(np.float32)


def model_of(name):
    spec = importlib.util.spec_from_file_location(name, here / "models" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Model()


def onnx_model():
    """Two layers with a tanh, of any batch size, and a second output."""
    weights = [random.normal(size=size).astype(np.float32) for size in [(4, 16), (16,), (16, 3), (3,)]]
    names = ["w0", "b0", "w1", "b1"]
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"]),
        helper.make_node("Tanh", ["h"], ["t"]),
        helper.make_node("Gemm", ["t", "w1", "b1"], ["logits"]),
        helper.make_node("ArgMax", ["logits"], ["action"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3]),
            helper.make_tensor_value_info("action", TensorProto.INT64, ["batch"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in zip(names, weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model


forest = model_of("forest").predict(inputs.astype(np.float64))
expected = {
    "inputs": inputs.tolist(),
    "forest": forest["label"].tolist(),
    "probabilities": forest["probabilities"].tolist(),
    "network": model_of("network").predict(inputs).tolist(),
}
onnx.save(onnx_model(), str(folder / "mlp.onnx"))
logits, action = onnxruntime.InferenceSession(str(folder / "mlp.onnx")).run(None, {"x": inputs})
expected |= {"logits": logits.tolist(), "action": action.tolist()}
(folder / "expected.json").write_text(json.dumps(expected))
