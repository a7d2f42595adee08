"""Ray Serve, one replica, on loopback. Arguments: port, 'plain' or 'batched' (up to 64 requests, 2 ms)."""

import sys
import threading

import numpy as np
import ray
from mlp import Mlp
from ray import serve


@serve.deployment(num_replicas=1, max_ongoing_requests=256, ray_actor_options={"num_cpus": 1})
class Plain:
    def __init__(self):
        self.model = Mlp()

    async def __call__(self, request):
        rows = np.array((await request.json())["input"], dtype=np.float32)
        return {"output": self.model(rows).tolist()}


@serve.deployment(num_replicas=1, max_ongoing_requests=256, ray_actor_options={"num_cpus": 1})
class Batched:
    def __init__(self):
        self.model = Mlp()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def together(self, inputs):
        ends = np.cumsum([len(rows) for rows in inputs])[:-1]
        return np.split(self.model(np.concatenate(inputs)), ends)

    async def __call__(self, request):
        rows = np.array((await request.json())["input"], dtype=np.float32)
        return {"output": (await self.together(rows)).tolist()}


if __name__ == "__main__":
    port, variant = int(sys.argv[1]), sys.argv[2]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    serve.run((Batched if variant == "batched" else Plain).bind(), route_prefix="/predict")
    threading.Event().wait()
