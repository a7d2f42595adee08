"""Makes the golden files of the environments from the real packages.

    python -m pip install -r test/golden/envs/requirements.txt
    python test/golden/envs/make.py                         # remakes test/golden/envs
    python test/golden/envs/make.py sampled_spaces          # only the files of parts/sampled_spaces.py
    python test/golden/envs/make.py --out DIR --seed 7      # the same kinds of traces for other seeds, for the live comparison

Each module in parts/ has `files(seeds, live)`, which gives a dict from a file's name to its content; `live` asks for longer traces,
made for one comparison and not kept. Arrays are base64 of little-endian bytes (encode.py), so that no digit is lost.
The modules in test/envs/traces read and replay them.
"""

import argparse
import gzip
import importlib
import json
import pathlib
import random
import warnings

import gymnasium as gym
import numpy as np

warnings.filterwarnings("ignore")
gym.logger.min_level = 50

HERE = pathlib.Path(__file__).parent
FIXED_SEEDS = [0, 1, 42, 123456789, 2**32 - 1, 2**32, 2**53 + 1, 2**64 - 1, 2**127 + 12345, 2**128 - 1, 2**200 + 7]


def main():
    names = sorted(path.stem for path in (HERE / "parts").glob("*.py"))
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help=f"all unless named: {', '.join(names)}")
    parser.add_argument("--out", default=HERE, type=pathlib.Path)
    parser.add_argument("--seed", type=int, help="draw the seeds from this number, and make longer traces")
    options = parser.parse_args()
    live = options.seed is not None
    seeds = FIXED_SEEDS
    if live:
        draw = random.Random(options.seed)
        seeds = [draw.getrandbits(bits) for bits in (8, 20, 31, 32, 50, 60, 64, 100, 128, 256)]
    options.out.mkdir(parents=True, exist_ok=True)
    for part in options.parts or names:
        for name, content in importlib.import_module(f"parts.{part}").files(seeds, live).items():
            content = {"made_with": {"gymnasium": gym.__version__, "numpy": np.__version__}, **content}
            # No time in the header: the same input makes the same bytes.
            path = options.out / f"{name}.json.gz"
            path.write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0))
            print(f"{path} {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
