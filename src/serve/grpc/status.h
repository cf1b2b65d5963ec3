#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <utility>
#include <vector>

#include "serve/failure.h"

/// Failures as gRPC tells them: a status, and trailing metadata for machines (inference.proto). Thread-safe.
namespace obscura::serve::grpc_front {

grpc::StatusCode status_code(FailureCode code);

/// The sentence, cut where it would be longer than 1 KiB: what a client sent may stand in it, and clients limit
/// metadata.
grpc::Status status_of(const Failure& failure);

/// Names and values that metadata may hold: "obscura-code", one "obscura-..." a detail, "retry-after-ms". Details whose
/// names are not lower-case words are left out; of values, what is not printable ASCII becomes '?', and 256 bytes stay.
std::vector<std::pair<std::string, std::string>> trailers_of(const Failure& failure);

}  // namespace obscura::serve::grpc_front
