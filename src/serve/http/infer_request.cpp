#include <charconv>
#include <span>

#include "serve/http/base64.h"
#include "serve/http/infer_form.h"
#include "serve/http/json_text.h"

namespace obscura::serve {

namespace {

using ByteView = std::span<const std::uint8_t>;

constexpr std::size_t kMostTensors = 16;
constexpr std::size_t kMostElements = 1024;
constexpr std::size_t kMostNameBytes = 256;
constexpr std::size_t kLengthBytes = 4;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Failure(FailureCode::bad_request, sentence);
}

/// A member that is a string; empty where it is missing and need not be there.
std::string text_of(const Json& object, const char* name, bool needed) {
  const auto at = object.find(name);
  if (at == object.end() && !needed) return "";
  if (at == object.end() || !at->is_string()) refuse(std::string("'") + name + "' must be a string");
  auto text = at->get<std::string>();
  if (text.size() > kMostNameBytes) refuse(std::string("'") + name + "' is longer than 256 bytes");
  return text;
}

/// An object that may be missing.
Json object_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) return Json::object();
  if (!at->is_object()) refuse(std::string("'") + name + "' must be an object");
  return *at;
}

/// An array of objects that may be missing.
std::vector<const Json*> objects_of(const Json& object, const char* name) {
  std::vector<const Json*> all;
  const auto at = object.find(name);
  if (at == object.end()) return all;
  if (!at->is_array()) refuse(std::string("'") + name + "' must be an array");
  if (at->size() > kMostTensors) refuse(std::string("'") + name + "' has more than sixteen members");
  for (const Json& one : *at) {
    if (!one.is_object()) refuse(std::string("'") + name + "' must be an array of objects");
    all.push_back(&one);
  }
  return all;
}

std::optional<bool> flag_of(const Json& parameters, const char* name) {
  const auto at = parameters.find(name);
  if (at == parameters.end()) return std::nullopt;
  if (!at->is_boolean()) refuse(std::string("the parameter '") + name + "' must be true or false");
  return at->get<bool>();
}

std::optional<std::int64_t> number_of(const Json& parameters, const char* name) {
  const auto at = parameters.find(name);
  if (at == parameters.end()) return std::nullopt;
  const bool fits = at->is_number_unsigned() ? at->get<std::uint64_t>() <= INT64_MAX : false;
  if (!fits) refuse(std::string("the parameter '") + name + "' must be a whole number that is not negative");
  return at->get<std::int64_t>();
}

std::vector<std::int64_t> shape_of(const Json& input, const std::string& name) {
  const auto at = input.find("shape");
  if (at == input.end() || !at->is_array() || at->size() > 8) refuse("input '" + name + "' has no 'shape' that can be");
  std::vector<std::int64_t> shape;
  for (const Json& one : *at) {
    if (!one.is_number_unsigned() || one.get<std::uint64_t>() > INT32_MAX) {
      refuse("input '" + name + "' has a 'shape' that is not of whole numbers");
    }
    shape.push_back(one.get<std::int64_t>());
  }
  return shape;
}

std::size_t elements_of(const Tensor& tensor) {
  std::size_t count = 1;
  for (const std::int64_t size : tensor.shape) {
    count =
        std::min(count * static_cast<std::size_t>(std::min<std::int64_t>(size, kMostElements + 1)), kMostElements + 1);
  }
  if (count > kMostElements) refuse("input '" + tensor.name + "' has more than 1024 elements");
  return count;
}

void check_count(const Tensor& tensor) {
  if (tensor.elements.size() == elements_of(tensor)) return;
  refuse("input '" + tensor.name + "' has " + std::to_string(tensor.elements.size()) +
         " elements, and another number by its shape");
}

/// Elements behind their lengths.
std::vector<Bytes> split(ByteView bytes, const std::string& name) {
  std::vector<Bytes> elements;
  while (!bytes.empty()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes && i < bytes.size(); ++i) length |= std::size_t{bytes[i]} << (8 * i);
    if (bytes.size() < kLengthBytes || length > bytes.size() - kLengthBytes) {
      refuse("input '" + name + "' ends within an element: each stands behind its length, four bytes little-endian");
    }
    if (elements.size() == kMostElements) refuse("input '" + name + "' has more than 1024 elements");
    const ByteView element = bytes.subspan(kLengthBytes, length);
    elements.emplace_back(element.begin(), element.end());
    bytes = bytes.subspan(kLengthBytes + length);
  }
  return elements;
}

/// `data`, nested or flat.
void gather(const Json& data, Tensor& tensor) {
  if (data.is_array()) {
    for (const Json& one : data) gather(one, tensor);
    return;
  }
  auto bytes = data.is_string() ? from_base64(data.get_ref<const std::string&>()) : std::nullopt;
  if (!bytes) refuse("input '" + tensor.name + "' has data that is not a string in base64");
  if (tensor.elements.size() == kMostElements) refuse("input '" + tensor.name + "' has more than 1024 elements");
  tensor.elements.push_back(std::move(*bytes));
}

