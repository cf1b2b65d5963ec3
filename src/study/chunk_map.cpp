#include "study/chunk_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "image/dataset.h"
#include "image/tiles.h"
#include "report/text.h"
#include "study/images/labelled_images.h"
#include "tensor/feature_chunks.h"

namespace obscura::study {
namespace {

/// A terminal is not wider than so many chunks.
constexpr std::size_t kMostColumns = 40;

std::vector<double> scores_of(const Chunking& cut, std::span<const std::uint8_t> grey, bool equalise,
                              ChunkScore score) {
  const auto pixels = equalise ? equalised(grey) : std::vector<std::uint8_t>(grey.begin(), grey.end());
  return chunk_scores(cut, std::vector<float>(pixels.begin(), pixels.end()), score);
}

void read_picture(ChunkMap& map, const ChunkMapRequest& request) {
  image::ReadImage read = image::read_with_notes(request.picture);
  const auto form = picture_form(request.wishes);
  map.file = request.picture.filename().string();
  map.height = read.image.height, map.width = read.image.width, map.notes = std::move(read.notes);
  const std::size_t height = form.has_size() ? form.height : map.height;
  auto fitted = image::conform(read.image, 1, height, form.has_size() ? form.width : map.width);
  map.notes.insert(map.notes.end(), fitted.notes.begin(), fitted.notes.end());
  map.picture = std::move(fitted.image);
  if (!map.equalised) return;
  map.picture.pixels = equalised(map.picture.pixels);
  map.notes.emplace_back("histogram equalised");
}

/// Over the scores of all training pictures of a set.
void take_threshold_of(ChunkMap& map, const ChunkMapRequest& request, const Notes& note) {
  const auto set = load_noted(request.dataset, image::Split::train, request.data, picture_form(request.wishes), note);
  const Chunking cut = chunking_of(request.wishes, set.height, set.width);
  std::vector<double> all;
  for (std::size_t n = 0; n < set.count; ++n) {
    const auto scores = scores_of(cut, set.pixels(n), map.equalised, map.score);
    all.insert(all.end(), scores.begin(), scores.end());
  }
  map.threshold = otsu_threshold(all);
  map.threshold_source = fmt::format("by Otsu over the {} scores of {} training pictures of {}",
                                     report::count_text(static_cast<double>(all.size())), set.count, set.name);
}

void choose_threshold(ChunkMap& map, const ChunkMapRequest& request, const Notes& note) {
  if (!request.auto_threshold) {
    map.threshold = request.threshold.value_or(kPaperThreshold);
    map.threshold_source = request.threshold ? "given" : "the paper's";
  } else if (request.dataset.empty()) {
    map.threshold = otsu_threshold(map.scores);
    map.threshold_source = fmt::format("by Otsu over the {} scores of the picture", map.scores.size());
  } else {
    take_threshold_of(map, request, note);
  }
}

/// A line a row of chunks.
template <typename Cell>
std::string grid_text(const Chunking& cut, Cell cell) {
  std::string text;
  for (std::size_t k = 0; k < cut.count(); ++k) {
    text += cell(k);
    if ((k + 1) % cut.columns() == 0) text += '\n';
  }
  return text;
}

std::string grids_text(const ChunkMap& map) {
  if (map.cut.columns() > kMostColumns) {
    return fmt::format("{} chunks a row are too many to print: --json lists them\n", map.cut.columns());
  }
  const auto indices = grid_text(map.cut, [&](std::size_t k) { return fmt::format("{:>+7}", map.indices[k]); });
  const auto scores = grid_text(map.cut, [&](std::size_t k) { return fmt::format("{:7.1f}", map.scores[k]); });
  return fmt::format("+k: chunk k is encrypted, -k: it travels in the clear\n{}{} gradient of each chunk\n{}", indices,
                     map.score == ChunkScore::mean ? "mean" : "largest", scores);
}

std::string summary_text(const ChunkMap& map) {
  const auto count = static_cast<double>(map.cut.count());
  return fmt::format("{} of {} chunks encrypted ({}), gradients above {:.1f}", map.encrypted(), map.cut.count(),
                     report::percent_text(static_cast<double>(map.encrypted()) / count), map.threshold);
}

}  // namespace

std::size_t ChunkMap::encrypted() const {
  return count_features(indices);
}

image::PictureForm picture_form(const ChunkWishes& wishes) {
  image::PictureForm form;
  form.channels = 1;
  if (wishes.picture == "as-is") return form;
  try {
    image::parse_size(wishes.picture, form);
  } catch (const UsageError&) {
    throw UsageError(
        fmt::format("--picture is '{}', expected as-is, or what pictures are resized to: 112, or 112x96 "
                    "(width x height), sides of 1 to {} pixels",
                    wishes.picture.substr(0, 40), image::kMaxSide));
  }
  return form;
}

Chunking chunking_of(const ChunkWishes& wishes, std::size_t height, std::size_t width) {
  const ChunkSize size = parse_chunk_size(wishes.size, "--size");
  const Chunking cut{{1, height, width}, size.height, size.width};
  check_chunking(cut);
  return cut;
}

ChunkMap map_chunks(const ChunkMapRequest& request, const Notes& note) {
  ChunkMap map;
  map.score = parse_chunk_score(request.wishes.score);
  map.equalised = !request.wishes.no_equalise;
  if (request.threshold) check_threshold(*request.threshold, "--threshold");
  parse_chunk_size(request.wishes.size, "--size");
  read_picture(map, request);
  map.cut = chunking_of(request.wishes, map.picture.height, map.picture.width);
  map.scores = scores_of(map.cut, map.picture.pixels, false, map.score);
  choose_threshold(map, request, note);
  map.indices = signed_indices(map.scores, map.threshold);
  return map;
}

std::string chunk_map_text(const ChunkMap& map) {
  const std::string done = map.notes.empty() ? "as it is" : fmt::format("{}", fmt::join(map.notes, "; "));
  return fmt::format("{}, {}x{}: {}\n{}\n{}{}; threshold {}\n", map.file, map.width, map.height, done,
                     chunking_text(map.cut), grids_text(map), summary_text(map), map.threshold_source);
}

nlohmann::ordered_json chunk_map_json(const ChunkMap& map) {
  return {{"picture", map.file},
          {"read", {{"width", map.width}, {"height", map.height}}},
          {"notes", map.notes},
          {"width", map.picture.width},
          {"height", map.picture.height},
          {"equalised", map.equalised},
          {"chunk", {{"width", map.cut.width}, {"height", map.cut.height}}},
          {"rows", map.cut.rows()},
          {"columns", map.cut.columns()},
          {"chunks", map.cut.count()},
          {"chunking", chunking_text(map.cut)},
          {"score", to_string(map.score)},
          {"threshold", map.threshold},
          {"threshold_source", map.threshold_source},
          {"encrypted", map.encrypted()},
          {"indices", map.indices},
          {"scores", map.scores}};
}

image::Image draw_chunk_map(const ChunkMap& map) {
  image::TileMap drawing;
  drawing.picture = map.picture;
  for (std::size_t k = 0; k < map.cut.count(); ++k) {
    const ChunkPlace at = place_of(map.cut, k);
    drawing.tiles.push_back(
        {at.y, at.x, at.height, at.width, map.indices[k] > 0, fmt::format("{:.0f}", map.scores[k])});
  }
  drawing.caption = summary_text(map);
  drawing.legend = "hatched: encrypted; the rest travels in the clear";
  return image::draw_tiles(drawing);
}

}  // namespace obscura::study
