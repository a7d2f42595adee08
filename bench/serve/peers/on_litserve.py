"""LitServe, one worker. Arguments: port, 'plain' or 'batched' (up to 64 requests, 2 ms)."""

import sys

import litserve
import numpy as np
from mlp import Mlp


class Plain(litserve.LitAPI):
    def setup(self, device):
        self.model = Mlp()

    def decode_request(self, request):
        return np.array(request["input"], dtype=np.float32)

    def predict(self, rows):
        return self.model(rows)

    def encode_response(self, output):
        return {"output": output.tolist()}


class Batched(Plain):
    def batch(self, inputs):
        self.ends = np.cumsum([len(rows) for rows in inputs])[:-1]
        return np.concatenate(inputs)

    def unbatch(self, output):
        return np.split(output, self.ends)


if __name__ == "__main__":
    api = Batched(max_batch_size=64, batch_timeout=0.002) if sys.argv[2] == "batched" else Plain()
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=30)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, log_level="error", generate_client_file=False, access_log=False)
