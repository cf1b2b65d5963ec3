// What measuring a gallery found, as JSON and in words.
#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/machine.h"
#include "base/version.h"
#include "report/text.h"
#include "ring/isa.h"
#include "study/search/gallery_evaluation.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

template <typename... Values>
void add(std::string& out, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Values>(values)...);
}

/// Three fields; the last two beside the first.
void put(ordered_json& object, const std::string& name, const std::optional<Measure>& measure) {
  if (!measure) {
    for (const char* field : {"", "_interval", "_null"}) object[name + field] = nullptr;
    return;
  }
  object[name] = measure->mean;
  object[name + "_interval"] = {measure->interval.low, measure->interval.high};
  object[name + "_null"] = measure->null;
}

void add_measure(std::string& out, const char* name, const Measure& measure) {
  add(out, "  {:<18} {:.4f}  ({:.4f} to {:.4f})   {:.4f}\n", name, measure.mean, measure.interval.low,
      measure.interval.high, measure.null);
}

std::string vectors_text(const search::GalleryForm& form) {
  const std::string what = form.kind == search::VectorKind::code ? "codes of {} bits" : "vectors of {} numbers";
  std::string text = fmt::format(fmt::runtime(what + ", {}"), form.dimension, form.recipe);
  if (!form.selection.columns.empty()) text += fmt::format(" selected of {}", form.selection.features);
  return text;
}

void add_measures(std::string& out, const GalleryMeasures& m) {
  add(out, "  {:<18} {:<6}  {:<20}   {}\n", "", "mean", "95 % interval", "labels shuffled");
  add_measure(out, "mAP", m.map);
  add_measure(out, "mAP, ties shared", m.map_tied);
  add_measure(out, "precision at 5", m.precision_at_5);
  add_measure(out, "     ties shared", m.precision_at_5_tied);
  add_measure(out, "precision at 100", m.precision_at_100);
  add_measure(out, "     ties shared", m.precision_at_100_tied);
  if (m.without_relevant > 0) {
    add(out, "  {} queries are of classes that the gallery does not have: they count as 0\n", m.without_relevant);
  }
  if (!m.top5_agreement) return;
  add(out, "  the five nearest are the plain search's for {} of the queries, and as near within errors for {}\n",
      report::percent_text(m.top5_agreement->mean), report::percent_text(m.top5_as_near->mean));
}

}  // namespace

ordered_json evaluation_json(const GalleryEvaluation& e) {
  ordered_json object = {{"network", e.network},
                         {"dataset", e.dataset},
                         {"mode", e.mode},
                         {"distance", search::to_string(e.distance)},
                         {"images", e.measures.queries},
                         {"limit", e.limit},
                         {"selection", e.selection},
                         {"threads", e.threads},
                         {"gallery",
                          {{"id", e.state.id},
                           {"version", e.state.version},
                           {"images", e.state.images},
                           {"dimension", e.form.dimension},
                           {"kind", search::to_string(e.form.kind)},
                           {"vectors", e.form.recipe},
                           {"features", e.form.selection.features},
                           {"source", e.form.source},
                           {"classes", e.form.classes}}}};
  const GalleryMeasures& m = e.measures;
  put(object, "map", m.map), put(object, "map_tied", m.map_tied);
  put(object, "precision_at_5", m.precision_at_5), put(object, "precision_at_5_tied", m.precision_at_5_tied);
  put(object, "precision_at_100", m.precision_at_100), put(object, "precision_at_100_tied", m.precision_at_100_tied);
  put(object, "top5_agreement", m.top5_agreement), put(object, "top5_as_near", m.top5_as_near);
  object["queries_without_relevant"] = m.without_relevant;
  object["bytes"] = {{"query", e.bytes.query}, {"reply", e.bytes.reply}, {"keys", e.bytes.keys}};
  object["seconds"] = {{"client", e.seconds.client},
                       {"server", e.seconds.server},
                       {"total", e.seconds.total},
                       {"prepare", e.seconds.prepare}};
  object["version"] = kVersion;
  object["machine"] = cpu_model();
  object["isa"] = std::string(ring::isa_name(ring::selected_isa()));
  return object;
}

std::string evaluation_text(const GalleryEvaluation& e) {
  std::string out;
  add(out, "{} images of {}, {}\n", e.state.images, e.form.source, vectors_text(e.form));
  add(out, "queries: {} images of {}, {}, by {} distance\n", e.selection, e.dataset, e.mode,
      search::to_string(e.distance));
  add_measures(out, e.measures);
  add(out, "a query, {} thread{}\n", e.threads, e.threads == 1 ? "" : "s");
  add(out, "  time       {} at the client, {} at the server (medians)\n", report::duration_text(e.seconds.client),
      report::duration_text(e.seconds.server));
  add(out, "  bytes      {} up, {} back", report::bytes_text(e.bytes.query), report::bytes_text(e.bytes.reply));
  if (e.bytes.keys > 0) add(out, "; keys {}, once", report::bytes_text(e.bytes.keys));
  add(out, "\nobscura {} on {}, kernels {}\n", kVersion, cpu_model(), ring::isa_name(ring::selected_isa()));
  return out;
}

}  // namespace obscura::study
