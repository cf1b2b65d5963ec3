#include "study/learning/audit_chunks_sheet.h"

#include <algorithm>
#include <cmath>

#include "audit/attack_sheet.h"
#include "audit/chunks/reconstruction.h"

namespace obscura::study {
namespace {

/// The first pictures of every class, as many of each.
std::vector<std::size_t> shown(const SeenPictures& seen) {
  const std::size_t classes = std::max<std::size_t>(seen.classes, 1);
  const std::size_t each = std::max<std::size_t>(1, audit::kSheetColumns / classes);
  std::vector<std::size_t> taken(classes, 0), numbers;
  for (std::size_t n = 0; n < seen.originals.size() && numbers.size() < audit::kSheetColumns; ++n) {
    if (taken[static_cast<std::size_t>(seen.labels[n])]++ < each) numbers.push_back(n);
  }
  return numbers;
}

/// Sheets enlarge by whole factors only: what is smaller than a tile is made as large first.
image::Image enlarged(const image::Image& picture) {
  constexpr double kTilePixels = 192;
  const double factor = kTilePixels / static_cast<double>(std::max(picture.height, picture.width));
  if (factor <= 1) return picture;
  const auto side = [factor](std::size_t v) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(factor * static_cast<double>(v))));
  };
  return image::resize(picture, side(picture.height), side(picture.width));
}

image::Image blue_where_unseen(const Chunking& cut, const audit::ServerView& view) {
  image::Image picture = image::to_rgb(audit::seen_picture(cut, view));
  const auto plain = audit::plain_chunks(cut, view);
  for (std::size_t y = 0; y < picture.height; ++y) {
    for (std::size_t x = 0; x < picture.width; ++x) {
      if (plain[y / cut.height * cut.columns() + x / cut.width]) continue;
      picture.at(y, x, 0) = 38, picture.at(y, x, 1) = 112, picture.at(y, x, 2) = 182;
    }
  }
  return picture;
}

}  // namespace

image::Image chunk_sheet(const SeenPictures& seen, const std::string& title) {
  audit::AttackSheet sheet;
  sheet.title = title;
  sheet.footer =
      "plain; protected: what the server sees, blue where that is ciphertexts or nothing; recovered: encrypted chunks "
      "drawn from plain ones beside them";
  for (const std::size_t n : shown(seen)) {
    sheet.plain.push_back(enlarged(seen.originals[n]));
    sheet.seen.push_back(enlarged(blue_where_unseen(seen.cut, seen.views[n])));
    sheet.recovered.push_back(enlarged(audit::inpainted(seen.cut, seen.views[n])));
  }
  return audit::draw(sheet);
}

}  // namespace obscura::study
