"""Reads a policy file and its run with the reference implementations and compares: python compare.py FOLDER"""
import json
import pathlib
import sys

import numpy as np
from safetensors import safe_open
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

passed = failed = 0


def check(title, holds, detail=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {title} {detail}")


def mlp(tensors, prefix, activation, x):
    layers = sorted({int(name.split(".")[1]) for name in tensors if name.startswith(prefix + ".")})
    for layer in layers:
        x = x @ tensors[f"{prefix}.{layer}.weight"].T + tensors[f"{prefix}.{layer}.bias"]
        if layer != layers[-1]:
            x = np.tanh(x) if activation == "tanh" else np.maximum(x, 0)
    return x


def compare_policy(run):
    with safe_open(run / "policy.safetensors", framework="np") as file:
        policy = json.loads(file.metadata()["gymnura"])
        tensors = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}
    answers = {name: np.array(values) for name, values in json.loads((run / "answers.json").read_text()).items()}
    inputs = policy["network"]["actor"]["sizes"][0]
    x = answers["observations"].reshape(-1, inputs)
    if normalizer := policy["normalizer"]:
        mean, variance = np.array(normalizer["mean"]), np.array(normalizer["variance"])
        x = np.clip((x - mean) / np.sqrt(variance + normalizer["epsilon"]), -normalizer["clip"], normalizer["clip"])
    logits = mlp(tensors, "actor", policy["network"]["actor"]["activation"], x)
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    values = mlp(tensors, "critic", policy["network"]["critic"]["activation"], x)[:, 0]
    given = answers["probabilities"].reshape(probabilities.shape)
    # Where the two best probabilities are closer than float32 tells apart, either action is right.
    ordered = np.sort(probabilities, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 1e-5
    check(f"{run.name}: actions", np.array_equal(probabilities.argmax(axis=1)[clear], answers["actions"][clear]))
    check(f"{run.name}: nearly all actions are clear", clear.mean() > 0.99, f"{clear.mean()}")
    check(f"{run.name}: probabilities", np.allclose(given, probabilities, atol=1e-5), f"{np.abs(given - probabilities).max()}")
    check(f"{run.name}: values", np.allclose(answers["values"], values, rtol=1e-5, atol=1e-5), f"{np.abs(answers['values'] - values).max()}")
    check(f"{run.name}: normaliser is in the file where it was used", bool(normalizer) == (run.name == "normalised"))


def compare_log(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    expected = {(row["time/total_timesteps"], tag): np.float32(value) for row in rows for tag, value in row.items()}
    read = {}
    for path in run.glob("events.out.tfevents.*"):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                scalar = value.tensor.float_val[0] if value.HasField("tensor") else value.simple_value
                read[(event.step, value.tag)] = np.float32(scalar)
    check(f"{run.name}: TensorBoard reads every scalar of metrics.jsonl", read == expected and len(rows) > 1, f"{len(read)} of {len(expected)}")


if __name__ == "__main__":
    for name in ["plain", "normalised"]:
        run = pathlib.Path(sys.argv[1]) / name
        compare_policy(run)
        compare_log(run)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
