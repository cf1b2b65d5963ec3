// Attacks on shields: by itself, because some of them learn, and LibTorch comes with them.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audit/attack.h"
#include "base/progress.h"
#include "study/learning/attack_trials.h"
#include "support/errors.h"
#include "support/pictures.h"
#include "support/study_call.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

/// Sets the options of study::AuditOptions that a dict names.
study::AuditOptions options_of(const py::dict& given) {
  study::AuditOptions o;
  o.shield = py::cast<std::string>(given["shield"]), o.arithmetic = py::cast<std::string>(given["arithmetic"]);
  o.key = py::cast<std::filesystem::path>(given["key"]);
  o.control = py::cast<std::string>(given["control"]), o.dataset = py::cast<std::string>(given["dataset"]);
  o.data = py::cast<std::filesystem::path>(given["data"]);
  o.block = py::cast<std::size_t>(given["block"]), o.depth = py::cast<int>(given["depth"]);
  o.hidden = py::cast<std::size_t>(given["hidden"]), o.per_image = py::cast<bool>(given["per_image"]);
  o.images = py::cast<std::size_t>(given["images"]), o.publics = py::cast<std::size_t>(given["publics"]);
  o.known = py::cast<std::size_t>(given["known"]), o.side = py::cast<std::size_t>(given["side"]);
  o.quick = py::cast<bool>(given["quick"]), o.seed = py::cast<std::uint64_t>(given["seed"]);
  o.draw = py::cast<std::size_t>(given["draw"]), o.threads = py::cast<std::size_t>(given["threads"]);
  o.sealing = sealing_of(given["passphrase"]);
  return o;
}

/// What an attack gave, and the first images that it recovered beside the originals, as arrays.
struct Attacked {
  std::string json;
  std::vector<std::vector<image::Image>> recovered;  ///< an attack each
  std::vector<image::Image> originals;
};

py::dict attack(const py::dict& given, const std::string& name, const std::filesystem::path& out,
                const py::object& progress, const py::object& note) {
  const auto options = options_of(given);
  if (name != "all") audit::find_attack(name);
  const auto done = study_call({progress, note}, [&](const Notes& hear) {
    const auto scene = study::make_audit_scene(options, hear);
    Progress tried("attacking", name == "all" ? audit::attacks_on(scene.scene.parameters).size() : 1, "attacks", false);
    const auto trials = study::try_attacks(scene, name, out, [&](const study::AttackTrial&) { tried.advance(); });
    Attacked attacked{study::attacks_json(scene, trials).dump(), {}, {}};
    std::size_t most = 0;
    for (const auto& trial : trials) {
      attacked.recovered.push_back(trial.report ? trial.report->recovered : std::vector<image::Image>());
      most = std::max(most, attacked.recovered.back().size());
    }
    for (std::size_t i = 0; i < most; ++i) attacked.originals.push_back(scene.scene.originals[i]);
    return attacked;
  });
  const auto arrays = [](const std::vector<image::Image>& pictures) {
    py::list list;
    for (const auto& one : pictures) list.append(to_array(one));
    return list;
  };
  py::dict result;
  result["json"] = done.json;
  py::list recovered;
  for (const auto& one : done.recovered) recovered.append(arrays(one));
  result["recovered"] = recovered;
  result["originals"] = arrays(done.originals);
  return result;
}

py::list attack_table() {
  py::list table;
  for (const auto& one : audit::attacks()) {
    py::dict row;
    row["name"] = one.name, row["threat"] = one.threat, row["summary"] = one.summary;
    row["shields"] = py::cast(one.shields);
    table.append(row);
  }
  return table;
}

}  // namespace
}  // namespace obscura::python

PYBIND11_MODULE(_audit_attack, module) {
  using namespace obscura::python;
  module.doc() = "Attacks on shields, with LibTorch. Use obscura.audit.";
  register_errors();
  module.def("attack", &attack, py::arg("options"), py::arg("name"), py::arg("out"), py::arg("progress"),
             py::arg("note"));
  module.def("attacks", &attack_table);
}
