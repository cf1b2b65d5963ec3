#include "compile_binding.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include "base/error.h"
#include "compile/failure.h"
#include "compile/simulate.h"
#include "message/client_wire.h"
#include "program/program_wire.h"
#include "request_values.h"
#include "study/compilation.h"
#include "study/machine_speed.h"
#include "support/arrays.h"
#include "support/study_call.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

study::ReluChoice relu_of(const RequestValues& given) {
  std::string word = "fitted";
  given.into("relu", word);
  if (word == "auto") return study::ReluChoice::automatic;
  if (word == "composite") return study::ReluChoice::composite;
  if (word == "fitted") return study::ReluChoice::fitted;
  throw UsageError("relu is '" + word + "', expected fitted, composite or auto");
}

study::CompilationRequest request_of(const std::string& network, const RequestValues& given,
                                     const py::object& samples) {
  study::CompilationRequest request;
  request.network = network;
  request.options.mode = mode_of(given);
  given.into("images_per_query", request.options.images_per_ciphertext);
  given.into("share", request.options.share);
  given.into("max_keys", request.options.budget.keys);
  given.into("max_memory", request.options.budget.memory);
  given.into("windows", request.options.windows);
  request.options.relative_error = relative_error_of(given, request.options.relative_error);
  given.into("mirrored", request.mirrored);
  given.into("max_degree", request.max_degree);
  given.into("relu_bits", request.relu_bits);
  given.into("calibrate", request.calibrate);
  given.into("input", request.input);
  given.into("fit", request.fit.fit);
  given.into("invert", request.fit.invert);
  given.into("measure", request.measure);
  std::string data, save;
  given.into("data", data);
  given.into("save", save);
  request.data = data, request.save = save;
  request.relu = relu_of(given);
  request.stated = stated_of(given);
  request.policy = policy_of(given);
  if (!samples.is_none()) request.samples = rows_of(py::cast<FloatArray>(samples), 0, "calibrate");
  return request;
}

/// As `obscura compile` prints it.
std::string report_of(const study::Compilation& done) {
  const auto& program = done.program;
  std::string text = compile::report(program, done.measured);
  if (done.slowdown > 0) text += study::expected_here(program, done.slowdown);
  text += compile::failure_text(done.failure);
  return text + "images       " + preprocessing_text(done.graph.preprocessing, done.graph.input_shape()) + "\n";
}

struct Compiled {
  ckks::Bytes program, spec;
  std::string report, facts;
};

/// (server.program, client.spec, report, facts as JSON)
py::tuple compile_network(const std::string& network, const py::dict& values, const py::object& samples,
                          const py::object& progress, const py::object& note) {
  auto request = request_of(network, RequestValues(values), samples);
  const auto done = study_call({progress, note}, [&](const Notes& notes) {
    Compiled made;
    // Of the file of the network: a Program has what was stated.
    request.note = Notes([&](const std::string& line) {
      if (!line.starts_with("what is stated of preprocessing and classes holds for this run")) notes(line);
    });
    request.on_fit = [&](const compile::FitReport& fitted) { made.report += fitted.text() + "\n"; };
    request.on_comparison = [&](const study::ReluComparison& c) { made.report += study::relu_text(c) + "\n"; };
    const auto compilation = study::compile_program(request);
    made.report += report_of(compilation);
    made.program = program::write_program(compilation.program);
    made.spec = message::write_client_spec(compilation.program.client);
    made.facts = study::compilation_json(request, compilation).dump();
    return made;
  });
  return py::make_tuple(to_bytes(done.program), to_bytes(done.spec), to_str(done.report), to_str(done.facts));
}

py::str report(const py::object& program) {
  const ByteView bytes(program, "program");
  std::string text;
  {
    const py::gil_scoped_release unlocked;
    const auto read = program::read_program(bytes);
    text = compile::report(read) + "images       " + preprocessing_text(read.client.preprocessing, read.client.input) +
           "\n";
  }
  return to_str(text);
}

/// Programs in the clear with the errors of encryption.
class PySimulator {
 public:
  PySimulator(std::unique_ptr<compile::Simulator> simulator, std::size_t size)
      : simulator_(std::move(simulator)), size_(size) {}

  static std::unique_ptr<PySimulator> make(const py::object& program, std::uint64_t seed) {
    const ByteView bytes(program, "program");
    return long_call({}, [&](Speaker& /*speaker*/) {
      const auto read = program::read_program(bytes);
      return std::make_unique<PySimulator>(std::make_unique<compile::Simulator>(read, seed), read.client.input.size());
    });
  }
  /// (logits, images with values that leave the modulus)
  py::tuple run(const FloatArray& images, std::size_t threads, const py::object& progress) const {
    const auto rows = rows_of(images, size_, "images");
    std::vector<std::vector<double>> logits(rows.size());
    std::vector<char> lost(rows.size(), 0);
    long_call({progress}, [&](Speaker& speaker) {
      ThreadPool pool(threads);
      std::atomic<std::size_t> done = 0;
      const auto one = [&](std::size_t i) {
        auto result = simulator_->run(rows[i], i);
        lost[i] = result.overflow >= 0 ? 1 : 0;
        logits[i] = std::move(result.logits);
        speaker.progress(++done, rows.size(), "images");
      };
      pool.parallel_for(rows.size(), one, speaker.stop());
    });
    std::vector<std::size_t> overflows;
    for (std::size_t i = 0; i < lost.size(); ++i) {
      if (lost[i] != 0) overflows.push_back(i);
    }
    return py::make_tuple(to_array(logits), overflows);
  }

 private:
  std::unique_ptr<compile::Simulator> simulator_;
  std::size_t size_;
};

}  // namespace

void bind_compile(py::module_& module) {
  module.def("compile", &compile_network, py::arg("network"), py::arg("values"), py::arg("samples") = py::none(),
             py::arg("progress") = py::none(), py::arg("note") = py::none());
  module.def("report", &report, py::arg("program"));
  py::class_<PySimulator>(module, "Simulator", "A program in the clear, with the errors that encryption makes.")
      .def(py::init(&PySimulator::make), py::arg("program"), py::arg("seed") = 1)
      .def("run", &PySimulator::run, py::arg("images"), py::arg("threads") = 0, py::arg("progress") = py::none());
}

}  // namespace obscura::python
