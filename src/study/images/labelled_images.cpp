#include "study/images/labelled_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "base/notes.h"
#include "report/text.h"
#include "study/images/class_match.h"

namespace obscura::study {
namespace {

/// What to call the classes of that many outputs: one tells two apart.
std::vector<std::string> names_of(const std::vector<std::string>& network, std::size_t outputs) {
  if (outputs != 1 || network.size() != 1) return network;
  return {"not " + network[0], network[0]};
}

/// Drawn without the library's distributions, so that a seed means the same everywhere: a prefix of Fisher and Yates'
/// shuffle.
void draw(std::vector<std::size_t>& index, std::size_t wanted, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < wanted; ++i) std::swap(index[i], index[i + random() % (index.size() - i)]);
}

void note_missing_classes(const image::Dataset& set, const Selection& chosen, const Notes& note) {
  std::set<std::int64_t> there;
  for (const std::size_t i : chosen.index) there.insert(set.labels[i]);
  if (there.size() >= set.classes.size() || chosen.index.size() < set.classes.size()) return;
  note(fmt::format("{} of {}: {} of its {} classes {} among them{}", chosen.text, set.name, there.size(),
                   set.classes.size(), there.size() == 1 ? "is" : "are",
                   chosen.index.size() < set.available ? "; --seed S draws from all images" : ""));
}

}  // namespace

bool is_picture_folder(const std::string& dataset) {
  const auto names = image::dataset_names();
  std::error_code ec;
  return dataset != "cifar10" && std::find(names.begin(), names.end(), dataset) == names.end() &&
         std::filesystem::is_directory(dataset, ec);
}

image::Dataset load_noted(const std::string& name, image::Split split, const std::filesystem::path& data,
                          const Notes& note, std::size_t limit) {
  auto set = image::load_dataset(name, split, data, limit);
  for (const auto& line : set.notes) note(line);
  return set;
}

image::Dataset load_noted(const std::string& name, image::Split split, const std::filesystem::path& data,
                          const image::PictureForm& form, const Notes& note, std::size_t limit) {
  auto set = image::load_pictures(name, split, data, limit, form);
  for (const auto& line : set.notes) note(line);
  return set;
}

void take_classes(image::Dataset& set, const std::vector<std::string>& network, std::size_t outputs,
                  const Notes& note) {
  const std::size_t count = outputs == 1 ? 2 : outputs;
  auto names = names_of(network, outputs);
  const auto match = match_classes(set.name, set.classes, image::class_histogram(set), names, count);
  for (const auto& line : match.notes) note(line);
  for (auto& label : set.labels) label = static_cast<std::int64_t>(match.of[static_cast<std::size_t>(label)]);
  if (names.empty()) {
    for (std::size_t k = 0; k < count; ++k) names.push_back(std::to_string(k));
    for (std::size_t c = 0; c < set.classes.size(); ++c) {
      if (match.of[c] != ClassMatch::kNoClass) names[match.of[c]] = set.classes[c];
    }
  }
  set.classes = std::move(names);
}

Selection select_images(const image::Dataset& set, std::size_t limit, std::optional<std::uint64_t> seed,
                        const Notes& note) {
  Selection out;
  out.index.resize(set.count);
  std::iota(out.index.begin(), out.index.end(), std::size_t{0});
  const std::size_t wanted = limit == 0 ? set.count : std::min(limit, set.count);
  if (seed) draw(out.index, wanted, *seed);
  out.index.resize(wanted);
  const auto text = [](std::size_t n) { return report::count_text(static_cast<double>(n)); };
  const std::size_t all = std::max(set.available, set.count);
  if (wanted == all) {
    out.text = "all " + text(all);
  } else if (seed) {
    out.text = fmt::format("{} of {}, drawn by seed {}", text(wanted), text(all), *seed);
  } else if (set.by_turn) {
    out.text = fmt::format("{} of {}, class by turn", text(wanted), text(all));
  } else {
    out.text = fmt::format("the first {} of {}", text(wanted), text(all));
  }
  note_missing_classes(set, out, note);
  return out;
}

}  // namespace obscura::study
