#include "spec_binding.h"

#include <string>

#include "base/error.h"
#include "ckks/context.h"
#include "message/client_wire.h"
#include "message/messages.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

std::string size_text(std::size_t height, std::size_t width, std::size_t channels) {
  return std::to_string(height) + "x" + std::to_string(width) + "x" + std::to_string(channels);
}

const char* head_name(Head head) {
  switch (head) {
    case Head::softmax:
      return "softmax";
    case Head::log_softmax:
      return "log_softmax";
    case Head::sigmoid:
      return "sigmoid";
    case Head::none:
      break;
  }
  return "none";
}

template <typename Value>
py::tuple tuple_of(const std::vector<Value>& values) {
  py::tuple out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = py::cast(values[i]);
  return out;
}

py::object chunks_of(const message::ClientSpec& client) {
  if (!client.chunks) return py::none();
  const Chunking& cut = client.chunks->cut;
  return py::str(std::to_string(cut.count()) + " chunks of " + std::to_string(cut.chunk().width) + "x" +
                 std::to_string(cut.chunk().height) + ", policy " + message::to_string(client.chunks->policy));
}

void put_parameters(py::dict& facts, const ckks::Parameters& parameters) {
  const double log_qp = ckks::log2_product(parameters.q) + ckks::log2_product(parameters.p);
  facts["parameters"] = ckks::describe(parameters);
  facts["log_degree"] = parameters.log_degree;
  facts["log_qp"] = log_qp;
  facts["security_bits"] = ckks::estimate_security_bits(parameters.log_degree, log_qp);
  facts["insecure"] = parameters.insecure;
}

}  // namespace

py::dict picture_facts(const Shape& input, const Preprocessing& how, std::size_t outputs, Head head) {
  py::dict facts;
  facts["channels"] = input.channels;
  facts["height"] = input.height;
  facts["width"] = input.width;
  facts["preprocessing"] = preprocessing_text(how, input);
  facts["stated"] = how.stated;
  facts["colour"] = how.colour;
  facts["mean"] = tuple_of(how.mean);
  facts["std"] = tuple_of(how.std);
  facts["range"] = py::make_tuple(how.range[0], how.range[1]);
  facts["equalise"] = how.equalise;
  facts["classes"] = tuple_of(class_labels(how.classes, outputs));
  facts["classes_stated"] = !how.classes.empty();
  facts["outputs"] = outputs;
  facts["head"] = head_name(head);
  facts["multi_label"] = is_multi_label(outputs, head);
  return facts;
}

py::dict spec_facts(const message::ClientSpec& client) {
  py::dict facts = picture_facts(client.input, client.preprocessing, client.outputs, client.head);
  facts["name"] = client.network;
  facts["program"] = message::hex_of(client.program);
  facts["mode"] = client.mode == message::Mode::packed ? "packed" : "batched";
  facts["images_per_query"] = client.images;
  facts["chunks"] = chunks_of(client);
  facts["galois_keys"] = client.keys.galois.size();
  facts["logit_error"] = client.logit_error;
  facts["fit_error"] = client.fit_error;
  facts["logit_range"] = client.logit_range;
  facts["keys_made"] = client.key != ckks::KeyId{};
  put_parameters(facts, client.parameters);
  return facts;
}

std::vector<std::vector<float>> preprocessed(const PixelArray& pictures, const Shape& input, const Preprocessing& how) {
  if (pictures.ndim() != 4)
    throw MismatchError("pictures: an array of " + std::to_string(pictures.ndim()) + " axes, expected 4");
  const auto axis = [&](int i) { return static_cast<std::size_t>(pictures.shape(i)); };
  if (Shape{axis(3), axis(1), axis(2)} != input) {
    throw MismatchError("pictures of " + size_text(axis(1), axis(2), axis(3)) + ", expected " +
                        size_text(input.height, input.width, input.channels) +
                        " (height x width x channels): resize or convert them first");
  }
  const std::size_t plane = input.height * input.width;
  std::vector<std::vector<float>> out;
  std::vector<std::uint8_t> planar(input.size());
  const std::uint8_t* from = pictures.data();
  for (std::size_t n = 0; n < axis(0); ++n, from += input.size()) {
    for (std::size_t i = 0; i < plane; ++i) {
      for (std::size_t c = 0; c < input.channels; ++c) planar[c * plane + i] = from[i * input.channels + c];
    }
    out.push_back(preprocess(planar, how));
  }
  return out;
}

void bind_spec(py::module_& module) {
  module.def(
      "spec_facts",
      [](const py::object& spec) {
        const ByteView bytes(spec, "client spec");
        return spec_facts(message::read_client_spec(bytes, "client spec"));
      },
      py::arg("client_spec"), "What a client spec says, by the names of obscura._spec.Spec.");
  module.def(
      "preprocess",
      [](const py::object& spec, const PixelArray& pictures) {
        const ByteView bytes(spec, "client spec");
        const auto client = message::read_client_spec(bytes, "client spec");
        return to_array(preprocessed(pictures, client.input, client.preprocessing), client.input.size());
      },
      py::arg("client_spec"), py::arg("pictures"),
      "uint8 pictures (count, height, width, channels) as float32 numbers (count, channels * height * width).");
}

}  // namespace obscura::python
