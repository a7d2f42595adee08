"""
MLServer. Arguments: port, and 'plain' (a worker process), 'batched' (the same, up to 64 inputs, 2 ms), or 'in-process' (no worker, the
same batches). Its settings go to the working folder, which is the benchmark's.
"""

import json
import os
import sys

import numpy as np
from mlp import Mlp
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Model(MLModel):
    async def load(self):
        self.model = Mlp()
        return True

    async def predict(self, payload):
        rows = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        output = NumpyCodec.encode_output("output", self.model(rows.astype(np.float32)))
        return InferenceResponse(model_name=self.name, outputs=[output])


if __name__ == "__main__":
    port, variant = int(sys.argv[1]), sys.argv[2]
    batching = {} if variant == "plain" else {"max_batch_size": 64, "max_batch_time": 0.002}
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": port + 1,
        "metrics_port": port + 2,
        "debug": False,
        "parallel_workers": 0 if variant == "in-process" else 1,
    }
    with open("settings.json", "w") as file:
        json.dump(settings, file)
    with open("model-settings.json", "w") as file:
        json.dump({"name": "mlp", "implementation": "on_mlserver.Model", **batching}, file)
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    os.execv(os.path.join(os.path.dirname(sys.executable), "mlserver"), ["mlserver", "start", "."])
