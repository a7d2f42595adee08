"""Triton through pytriton. Arguments: port, 'batched' (2 ms)."""

import os
import sys
import sysconfig

import numpy as np
from mlp import Mlp
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

# Blocks of rows in one request must fit too.
LARGEST_BATCH = 65536

model = Mlp()


@batch
def infer(input):
    return {"output": model(input)}


if __name__ == "__main__":
    # Triton's stub must load the library of this Python, not of another one that the system has.
    library = sysconfig.get_config_var("LIBDIR")
    os.environ["LD_LIBRARY_PATH"] = ":".join(filter(None, [library, os.environ.get("LD_LIBRARY_PATH")]))
    port = int(sys.argv[1])
    config = TritonConfig(
        http_address="127.0.0.1", http_port=port, grpc_address="127.0.0.1", grpc_port=port + 1, metrics_port=port + 2, log_verbose=0
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="mlp",
            infer_func=infer,
            inputs=[Tensor(name="input", dtype=np.float32, shape=(4,))],
            outputs=[Tensor(name="output", dtype=np.float32, shape=(2,))],
            config=ModelConfig(max_batch_size=LARGEST_BATCH, batcher=DynamicBatcher(max_queue_delay_microseconds=2000)),
        )
        triton.serve()
