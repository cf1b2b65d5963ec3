#pragma once

#include <inference.pb.h>

#include <string>
#include <vector>

#include "serve/service.h"

/// The elements of tensors of type BYTES in the protocol's two forms. Thread-safe.
namespace obscura::serve::grpc_front {

/// No tensor of Obscura has more.
inline constexpr std::size_t kMaxElements = 1024;

/// Inputs whose elements stand in raw_input_contents, those that stand in `contents`. Throw Failure, bad_request.
std::vector<Tensor> raw_inputs(const ::inference::ModelInferRequest& message);
std::vector<Tensor> bare_inputs(const ::inference::ModelInferRequest& message);

/// Each element behind its length.
std::string raw_contents(const std::vector<Bytes>& elements);

}  // namespace obscura::serve::grpc_front
