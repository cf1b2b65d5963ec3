#pragma once

#include <inference.pb.h>

#include "serve/failure.h"
#include "serve/service.h"

/// Between the protocol's messages and the service's types: nothing here asks a network or a service. Thread-safe.
namespace obscura::serve::grpc_front {

/// How tensors travel: an answer goes the way that its request came.
enum class Form {
  contents,  ///< in InferTensorContents.bytes_contents, bare
  raw        ///< in raw_..._contents: every element behind its length, 32 bits little-endian
};

struct ReadRequest {
  InferRequest request;
  Form form = Form::contents;
};
/// Throws Failure: bad_request for a message that contradicts itself (contents and raw contents, another number of
/// elements than the shape says, lengths that do not fit, ...), for datatypes but BYTES and for negative timeouts;
/// unsupported for parameters that ask for shared memory or for classification.
ReadRequest read_request(const ::inference::ModelInferRequest& message);

void write_reply(const InferReply& reply, Form form, ::inference::ModelInferResponse& message);
/// A request of a stream that failed.
void write_failure(const Failure& failure, const std::string& id, ::inference::ModelStreamInferResponse& message);

void write_server(::inference::ServerMetadataResponse& message);
void write_model(const ModelFacts& model, ::inference::ModelMetadataResponse& message);

}  // namespace obscura::serve::grpc_front
