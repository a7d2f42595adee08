"""Calls our server as programs call TensorFlow Serving's REST API (its guide's requests, through urllib). Prints `N passed, N failed`.

    tf_serving.py URL
"""
import base64
import json
import sys
import urllib.error
import urllib.request

import numpy as np

from checks import check, finish

url = sys.argv[1] + "/v1/models/push"


def call(path, body=None):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


rows = np.random.default_rng(2).normal(size=(50, 4)).astype(np.float32)
expected = (rows[:, 3] > 0).astype(int).tolist()

status, answer = call(":predict", {"signature_name": "serving_default", "instances": rows.tolist()})
check("row format", status == 200 and [row["action"] for row in answer["predictions"]] == expected)
check("probabilities sum to 1", np.allclose(np.sum([row["probabilities"] for row in answer["predictions"]], 1), 1))
status, answer = call(":predict", {"instances": [{"observation": row} for row in rows.tolist()]})
check("named rows", [row["action"] for row in answer["predictions"]] == expected)
status, answer = call(":predict", {"instances": [{"b64": base64.b64encode(row.tobytes()).decode()} for row in rows]})
check("rows in base64", [row["action"] for row in answer["predictions"]] == expected)
status, answer = call(":predict", {"inputs": rows.tolist()})
check("column format", answer["outputs"]["action"] == expected)
status, answer = call(":predict", {"inputs": {"observation": rows.tolist()}})
check("named columns", answer["outputs"]["action"] == expected)
status, answer = call("/versions/1:predict", {"inputs": rows.tolist()})
check("another version", answer["outputs"]["action"] != expected)
status, answer = call("/labels/stable:predict", {"inputs": rows.tolist()})
check("a label", answer["outputs"]["action"] == expected)
status, answer = call(":classify", {"examples": [{"observation": row} for row in rows.tolist()]})
best = [max(result, key=lambda pair: pair[1])[0] for result in answer["results"]]
check("classify", best == [str(action) for action in expected])
status, answer = call(":regress", {"examples": [{"observation": row} for row in rows.tolist()]})
check("regress", answer["results"] == expected)
status, answer = call("")
check("status", [one["state"] for one in answer["model_version_status"]] == ["AVAILABLE", "AVAILABLE"])
status, answer = call("/metadata")
signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
check("metadata", signature["inputs"]["observation"]["dtype"] == "DT_FLOAT")
for title, path, body, wanted in [
    ("unknown version", "/versions/77:predict", {"instances": rows.tolist()}, 404),
    ("wrong width", ":predict", {"instances": [[1, 2]]}, 400),
    ("no rows", ":predict", {}, 400),
]:
    status, answer = call(path, body)
    check(title, status == wanted and list(answer) == ["error"])

finish("tf_serving")
