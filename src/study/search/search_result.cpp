// What a search gave, in words, as JSON and drawn.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"
#include "image/caption.h"
#include "study/search/search.h"

namespace obscura::study {
namespace {

constexpr std::size_t kGap = 8;

/// Four digits of a distance; what is nothing but rounding is 0, and fits below a tile.
std::string short_text(double distance) {
  constexpr double kNothing = 5e-5;
  return fmt::format("{:.4g}", std::abs(distance) < kNothing ? 0 : distance);
}

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
  switch (mode) {
    case SearchMode::plain:
      return "plain";
    case SearchMode::trusted:
      return "trusted";
    case SearchMode::blind:
      return "blind";
    case SearchMode::blind_features:
      break;
  }
  return "blind-features";
}

std::string to_string(FetchMode mode) {
  return mode == FetchMode::plain ? "plain" : "private";
}

SearchMode parse_search_mode(const std::string& text) {
  for (const SearchMode mode :
       {SearchMode::plain, SearchMode::trusted, SearchMode::blind, SearchMode::blind_features}) {
    if (to_string(mode) == text) return mode;
  }
  throw UsageError("--mode is '" + text.substr(0, 40) + "', expected plain, trusted, blind or blind-features");
}

FetchMode parse_fetch_mode(const std::string& text) {
  for (const FetchMode mode : {FetchMode::plain, FetchMode::priv}) {
    if (to_string(mode) == text) return mode;
  }
  throw UsageError("--fetch is '" + text.substr(0, 40) + "', expected plain or private");
}

image::Image search_sheet(const SearchResult& result) {
  constexpr std::size_t kSide = 4 * search::kThumbnailSide, kLine = 16;
  // The picture and what the server has of it stand apart.
  const auto left = [](std::size_t tile) {
    return kGap + tile * (kSide + kGap) + std::min<std::size_t>(tile, 2) * 4 * kGap;
  };
  image::Image sheet(3, kSide + 2 * kGap + 2 * kLine, left(result.hits.size() + 2), 255);
  const auto tile = [&](std::size_t at, const image::Image& picture, const std::string& above,
                        const std::string& below) {
    draw(sheet, picture, left(at), kSide);
    image::write_caption(sheet, above, left(at), kSide + kGap + kLine);
    image::write_caption(sheet, below, left(at), kSide + kGap + 2 * kLine);
  };
  tile(0, result.query, "the picture", "mode " + to_string(result.mode));
  tile(1, result.server_view, "what the server", "has of it");
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const SearchHit& hit = result.hits[i];
    tile(i + 2, hit.image.thumbnail,
         fmt::format("{}. {}", i + 1, hit.class_name.empty() ? hit.image.name : hit.class_name),
         "distance " + short_text(hit.distance));
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
  ordered_json steps = ordered_json::array();
  for (const TrustedStep& step : result.steps) {
    steps.push_back({{"side", step.side}, {"what", step.what}, {"readable", step.readable}, {"seconds", step.seconds}});
  }
  return {
      {"command", command},
      {"version", kVersion},
      {"mode", to_string(result.mode)},
      {"fetch_mode",
       result.mode == SearchMode::trusted || result.encrypted ? ordered_json() : ordered_json(to_string(result.fetch))},
      {"encrypted_gallery", result.encrypted},
      {"distance", search::to_string(result.distance)},
      {"gallery", result.gallery},
      {"gallery_version", result.gallery_version},
      {"images", result.images},
      {"notes", result.notes},
      {"results", hits},
      {"server_saw", result.server_saw},
      {"steps", steps},
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
