"""BentoML, one worker. Arguments: port, 'plain' or 'batched' (up to 64 inputs; what it expects to take more than 1 s it refuses)."""

import os
import sys

import bentoml
import numpy as np
from mlp import Mlp


@bentoml.service(workers=1, traffic={"timeout": 30}, logging={"access": {"enabled": False}})
class Plain:
    def __init__(self):
        self.model = Mlp()

    @bentoml.api(route="/predict")
    def predict(self, input: np.ndarray) -> np.ndarray:
        return self.model(input.astype(np.float32))


@bentoml.service(workers=1, traffic={"timeout": 30}, logging={"access": {"enabled": False}})
class Batched:
    def __init__(self):
        self.model = Mlp()

    @bentoml.api(route="/predict", batchable=True, max_batch_size=64, max_latency_ms=1000)
    def predict(self, input: np.ndarray) -> np.ndarray:
        return self.model(input.astype(np.float32))


if __name__ == "__main__":
    port, variant = sys.argv[1:]
    # Its own command, as its users start it.
    command = ["-m", "bentoml", "serve", f"on_bentoml:{variant.capitalize()}", "--host", "127.0.0.1", "--port", port]
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    os.execv(sys.executable, [sys.executable, *command])
