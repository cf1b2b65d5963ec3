"""A client of the two .proto files: python3-grpcio, no code of Obscura.

usage: TOKEN=... grpc_client.py ADDRESS KEY_FILE QUERY_FILE ANSWER_PREFIX
"""
import hashlib
import os
import struct
import sys

import grpc
import inference_pb2 as oip
import inference_pb2_grpc
import obscura_pb2 as extra
import obscura_pb2_grpc

address, key_file, query_file, answer_prefix = sys.argv[1:]
keys = open(key_file, "rb").read()
query = open(query_file, "rb").read()
key_hash = hashlib.blake2b(keys, digest_size=32).hexdigest()
bearer = (("authorization", "Bearer " + os.environ["TOKEN"]),)

channel = grpc.insecure_channel(address)
stub = inference_pb2_grpc.GRPCInferenceServiceStub(channel)
key_stub = obscura_pb2_grpc.KeysStub(channel)


def expect(truth, what):
    if not truth:
        sys.exit("unexpected: " + what)


def error_of(call):
    """The status, and trailing metadata as a dictionary."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), dict(error.trailing_metadata())
    sys.exit("a call succeeded that should have failed")


def request(raw):
    message = oip.ModelInferRequest(model_name="mnist", id="41")
    tensor = message.inputs.add(name="query", datatype="BYTES", shape=[1])
    if raw:
        message.raw_input_contents.append(struct.pack("<I", len(query)) + query)
    else:
        tensor.contents.bytes_contents.append(query)
    return message


def answer(response):
    expect(response.id == "41" and response.model_name == "mnist", "the reply's head")
    expect([(o.name, o.datatype, list(o.shape)) for o in response.outputs] == [("answer", "BYTES", [1])], "outputs")
    if response.raw_output_contents:
        (length,) = struct.unpack_from("<I", response.raw_output_contents[0])
        expect(length == len(response.raw_output_contents[0]) - 4, "the answer's length")
        return response.raw_output_contents[0][4:]
    return response.outputs[0].contents.bytes_contents[0]


def chunks(start, end):
    yield extra.KeyChunk(hash=key_hash, total=len(keys))
    for offset in range(start, end, 256 << 10):
        yield extra.KeyChunk(offset=offset, data=keys[offset:min(end, offset + (256 << 10))])


def status():
    return key_stub.Status(extra.KeyRequest(hash=key_hash), metadata=bearer)


# Health, metadata
expect(stub.ServerLive(oip.ServerLiveRequest()).live, "not live")
expect(stub.ServerReady(oip.ServerReadyRequest()).ready, "not ready")
expect(stub.ModelReady(oip.ModelReadyRequest(name="mnist")).ready, "the model is not ready")
expect("obscura_keys_v1" in stub.ServerMetadata(oip.ServerMetadataRequest()).extensions, "extensions")
code, trailers = error_of(lambda: stub.ModelMetadata(oip.ModelMetadataRequest(name="mnist")))
expect(code == grpc.StatusCode.UNAUTHENTICATED and trailers["obscura-code"] == "unauthenticated", "no token, no error")
metadata = stub.ModelMetadata(oip.ModelMetadataRequest(name="mnist"), metadata=bearer)
expect(metadata.platform == "obscura_ckks", "platform")
spec = obscura_pb2_grpc.SpecsStub(channel).ClientSpec(
    extra.SpecRequest(hash=metadata.properties["client_spec"]), metadata=bearer).data
expect(hashlib.blake2b(spec, digest_size=32).hexdigest() == metadata.properties["client_spec"], "the client spec's hash")

# Services that gRPC itself defines, by their bytes
same = dict(request_serializer=bytes, response_deserializer=bytes)
health = channel.unary_unary("/grpc.health.v1.Health/Check", **same)(b"")
expect(health == b"\x08\x01", "the health service does not say SERVING")
reflection = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", **same)
names = next(reflection(iter([b"\x3a\x01*"])))
expect(b"inference.GRPCInferenceService" in names and b"obscura.v1.Keys" in names, "reflection")

# Keys are unknown, and come in two streams: the first one ends early
code, trailers = error_of(lambda: stub.ModelInfer(request(True), metadata=bearer))
expect(code == grpc.StatusCode.FAILED_PRECONDITION and trailers["obscura-code"] == "keys_unknown", "keys known")
expect(status().state == extra.KEY_STATE_ABSENT, "keys are here")
part = key_stub.Upload(chunks(0, len(keys) // 2), metadata=bearer)
expect(part.state == extra.KEY_STATE_PARTIAL and 0 < part.bytes <= len(keys) // 2, "half of the keys")
code, trailers = error_of(lambda: key_stub.Upload(chunks(len(keys) - 100, len(keys)), metadata=bearer))
expect(code == grpc.StatusCode.ABORTED and int(trailers["obscura-bytes"]) == status().bytes, "a gap was taken")
ready = key_stub.Upload(chunks(status().bytes, len(keys)), metadata=bearer)
expect(ready.state == extra.KEY_STATE_READY and "mnist" in ready.models, "all of the keys")
expect([k.hash for k in key_stub.List(extra.ListKeysRequest(), metadata=bearer).keys] == [key_hash], "the list of keys")

# Queries in both forms, and in a stream of which one fails
for raw in (True, False):
    response = stub.ModelInfer(request(raw), metadata=bearer)
    expect(bool(response.raw_output_contents) == raw, "an answer in the other form")
    open(answer_prefix + (".raw" if raw else ".contents"), "wb").write(answer(response))
wrong = request(True)
wrong.model_name = "nothing"
first, second = stub.ModelStreamInfer(iter([wrong, request(True)]), metadata=bearer)
expect(first.error_message and not second.error_message, "the stream's errors")
open(answer_prefix + ".stream", "wb").write(answer(second.infer_response))

# Deleted keys are gone
key_stub.Delete(extra.KeyRequest(hash=key_hash), metadata=bearer)
expect(status().state == extra.KEY_STATE_ABSENT, "deleted keys are here")
