"""A floor: ASGI without a framework. Arguments: port, 'inline' (the network in the event loop)."""

import json
import sys

import numpy as np
import uvicorn
from mlp import Mlp

model = Mlp()


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    rows = np.array(json.loads(body)["input"], dtype=np.float32)
    answer = json.dumps({"output": model(rows).tolist()}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
