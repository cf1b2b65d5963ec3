#pragma once

#include <memory>

#include "serve/grpc/call_record.h"

namespace grpc {
class Service;
}

/// The calls of the two .proto files as gRPC's services; `shared` outlives them.
namespace obscura::serve::grpc_front {

std::unique_ptr<grpc::Service> make_inference_service(const Shared& shared);
std::unique_ptr<grpc::Service> make_keys_service(const Shared& shared);
std::unique_ptr<grpc::Service> make_search_service(const Shared& shared);
std::unique_ptr<grpc::Service> make_specs_service(const Shared& shared);

}  // namespace obscura::serve::grpc_front
