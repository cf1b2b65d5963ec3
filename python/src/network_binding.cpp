#include "network_binding.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "compile/approximate.h"
#include "nn/classifier.h"
#include "nn/onnx_read.h"
#include "nn/reference.h"
#include "request_values.h"
#include "spec_binding.h"
#include "study/preprocessing.h"
#include "study/relu_choice.h"
#include "support/arrays.h"
#include "support/study_call.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

/// Images between two looks at whether the run was called off.
constexpr std::size_t kTogether = 64;

/// OpenCV's error handler belongs to the process: one runs at a time.
std::mutex& one_at_a_time() {
  static std::mutex mutex;
  return mutex;
}

class PyNetwork {
 public:
  explicit PyNetwork(nn::Graph graph) : graph_(std::move(graph)) {}

  static std::unique_ptr<PyNetwork> read(const std::string& path, const py::dict& values, const py::object& note) {
    const RequestValues given(values);
    const auto stated = stated_of(given);
    std::string input;
    given.into("input", input);
    return study_call({py::none(), note}, [&](const Notes& notes) {
      auto graph =
          nn::read_onnx(path, input.empty() ? Shape{0, 1, 1} : nn::parse_shape(input), study::stated_entries(stated));
      nn::check_classifier(graph);
      for (const auto& line : graph.notes) notes(line);
      study::note_unstated(graph.preprocessing, path, notes);
      return std::make_unique<PyNetwork>(std::move(graph));
    });
  }

  py::dict facts() const {
    py::dict facts =
        picture_facts(graph_.input_shape(), graph_.preprocessing, graph_.output_shape().size(), graph_.head);
    facts["name"] = graph_.name;
    facts["layers"] = graph_.nodes.size() - 1;
    facts["needs_fitting"] = compile::needs_fitting(graph_);
    facts["has_relu"] = study::has_relu(graph_);
    facts["calibrated"] = !graph_.calibration.empty();
    return facts;
  }
  py::array_t<float> preprocess(const PixelArray& pictures) const {
    return to_array(preprocessed(pictures, graph_.input_shape(), graph_.preprocessing), graph_.input_shape().size());
  }
  /// Logits of count x size numbers, which are read where they are.
  py::array_t<float> run(const FloatArray& images, const py::object& progress) const {
    const std::size_t size = graph_.input_shape().size();
    if (images.ndim() != 2 || static_cast<std::size_t>(images.shape(1)) != size) {
      throw MismatchError("images: expected count x " + std::to_string(size));
    }
    const auto count = static_cast<std::size_t>(images.shape(0));
    const std::span values(images.data(), count * size);
    std::size_t outputs = graph_.output_shape().size();
    auto logits = long_call({progress}, [&](Speaker& speaker) {
      const std::lock_guard lock(one_at_a_time());
      nn::Reference reference(graph_);
      outputs = reference.outputs();
      std::vector<float> all;
      for (std::size_t first = 0; first < count; first += kTogether) {
        speaker.check();
        const std::size_t some = std::min(kTogether, count - first);
        const auto part = reference.run(values.subspan(first * size, some * size));
        all.insert(all.end(), part.begin(), part.end());
        speaker.progress(first + some, count, "images");
      }
      return all;
    });
    py::array_t<float> out({count, outputs});
    std::copy(logits.begin(), logits.end(), out.mutable_data());
    return out;
  }

 private:
  nn::Graph graph_;
};

py::array_t<double> probabilities_of(const DoubleArray& logits, const std::string& head_name) {
  const auto rows = rows_of(logits, 0, "logits");
  const Head head = head_name == "sigmoid" ? Head::sigmoid : head_name == "none" ? Head::none : Head::softmax;
  std::vector<std::vector<double>> out;
  for (const auto& row : rows) out.push_back(class_probabilities(row, head));
  return to_array(out);
}

}  // namespace

void bind_network(py::module_& module) {
  py::class_<PyNetwork>(module, "Network", "A network in the clear. Made by obscura.compiler.Network.")
      .def(py::init(&PyNetwork::read), py::arg("path"), py::arg("stated"), py::arg("note") = py::none())
      .def("facts", &PyNetwork::facts)
      .def("preprocess", &PyNetwork::preprocess, py::arg("pictures").noconvert())
      .def("run", &PyNetwork::run, py::arg("images"), py::arg("progress") = py::none());
  module.def("probabilities", &probabilities_of, py::arg("logits"), py::arg("head"),
             "Probabilities (images, classes) of logits (images, outputs).");
}

}  // namespace obscura::python
