#include "audit_binding.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "compile/approximate.h"
#include "study/audit/audit_report.h"
#include "study/audit/images.h"
#include "study/audit/noise.h"
#include "study/audit/parameters_report.h"
#include "study/audit/randomness_report.h"
#include "support/pictures.h"
#include "support/study_call.h"

namespace py = pybind11;
namespace fs = std::filesystem;

namespace obscura::python {
namespace {

std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string params(const std::string& network, const std::string& mode, const fs::path& client, int log_n,
                   double log_qp, const std::string& secret, double sigma, double samples, bool toy,
                   const py::object& note) {
  study::ParameterOptions options;
  options.network = network, options.mode = mode, options.client = client;
  options.log_n = log_n, options.log_qp = log_qp;
  options.secret = secret, options.sigma = sigma, options.samples = samples, options.toy = toy;
  return study_call({py::none(), note}, [&](const Notes& hear) {
    return text_of(study::parameters_json(study::audit_parameters(options, hear), "obscura.audit.params"));
  });
}

struct RandomnessWishes {
  std::size_t bits, sequences;
  double alpha;
  std::vector<std::string> only;
  bool nist_program;
  std::size_t threads;
};

std::string randomness(study::BitSourceOptions source, const RandomnessWishes& wishes, const Listeners& listeners) {
  study::RandomnessOptions options;
  options.source = std::move(source);
  options.bits = wishes.bits, options.sequences = wishes.sequences, options.alpha = wishes.alpha;
  options.only = wishes.only, options.nist_program = wishes.nist_program, options.threads = wishes.threads;
  return study_call(listeners, [&](const Notes& note) {
    return text_of(study::randomness_json(study::audit_randomness(options, note, false), "obscura.audit.randomness"));
  });
}

/// Copies the bytes, for threads read them.
study::BitSourceOptions bytes_source(const py::object& data, const std::string& name) {
  const ByteView view(data, "data");
  const auto bytes = view.span();
  study::BitSourceOptions source;
  source.memory.push_back({name, std::make_shared<std::vector<std::uint8_t>>(bytes.begin(), bytes.end())});
  return source;
}

/// Plain and protected pictures; `changed`: none, or what protects each plain picture after a small change.
std::string images(const PixelArray& plain, const PixelArray& guarded, const py::object& changed,
                   const Listeners& listeners) {
  const auto before = pictures_of(plain, "plain"), after = pictures_of(guarded, "protected");
  std::vector<image::Image> other;
  if (!changed.is_none()) other = pictures_of(py::cast<PixelArray>(changed), "changed");
  if (before.size() != after.size() || (!changed.is_none() && other.size() != before.size())) {
    throw MismatchError("plain, protected, changed: " + std::to_string(before.size()) + ", " +
                        std::to_string(after.size()) + " and " + std::to_string(other.size()) +
                        " pictures, expected as many of each");
  }
  std::vector<study::PicturePair> pairs;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::string number = std::to_string(i);
    pairs.push_back({"plain " + number, "protected " + number, before[i], after[i], {}});
    if (!other.empty()) pairs.back().changed = other[i];
  }
  return study_call(listeners, [&](const Notes&) {
    return text_of(study::image_audit_json(study::audit_images(pairs, {}, false), "obscura.audit.images"));
  });
}

std::string image_files(const std::vector<fs::path>& files, const fs::path& changed, const Listeners& listeners) {
  study::ImageAuditOptions options;
  options.files = files, options.changed = changed;
  return study_call(listeners, [&](const Notes& note) {
    return text_of(study::image_audit_json(study::audit_images(options, note, false), "obscura.audit.images"));
  });
}

std::string noise(const std::string& network, const std::string& dataset, const fs::path& data, bool batched,
                  std::size_t images_per_query, std::size_t count, const std::optional<std::uint64_t>& seed,
                  std::size_t threads, const Listeners& listeners) {
  study::NoiseAuditOptions options;
  options.network = network, options.dataset = dataset, options.data = data;
  options.mode = batched ? message::Mode::batched : message::Mode::packed;
  options.images_per_ciphertext = images_per_query;
  options.count = count, options.seed = seed, options.threads = threads;
  return study_call(listeners, [&](const Notes& note) {
    const auto audit = study::audit_noise(
        options, note, [](const compile::FitReport&) {}, false);
    return text_of(study::noise_audit_json(audit, options, "obscura.audit.noise"));
  });
}

std::string report(const std::string& network, const std::string& dataset, const fs::path& data, std::size_t count,
                   std::size_t sequences, std::size_t threads, const Listeners& listeners) {
  study::AuditReportOptions options;
  options.network = network, options.dataset = dataset, options.data = data;
  options.images = count, options.sequences = sequences, options.threads = threads;
  return study_call(listeners, [&](const Notes& note) {
    return text_of(study::audit_report_json(study::audit_all(options, note, false), "obscura.audit.report"));
  });
}

void bind_randomness(py::module_& module) {
  py::class_<RandomnessWishes>(module, "RandomnessWishes")
      .def(py::init([](std::size_t bits, std::size_t sequences, double alpha, const std::vector<std::string>& only,
                       bool nist_program, std::size_t threads) {
             return RandomnessWishes{bits, sequences, alpha, only, nist_program, threads};
           }),
           py::arg("bits"), py::arg("sequences"), py::arg("alpha"), py::arg("only"), py::arg("nist_program"),
           py::arg("threads"));
  module.def(
      "randomness_of_bytes",
      [](const py::object& data, const std::string& name, const RandomnessWishes& wishes, const py::object& progress,
         const py::object& note) {
        return randomness(bytes_source(data, name), wishes, {progress, note});
      },
      py::arg("data"), py::arg("name"), py::arg("wishes"), py::arg("progress"), py::arg("note"));
  module.def(
      "randomness_of_files",
      [](const std::vector<fs::path>& files, const RandomnessWishes& wishes, const py::object& progress,
         const py::object& note) {
        study::BitSourceOptions source;
        source.files = files;
        return randomness(std::move(source), wishes, {progress, note});
      },
      py::arg("files"), py::arg("wishes"), py::arg("progress"), py::arg("note"));
  module.def(
      "randomness_of_network",
      [](const std::string& network, const std::vector<std::string>& streams, const std::string& dataset,
         const fs::path& data, std::size_t count, const RandomnessWishes& wishes, const py::object& progress,
         const py::object& note) {
        study::BitSourceOptions source;
        source.network = network, source.dataset = dataset, source.data = data, source.images = count;
        if (!streams.empty()) source.streams = streams;
        return randomness(std::move(source), wishes, {progress, note});
      },
      py::arg("network"), py::arg("streams"), py::arg("dataset"), py::arg("data"), py::arg("images"), py::arg("wishes"),
      py::arg("progress"), py::arg("note"));
  module.def(
      "randomness_of_shield",
      [](const std::string& shield, const std::string& arithmetic, std::uint64_t seed, const std::string& dataset,
         const fs::path& data, std::size_t count, const RandomnessWishes& wishes, const py::object& progress,
         const py::object& note) {
        study::BitSourceOptions source;
        source.shield = shield, source.arithmetic = arithmetic, source.seed = seed;
        source.dataset = dataset, source.data = data, source.images = count;
        return randomness(std::move(source), wishes, {progress, note});
      },
      py::arg("shield"), py::arg("arithmetic"), py::arg("seed"), py::arg("dataset"), py::arg("data"), py::arg("images"),
      py::arg("wishes"), py::arg("progress"), py::arg("note"));
}

}  // namespace

