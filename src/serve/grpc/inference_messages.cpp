#include "serve/grpc/inference_messages.h"

#include <limits>

#include "base/version.h"
#include "serve/grpc/status.h"
#include "serve/grpc/tensor_form.h"

namespace obscura::serve::grpc_front {
namespace {

using Parameters = google::protobuf::Map<std::string, ::inference::InferParameter>;

constexpr std::size_t kMaxId = 256;

Failure bad(const std::string& sentence) {
  return {FailureCode::bad_request, sentence};
}

/// What encrypted values cannot do is refused, rather than answered with something else.
void check_parameters(const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (name == "classification") {
      throw Failure(FailureCode::unsupported,
                    "the answer is encrypted, and only its owner can tell classes: ask without 'classification'");
    }
    if (name.starts_with("shared_memory")) {
      throw Failure(FailureCode::unsupported, "shared memory is not offered here: send tensors in the request");
    }
  }
}

std::optional<std::int64_t> timeout_of(const Parameters& parameters) {
  const auto found = parameters.find("timeout");
  if (found == parameters.end()) return std::nullopt;
  const auto& value = found->second;
  std::int64_t microseconds = -1;
  if (value.parameter_choice_case() == ::inference::InferParameter::kInt64Param) {
    microseconds = value.int64_param();
  } else if (value.parameter_choice_case() == ::inference::InferParameter::kUint64Param &&
             value.uint64_param() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    microseconds = static_cast<std::int64_t>(value.uint64_param());
  }
  if (microseconds < 0) throw bad("the parameter 'timeout' is not a whole number of microseconds from 0 on");
  if (microseconds == 0) return std::nullopt;
  return microseconds;
}

}  // namespace

ReadRequest read_request(const ::inference::ModelInferRequest& message) {
  check_parameters(message.parameters());
  if (message.id().size() > kMaxId) throw bad("the request's id is longer than 256 bytes");
  ReadRequest read;
  read.form = message.raw_input_contents().empty() ? Form::contents : Form::raw;
  read.request.model = message.model_name();
  read.request.version = message.model_version();
  read.request.id = message.id();
  read.request.timeout_us = timeout_of(message.parameters());
  for (const auto& input : message.inputs()) check_parameters(input.parameters());
  read.request.inputs = read.form == Form::raw ? raw_inputs(message) : bare_inputs(message);
  for (const auto& output : message.outputs()) {
    check_parameters(output.parameters());
    read.request.outputs.push_back(output.name());
  }
  return read;
}

void write_reply(const InferReply& reply, Form form, ::inference::ModelInferResponse& message) {
  message.set_model_name(reply.model);
  message.set_model_version(reply.version);
  message.set_id(reply.id);
  for (const Tensor& tensor : reply.outputs) {
    auto& output = *message.add_outputs();
    output.set_name(tensor.name);
    output.set_datatype(tensor.datatype);
    output.mutable_shape()->Assign(tensor.shape.begin(), tensor.shape.end());
    if (form == Form::raw) {
      *message.add_raw_output_contents() = raw_contents(tensor.elements);
      continue;
    }
    for (const Bytes& element : tensor.elements) {
      output.mutable_contents()->add_bytes_contents(element.data(), element.size());
    }
  }
}

void write_failure(const Failure& failure, const std::string& id, ::inference::ModelStreamInferResponse& message) {
  message.set_error_message(status_of(failure).error_message());
  auto& response = *message.mutable_infer_response();
  response.set_id(id);
  for (const auto& [name, value] : trailers_of(failure)) {
    (*response.mutable_parameters())[name].set_string_param(value);
  }
}

void write_server(::inference::ServerMetadataResponse& message) {
  message.set_name("obscura");
  message.set_version(kVersion);
  for (const char* name : {"binary_tensor_data", "obscura_keys_v1", "obscura_search_v1"}) message.add_extensions(name);
}

void write_model(const ModelFacts& model, ::inference::ModelMetadataResponse& message) {
  message.set_name(model.name);
  message.add_versions(model.version);
  message.set_platform(kPlatform);
  const auto describe = [](const char* name, auto& tensor) {
    tensor.set_name(name);
    tensor.set_datatype("BYTES");
    tensor.add_shape(1);
  };
  describe(kInput, *message.add_inputs());
  describe(kOutput, *message.add_outputs());
  auto& properties = *message.mutable_properties();
  properties["network"] = model.network;
  properties["client_spec"] = model.spec_hash;
  properties["client_spec_url"] = "/v2/obscura/specs/" + model.spec_hash;
  properties["images_per_query"] = std::to_string(model.images);
  properties["max_query_bytes"] = std::to_string(model.max_query_bytes);
  properties["key_bytes"] = std::to_string(model.key_bytes);
  properties["gallery"] = model.gallery;
}

}  // namespace obscura::serve::grpc_front
