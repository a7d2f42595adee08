"""What tritonclient sends, byte for byte, for a few inferences: the golden requests of `npm test`."""
import numpy as np
import tritonclient.http as triton

ROWS = np.array([[0, 0, 0, 1], [0, 0, 0, -1], [1, 2, 3, 4]], np.float32)


def infer_input(rows=ROWS, datatype="FP32", binary=True):
    tensor = triton.InferInput("observation", list(rows.shape), datatype)
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return [tensor]


def output(*names, binary=True):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


# Title: what is sent, and what of it the client is told (the title is the golden file's key).
REQUESTS = {
    "binary both ways": dict(inputs=infer_input(), outputs=output("action", "probabilities")),
    "JSON both ways": dict(inputs=infer_input(binary=False), outputs=output("action", binary=False)),
    "binary in, JSON out": dict(inputs=infer_input(), outputs=output("action", binary=False), request_id="r-1"),
    "JSON in, binary out": dict(inputs=infer_input(binary=False), outputs=output("action", "logProb")),
    "all outputs": dict(inputs=infer_input(), outputs=None),
    "doubles": dict(inputs=infer_input(ROWS.astype(np.float64), "FP64"), outputs=output("action")),
    "halves": dict(inputs=infer_input(ROWS.astype(np.float16), "FP16"), outputs=output("action")),
    "whole numbers": dict(inputs=infer_input(ROWS.astype(np.int64), "INT64"), outputs=output("action")),
    "a time limit": dict(inputs=infer_input(), outputs=output("action"), timeout=5_000_000),
}


def bodies():
    """Title -> (body, length of its JSON or None)."""
    return {title: triton.InferenceServerClient.generate_request_body(**asked) for title, asked in REQUESTS.items()}
