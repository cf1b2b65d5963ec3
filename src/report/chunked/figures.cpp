// Figures 9 and 10: bars a class, confusion matrices.
#include <fmt/format.h>

#include <cmath>

#include "report/chunked/sections.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

const ordered_json& list_at(const ordered_json& json, const char* name) {
  static const ordered_json kEmpty = ordered_json::array();
  if (!json.is_object() || !json.contains(name) || !json.at(name).is_array()) return kEmpty;
  return json.at(name);
}

Matrix matrix_of(const std::string& title, const ordered_json& run) {
  Matrix matrix{title, {}, {}, {}};
  for (const auto& name : list_at(run, "classes")) {
    matrix.classes.push_back(name.is_string() ? name.get<std::string>() : "?");
  }
  for (const auto& counts : list_at(run, "confusion")) matrix.counts.push_back(counts_of(counts));
  for (const auto& one : list_at(run, "per_class")) matrix.f1.push_back(number_at(one, "f1"));
  return matrix;
}

Bars bars_of(const std::string& title, const ordered_json& run) {
  Bars bars{title, {}};
  for (const auto& one : list_at(run, "per_class")) {
    bars.bars.push_back({text_at(one, "class"), number_at(one, "recall")});
  }
  return bars;
}

/// Of every network one run is shown: the seed's own policy first.
const ChunkedRow* shown_row(const ChunkedReport& report, const std::string& network) {
  const ChunkedRow* shown = nullptr;
  for (const auto& row : report.rows) {
    if (row.network != network || !row.result.is_object()) continue;
    if (shown == nullptr || (row.policy == "features" && shown->policy != "features")) shown = &row;
  }
  return shown;
}

/// Calls use(title, run) for what was measured in the clear, then encrypted, of every network.
template <typename Use>
void each_shown(const ChunkedReport& report, const Use& use) {
  for (const auto& network : report.networks) {
    if (network.plain.is_object()) {
      use(fmt::format("{}, plain: {}", network.title, percent_text(number_at(network.plain, "plain_accuracy"))),
          network.plain);
    }
    const ChunkedRow* row = shown_row(report, network.key);
    if (row == nullptr) continue;
    use(fmt::format("{}, encrypted ({}): {}", network.title, row->policy, percent_text(encrypted_accuracy(*row))),
        row->result);
  }
}

}  // namespace

std::vector<Bars> chunked_bars(const ChunkedReport& report) {
  std::vector<Bars> all;
  each_shown(report, [&](const std::string& title, const ordered_json& run) {
    Bars bars = bars_of(title, run);
    if (!bars.bars.empty()) all.push_back(std::move(bars));
  });
  return all;
}

Matrices chunked_matrices(const ChunkedReport& report) {
  Matrices all;
  each_shown(report, [&](const std::string& title, const ordered_json& run) {
    Matrix matrix = matrix_of(title, run);
    if (!run.contains("encrypted_accuracy")) matrix.columns = "plain prediction";
    if (!matrix.counts.empty()) all.pictures.push_back(std::move(matrix));
  });
  return all;
}

}  // namespace obscura::report