void bind_audit(py::module_& module) {
  module.def("params", &params, py::arg("network"), py::arg("mode"), py::arg("client"), py::arg("log_n"),
             py::arg("log_qp"), py::arg("secret"), py::arg("sigma"), py::arg("samples"), py::arg("toy"),
             py::arg("note"));
  bind_randomness(module);
  module.def(
      "images",
      [](const PixelArray& plain, const PixelArray& guarded, const py::object& changed, const py::object& progress,
         const py::object& note) {
        return images(plain, guarded, changed, {progress, note});
      },
      py::arg("plain").noconvert(), py::arg("protected").noconvert(), py::arg("changed"), py::arg("progress"),
      py::arg("note"));
  module.def(
      "image_files",
      [](const std::vector<fs::path>& files, const fs::path& changed, const py::object& progress,
         const py::object& note) {
        return image_files(files, changed, {progress, note});
      },
      py::arg("files"), py::arg("changed"), py::arg("progress"), py::arg("note"));
  module.def(
      "noise",
      [](const std::string& network, const std::string& dataset, const fs::path& data, bool batched,
         std::size_t images_per_query, std::size_t count, const std::optional<std::uint64_t>& seed, std::size_t threads,
         const py::object& progress, const py::object& note) {
        return noise(network, dataset, data, batched, images_per_query, count, seed, threads, {progress, note});
      },
      py::arg("network"), py::arg("dataset"), py::arg("data"), py::arg("batched"), py::arg("images_per_query"),
      py::arg("count"), py::arg("seed"), py::arg("threads"), py::arg("progress"), py::arg("note"));
  module.def(
      "report",
      [](const std::string& network, const std::string& dataset, const fs::path& data, std::size_t count,
         std::size_t sequences, std::size_t threads, const py::object& progress, const py::object& note) {
        return report(network, dataset, data, count, sequences, threads, {progress, note});
      },
      py::arg("network"), py::arg("dataset"), py::arg("data"), py::arg("count"), py::arg("sequences"),
      py::arg("threads"), py::arg("progress"), py::arg("note"));
}

}  // namespace obscura::python
