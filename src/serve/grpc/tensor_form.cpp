#include "serve/grpc/tensor_form.h"

#include <string_view>

#include "serve/failure.h"

namespace obscura::serve::grpc_front {
namespace {

using Input = ::inference::ModelInferRequest::InferInputTensor;

Failure bad(const Input& input, const std::string& fault) {
  return {FailureCode::bad_request, "input '" + input.name().substr(0, 64) + "' " + fault};
}

std::size_t elements_of(const Input& input) {
  std::size_t count = 1;
  for (const std::int64_t extent : input.shape()) {
    if (extent < 0 || static_cast<std::uint64_t>(extent) > kMaxElements) count = kMaxElements + 1;
    count *= count > kMaxElements ? 1 : static_cast<std::size_t>(extent);
  }
  if (count > kMaxElements) {
    throw bad(input, "has a shape of more than " + std::to_string(kMaxElements) + " elements or a negative extent");
  }
  return count;
}

/// All of it but the elements.
Tensor tensor_of(const Input& input) {
  if (input.datatype() != "BYTES") {
    throw bad(input,
              "is of datatype '" + input.datatype().substr(0, 64) + "', not of BYTES: send a file of kind query");
  }
  return {input.name(), input.datatype(), {input.shape().begin(), input.shape().end()}, {}};
}

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

std::vector<Bytes> split(const Input& input, std::string_view bytes) {
  const std::size_t wanted = elements_of(input);
  std::vector<Bytes> elements;
  while (!bytes.empty()) {
    if (elements.size() == wanted) throw bad(input, "has more elements in raw_input_contents than its shape says");
    if (bytes.size() < 4 || length_at(bytes) > bytes.size() - 4) {
      throw bad(input, "ends within an element: each is its length in 4 bytes, little-endian, and then so many bytes");
    }
    const std::size_t length = length_at(bytes);
    elements.emplace_back(bytes.begin() + 4, bytes.begin() + 4 + static_cast<std::ptrdiff_t>(length));
    bytes.remove_prefix(4 + length);
  }
  if (elements.size() != wanted) throw bad(input, "has fewer elements in raw_input_contents than its shape says");
  return elements;
}

bool has_other_contents(const ::inference::InferTensorContents& contents) {
  return contents.bool_contents_size() + contents.int_contents_size() + contents.int64_contents_size() +
             contents.uint_contents_size() + contents.uint64_contents_size() + contents.fp32_contents_size() +
             contents.fp64_contents_size() >
         0;
}

}  // namespace

std::vector<Tensor> raw_inputs(const ::inference::ModelInferRequest& message) {
  if (message.raw_input_contents_size() != message.inputs_size()) {
    throw Failure(FailureCode::bad_request,
                  "raw_input_contents has " + std::to_string(message.raw_input_contents_size()) + " entries for " +
                      std::to_string(message.inputs_size()) + " inputs: it has one an input, or none");
  }
  std::vector<Tensor> inputs;
  for (int i = 0; i < message.inputs_size(); ++i) {
    const Input& input = message.inputs(i);
    if (input.has_contents()) throw bad(input, "has contents beside raw_input_contents: use one of them");
    inputs.push_back(tensor_of(input));
    inputs.back().elements = split(input, message.raw_input_contents(i));
  }
  return inputs;
}

std::vector<Tensor> bare_inputs(const ::inference::ModelInferRequest& message) {
  std::vector<Tensor> inputs;
  for (const Input& input : message.inputs()) {
    inputs.push_back(tensor_of(input));
    if (has_other_contents(input.contents())) throw bad(input, "has contents of other types than bytes_contents");
    const auto& elements = input.contents().bytes_contents();
    if (static_cast<std::size_t>(elements.size()) != elements_of(input)) {
      throw bad(input, "has another number of elements in bytes_contents than its shape says");
    }
    for (const std::string& element : elements) inputs.back().elements.emplace_back(element.begin(), element.end());
  }
  return inputs;
}

std::string raw_contents(const std::vector<Bytes>& elements) {
  std::string bytes;
  std::size_t size = 0;
  for (const Bytes& element : elements) size += 4 + element.size();
  bytes.reserve(size);
  for (const Bytes& element : elements) {
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(element.size() >> shift & 0xFF);
    bytes.append(element.begin(), element.end());
  }
  return bytes;
}

}  // namespace obscura::serve::grpc_front
