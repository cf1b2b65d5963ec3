// What a search gave, in words, as JSON and drawn.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"
#include "study/search/search.h"

namespace obscura::study {
namespace {

constexpr std::size_t kGap = 8;

/// The picture in whole pixels, `side` at most.
void draw(image::Image& sheet, const image::Image& picture, std::size_t left, std::size_t side) {
  const image::Image rgb = image::to_rgb(picture);
  const std::size_t scale = std::max<std::size_t>(side / std::max(rgb.height, rgb.width), 1);
  for (std::size_t y = 0; y < std::min(rgb.height * scale, side); ++y) {
    for (std::size_t x = 0; x < std::min(rgb.width * scale, side); ++x) {
      for (std::size_t c = 0; c < 3; ++c) sheet.at(kGap + y, left + x, c) = rgb.at(y / scale, x / scale, c);
    }
  }
}

}  // namespace

std::string to_string(SearchMode mode) {
  return mode == SearchMode::plain ? "plain" : "blind-features";
}

std::string to_string(FetchMode mode) {
  return mode == FetchMode::plain ? "plain" : "private";
}

SearchMode parse_search_mode(const std::string& text) {
  for (const SearchMode mode : {SearchMode::plain, SearchMode::blind_features}) {
    if (to_string(mode) == text) return mode;
  }
  throw UsageError("--mode is '" + text.substr(0, 40) + "', expected plain or blind-features");
}

FetchMode parse_fetch_mode(const std::string& text) {
  for (const FetchMode mode : {FetchMode::plain, FetchMode::priv}) {
    if (to_string(mode) == text) return mode;
  }
  throw UsageError("--fetch is '" + text.substr(0, 40) + "', expected plain or private");
}

image::Image search_sheet(const SearchResult& result) {
  constexpr std::size_t kSide = 4 * kThumbnailSide;
  const std::size_t places = result.hits.size() + 1;
  // The picture stands apart.
  image::Image sheet(3, kSide + 2 * kGap, places * (kSide + kGap) + 4 * kGap, 255);
  draw(sheet, result.query, kGap, kSide);
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    draw(sheet, result.hits[i].image.thumbnail, (i + 1) * (kSide + kGap) + 4 * kGap, kSide);
  }
  return sheet;
}

nlohmann::ordered_json search_json(const SearchResult& result, const std::string& command) {
  using nlohmann::ordered_json;
  ordered_json hits = ordered_json::array();
  for (const SearchHit& hit : result.hits) {
    hits.push_back({{"index", hit.place},
                    {"name", hit.image.name},
                    {"label", hit.class_name.empty() ? ordered_json() : ordered_json(hit.class_name)},
                    {"distance", hit.distance}});
  }
  return {{"command", command},
          {"version", kVersion},
          {"mode", to_string(result.mode)},
          {"fetch_mode", to_string(result.fetch)},
          {"gallery", result.gallery},
          {"gallery_version", result.gallery_version},
          {"images", result.images},
          {"notes", result.notes},
          {"results", hits},
          {"server_saw", result.server_saw},
          {"bytes",
           {{"query", result.bytes.query},
            {"reply", result.bytes.reply},
            {"keys", result.bytes.keys},
            {"hint", result.bytes.hint},
            {"fetch", result.bytes.fetch}}},
          {"seconds",
           {{"client", result.seconds.client},
            {"server", result.seconds.server},
            {"total", result.seconds.total()},
            {"prepare", result.seconds.prepare}}}};
}

}  // namespace obscura::study