void take_data(const Json& input, const Json& parameters, Tensor& tensor) {
  const auto data = input.find("data");
  if (data == input.end())
    refuse("input '" + tensor.name + "' has neither 'data' nor the parameter 'binary_data_size'");
  if (tensor.datatype != "BYTES") return;  // no model takes such a one, and the service says so
  const auto type = parameters.find("content_type");
  if (type == parameters.end() || *type != "base64") {
    refuse("input '" + tensor.name +
           "' is text, and encrypted files are not: send it by the binary tensor extension, or in base64 with the "
           "parameter 'content_type': 'base64'");
  }
  gather(*data, tensor);
  check_count(tensor);
}

/// Takes one input; `behind` is what binary tensors have left of the body.
Tensor take_input(const Json& input, ByteView& behind) {
  Tensor tensor{text_of(input, "name", true), text_of(input, "datatype", true), {}, {}};
  tensor.shape = shape_of(input, tensor.name);
  const Json parameters = object_of(input, "parameters");
  const auto size = number_of(parameters, "binary_data_size");
  if (!size) {
    take_data(input, parameters, tensor);
    return tensor;
  }
  if (input.contains("data")) refuse("input '" + tensor.name + "' has both 'data' and 'binary_data_size'");
  if (static_cast<std::uint64_t>(*size) > behind.size()) {
    refuse("input '" + tensor.name + "' has " + std::to_string(*size) + " bytes by its 'binary_data_size', and " +
           std::to_string(behind.size()) + " are left of the body");
  }
  const ByteView own = behind.first(static_cast<std::size_t>(*size));
  behind = behind.subspan(own.size());
  if (tensor.datatype != "BYTES") return tensor;
  tensor.elements = split(own, tensor.name);
  check_count(tensor);
  return tensor;
}

void take_outputs(const Json& json, InferCall& call) {
  for (const Json* output : objects_of(json, "outputs")) {
    const std::string name = text_of(*output, "name", true);
    const Json parameters = object_of(*output, "parameters");
    if (parameters.contains("classification")) {
      throw Failure(FailureCode::unsupported,
                    "only who has the key knows classes: 'classification' cannot be had here");
    }
    if (const auto binary = flag_of(parameters, "binary_data")) call.form.binary_outputs[name] = *binary;
    call.request.outputs.push_back(name);
  }
}

void take_parameters(const Json& parameters, InferCall& call) {
  if (const auto sequence = parameters.find("sequence_id");
      sequence != parameters.end() && *sequence != 0 && *sequence != "") {
    throw Failure(FailureCode::unsupported, "requests are independent here: leave out 'sequence_id'");
  }
  const auto timeout = number_of(parameters, "timeout");
  if (timeout && *timeout > 0) call.request.timeout_us = timeout;
  if (flag_of(parameters, "binary_data_output").value_or(false)) call.form.kind = InferForm::Kind::binary;
}

bool wants_bytes(const Headers& headers) {
  const auto accept = headers.get("Accept");
  return accept && accept->find("application/octet-stream") != std::string_view::npos;
}

InferCall raw_call(const Headers& headers, Bytes body) {
  InferCall call;
  call.form.kind = wants_bytes(headers) ? InferForm::Kind::raw : InferForm::Kind::binary;
  call.request.inputs.push_back({kInput, "BYTES", {1}, {std::move(body)}});
  return call;
}

}  // namespace

std::optional<std::size_t> json_bytes(const Headers& headers) {
  const auto text = headers.get(kJsonBytes);
  if (!text) return std::nullopt;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (headers.count(kJsonBytes) > 1 || text->empty() || error != std::errc() || end != text->data() + text->size()) {
    refuse(std::string(kJsonBytes) + " must be one number of bytes");
  }
  return value;
}

InferCall parse_infer(const Headers& headers, std::string model, std::string version, Bytes body) {
  const auto given = json_bytes(headers);
  InferCall call;
  if (given == std::size_t{0}) {
    call = raw_call(headers, std::move(body));
  } else {
    const std::size_t size = given.value_or(body.size());
    if (size > body.size()) refuse(std::string(kJsonBytes) + " is more than the body has");
    if (given && size > kMaxInferJson) {
      throw Failure(FailureCode::too_large, "the JSON of a request must not have more than 1 MiB");
    }
    const Json json = parse_json(ByteView(body).first(size));
    if (!json.is_object()) refuse("the request is not an object as KServe v2 has it");
    ByteView behind = ByteView(body).subspan(size);
    for (const Json* input : objects_of(json, "inputs")) call.request.inputs.push_back(take_input(*input, behind));
    if (!behind.empty()) refuse(std::to_string(behind.size()) + " bytes are left behind the last input");
    take_outputs(json, call);
    take_parameters(object_of(json, "parameters"), call);
    call.request.id = text_of(json, "id", false);
  }
  call.request.model = std::move(model);
  call.request.version = std::move(version);
  return call;
}

}  // namespace obscura::serve
