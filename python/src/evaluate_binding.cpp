#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>
#include "compile_binding.h"
#include "report/document.h"
#include "report/score_page.h"
#include "request_values.h"
#include "study/evaluate/evaluate.h"
#include "support/study_call.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

study::EvaluationRequest request_of(const std::string& network, const RequestValues& given) {
  study::EvaluationRequest request;
  request.network = network;
  request.mode = mode_of(given);
  std::string against, data, journal;
  given.into("against", against);
  given.into("data", data);
  given.into("resume", journal);
  request.against = against, request.data = data, request.journal = journal;
  given.into("dataset", request.dataset);
  given.into("images_per_query", request.images_per_ciphertext);
  given.into("max_keys", request.budget.keys);
  given.into("max_memory", request.budget.memory);
  given.into("together", request.together);
  request.relative_error = relative_error_of(given, request.relative_error);
  given.into("mirrored", request.mirrored);
  given.into("limit", request.limit);
  given.into("threads", request.threads);
  given.into("fit", request.fit.fit);
  given.into("invert", request.fit.invert);
  if (given.has("seed")) {
    std::uint64_t seed = 0;
    given.into("seed", seed);
    request.seed = seed;
  }
  request.stated = stated_of(given);
  request.policy = policy_of(given);
  return request;
}

struct Evaluated {
  std::string json, text, html;
};

template <typename Found>
Evaluated shown(const Found& found, const std::string& fitted) {
  return {study::evaluation_json(found).dump(), fitted + study::evaluation_text(found),
          report::to_html(report::score_document(study::evaluation_page(found)))};
}

/// (facts as JSON, text, page)
py::tuple evaluate(const std::string& network, const py::dict& values, bool simulated, const py::object& progress,
                   const py::object& note) {
  auto request = request_of(network, RequestValues(values));
  const auto done = study_call({progress, note}, [&](const Notes& notes) {
    std::string fitted;
    request.note = notes;
    request.on_fit = [&](const compile::FitReport& report) { fitted += report.text() + "\n"; };
    if (simulated) return shown(study::simulate(request), fitted);
    auto result = shown(study::evaluate(request), fitted);
    // The result is whole: there is nothing to be continued.
    if (!request.journal.empty()) std::filesystem::remove(request.journal);
    return result;
  });
  return py::make_tuple(to_str(done.json), to_str(done.text), to_str(done.html));
}

}  // namespace

void bind_evaluate(py::module_& module) {
  module.def("evaluate", &evaluate, py::arg("network"), py::arg("values"), py::arg("simulated") = false,
             py::arg("progress") = py::none(), py::arg("note") = py::none());
}

}  // namespace obscura::python
