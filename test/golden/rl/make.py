"""Writes what the reference implementations say about policies and logs: python make.py, after training the policy beside this file.

policy.safetensors: `gymnura train CartPole-v1 --steps 4096 --seed 3` with normalizeObservations.
answers.json: its probabilities and values for 50 observations, by safetensors and NumPy in float64.
event.json: one TensorBoard event as TensorBoard's own protocol buffers and record writer put it.
"""
import io
import json
import pathlib
import sys

import numpy as np
from safetensors import safe_open
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "reference" / "rl"))
from compare import mlp  # noqa: E402

here = pathlib.Path(__file__).parent
with safe_open(here / "policy.safetensors", framework="np") as file:
    policy = json.loads(file.metadata()["gymnura"])
    tensors = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}
observations = np.random.default_rng(0).normal(0, 1.5, (50, 4)).astype(np.float32).astype(np.float64)
normalizer = policy["normalizer"]
x = (observations - np.array(normalizer["mean"])) / np.sqrt(np.array(normalizer["variance"]) + normalizer["epsilon"])
x = np.clip(x, -normalizer["clip"], normalizer["clip"])
logits = mlp(tensors, "actor", "tanh", x)
probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
probabilities /= probabilities.sum(axis=1, keepdims=True)
values = mlp(tensors, "critic", "tanh", x)[:, 0]
answers = {"observations": observations.ravel(), "probabilities": probabilities.ravel(), "values": values}
(here / "answers.json").write_text(json.dumps({name: array.tolist() for name, array in answers.items()}) + "\n")

scalars = {"rollout/ep_rew_mean": 123.5, "train/value_loss": -0.1}
summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()])
event = Event(wall_time=1700000000.25, step=300_000_000_000, summary=summary)
written = io.BytesIO()
RecordWriter(written).write(event.SerializeToString())
described = {"wallTime": event.wall_time, "step": event.step, "scalars": scalars, "record": written.getvalue().hex()}
(here / "event.json").write_text(json.dumps(described) + "\n")
