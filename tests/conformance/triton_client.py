"""A twin of tritonclient.http: the same requests, byte for byte, by http.client.

One connection is kept. JSON comes first, without spaces, its length in Inference-Header-Content-Length; then the binary
tensors, elements of type BYTES behind their lengths. No Content-Type is sent. Of an error only `error` is read.

usage: TOKEN=... triton_client.py PORT KEY_FILE QUERY_FILE ANSWER_FILE
"""
import hashlib
import http.client
import json
import os
import struct
import sys

port, key_file, query_file, answer_file = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
bearer = {"authorization": "Bearer " + os.environ["TOKEN"]}


def expect(truth, what):
    if not truth:
        sys.exit("unexpected: " + what)


def get(path):
    connection.request("GET", path, headers=bearer)
    response = connection.getresponse()
    return response.status, response.read()


def infer(query):
    tensor = struct.pack("<I", len(query)) + query
    head = json.dumps(
        {
            "id": "1",
            "inputs": [{"name": "query", "shape": [1], "datatype": "BYTES",
                        "parameters": {"binary_data_size": len(tensor)}}],
            "outputs": [{"name": "answer", "parameters": {"binary_data": True}}],
            "parameters": {"timeout": 60000000},
        },
        separators=(",", ":"),
    ).encode()
    headers = dict(bearer)
    headers["Inference-Header-Content-Length"] = str(len(head))
    connection.request("POST", "/v2/models/mnist/infer", body=head + tensor, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        return response.status, json.loads(body), None
    length = int(response.getheader("Inference-Header-Content-Length"))
    return 200, json.loads(body[:length]), body[length:]


def put(keys, name, first, last):
    headers = dict(bearer)
    headers["Content-Range"] = "bytes %d-%d/%d" % (first, last - 1, len(keys))
    connection.request("PUT", "/v2/obscura/keys/" + name, body=keys[first:last], headers=headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


# is_server_live, is_server_ready, is_model_ready, get_server_metadata, get_model_metadata
expect(get("/v2/health/live")[0] == 200, "not live")
expect(get("/v2/health/ready")[0] == 200, "not ready")
expect(get("/v2/models/mnist/ready")[0] == 200, "the model is not ready")
expect("binary_tensor_data" in json.loads(get("/v2")[1])["extensions"], "extensions")
expect(json.loads(get("/v2/models/mnist")[1])["inputs"] == [{"name": "query", "datatype": "BYTES", "shape": [1]}],
       "the model's inputs")
status, body = get("/v2/models/nothing")
expect(status == 404 and json.loads(body)["error"], "an unknown model")

query = open(query_file, "rb").read()
status, error, _ = infer(query)
expect(status == 424 and error["code"] == "keys_unknown" and error["error"], "keys are known")
keys = open(key_file, "rb").read()
name = hashlib.blake2b(keys, digest_size=32).hexdigest()
for start in range(0, len(keys), 1 << 20):
    status, reply = put(keys, name, start, min(len(keys), start + (1 << 20)))
    expect(status in (201, 202), "a piece of keys: %d %s" % (status, reply))
expect(status == 201 and reply["state"] == "ready", "the last piece of keys")

status, head, tensors = infer(query)
expect(status == 200, "infer: %d %s" % (status, head))
expect(head["model_name"] == "mnist" and head["id"] == "1", "the reply's head")
(output,) = head["outputs"]
expect((output["name"], output["datatype"], output["shape"]) == ("answer", "BYTES", [1]), "the reply's output")
expect("data" not in output and output["parameters"]["binary_data_size"] == len(tensors), "the size of the output")
(length,) = struct.unpack_from("<I", tensors)
expect(length == len(tensors) - 4, "the answer's length")
open(answer_file, "wb").write(tensors[4:])
