"""Calls our server with the real tritonclient. Prints a line for each call that went wrong, then `N passed, N failed`.

    triton.py URL [GOLDEN]   with GOLDEN, writes its requests and our answers there, once the client has understood them
"""
import base64
import json
import sys
import urllib.request

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from checks import check, finish
from triton_requests import REQUESTS, ROWS, bodies, infer_input, output

url = sys.argv[1]
client = triton.InferenceServerClient(url.removeprefix("http://"))
EXPECTED = [1, 0, 1]


def refusal(call, *args, **more):
    try:
        call(*args, **more)
    except InferenceServerException as error:
        return error.message()
    return "no error"


check("live", client.is_server_live())
check("ready", client.is_server_ready())
check("model ready", client.is_model_ready("push"))
check("version ready", client.is_model_ready("push", "1"))
check("unknown model is not ready", not client.is_model_ready("nobody"))
check("server metadata", client.get_server_metadata()["name"] == "gymnura")
metadata = client.get_model_metadata("push")
check("model metadata", metadata["inputs"] == [{"name": "observation", "datatype": "FP32", "shape": [-1, 4]}])
check("versions", metadata["versions"] == ["1", "2"])

for title, asked in REQUESTS.items():
    result = client.infer("push", **asked)
    check(f"{title}: action", result.as_numpy("action").tolist() == EXPECTED)
    check(f"{title}: datatype", result.as_numpy("action").dtype == np.int32)
    check(f"{title}: id", result.get_response().get("id") == asked.get("request_id"))
    probabilities = result.as_numpy("probabilities")
    if probabilities is not None:
        check(f"{title}: probabilities", probabilities.shape == (3, 2) and np.allclose(probabilities.sum(1), 1))
        check(f"{title}: of the action", (probabilities.argmax(1) == EXPECTED).all())
    log_prob = result.as_numpy("logProb")
    if log_prob is not None:
        check(f"{title}: logProb", log_prob.shape == (3,) and (log_prob < 0).all())
check("version 1 is another policy", client.infer("push", infer_input(), model_version="1").as_numpy("action").tolist() == [0, 1, 0])

rows = np.random.default_rng(1).normal(size=(100_000, 4)).astype(np.float32)
large = client.infer("push", infer_input(rows), outputs=output("action")).as_numpy("action")
check("100,000 rows", large.shape == (100_000,) and (large == (rows[:, 3] > 0)).all())
pending = [client.async_infer("push", infer_input()) for _ in range(50)]
check("asynchronous", all(one.get_result().as_numpy("action").tolist() == EXPECTED for one in pending))

check("unknown model", "nobody" in refusal(client.infer, "nobody", infer_input()))
check("wrong name", "inputs[0].name" in refusal(client.infer, "push", [triton.InferInput("x", [1, 4], "FP32").set_data_from_numpy(rows[:1])]))
check("wrong shape", "inputs[0].shape" in refusal(client.infer, "push", infer_input(rows[:, :3].copy())))
check("not finite", "inputs[0].data[0]" in refusal(client.infer, "push", infer_input(np.full((1, 4), np.nan, np.float32))))
check("wrong output", "outputs[0].name" in refusal(client.infer, "push", infer_input(), outputs=output("nothing")))

names = lambda: sorted((entry["name"], entry["state"]) for entry in client.get_model_repository_index())
check("index", names() == [("pull", "UNAVAILABLE"), ("push", "READY"), ("push", "READY")])
client.load_model("pull")
check("load", client.is_model_ready("pull"))
check("loaded", client.infer("pull", infer_input()).as_numpy("action").tolist() == [0, 1, 0])
check("index after", ("pull", "READY") in names())
client.unload_model("pull")
check("unload", not client.is_model_ready("pull"))
check("in use", "push" in refusal(client.unload_model, "push"))
check("no such file", "nothing" in refusal(client.load_model, "nothing"))


def answer(body, json_length):
    headers = {"Content-Type": "application/octet-stream"}
    if json_length is not None:
        headers["Inference-Header-Content-Length"] = str(json_length)
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v2/models/push/infer", body, headers)) as response:
        return response.read(), response.headers.get("Inference-Header-Content-Length")


golden = {}
text = lambda data: base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()
for title, (body, json_length) in bodies().items():
    answered, answered_length = answer(body if isinstance(body, bytes) else body.encode(), json_length)
    parsed = triton.InferenceServerClient.parse_response_body(answered, header_length=answered_length and int(answered_length))
    check(f"{title}: parsed", parsed.as_numpy("action").tolist() == EXPECTED)
    golden[title] = {
        "request": text(body),
        "requestJsonLength": json_length,
        "answer": text(answered),
        "answerJsonLength": answered_length and int(answered_length),
    }
if len(sys.argv) > 2:
    with open(sys.argv[2], "w") as file:
        json.dump({"by": f"tritonclient {triton.__dict__.get('__version__', '2.73.0')}", "requests": golden}, file, indent=1)
        file.write("\n")

finish("tritonclient")
