#include "audit/pairs/symmetry.h"

#include <gtest/gtest.h>

#include <set>

#include "audit/support.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

std::vector<Symmetry> all_symmetries() {
  std::vector<Symmetry> out;
  for (unsigned code = 0; code < 16; ++code) {
    out.push_back({(code & 1) != 0, (code & 2) != 0, (code & 4) != 0, (code & 8) != 0});
  }
  return out;
}

TEST(Symmetry, MovesPixelsAsItSays) {
  image::Image image(1, 2, 3);
  image.pixels = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(apply({}, image), image);
  EXPECT_EQ(apply({false, false, true, false}, image).pixels, (std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(apply({false, true, false, false}, image).pixels, (std::vector<std::uint8_t>{4, 5, 6, 1, 2, 3}));
  const image::Image turned = apply({true, false, true, false}, image);
  EXPECT_EQ(turned.height, 3U);
  EXPECT_EQ(turned.pixels, (std::vector<std::uint8_t>{4, 1, 5, 2, 6, 3}));
  EXPECT_EQ(to_string(Symmetry{true, false, true, false}), "quarter turn right");
  EXPECT_EQ(apply({false, false, false, true}, image).pixels,
            (std::vector<std::uint8_t>{254, 253, 252, 251, 250, 249}));
}

TEST(Symmetry, TheBestOneUndoesAnyOther) {
  const auto originals = pictures(scenes(3, 3, 16, 1));
  std::set<std::string> names;
  for (const Symmetry& s : all_symmetries()) {
    names.insert(to_string(s));
    std::vector<image::Image> changed, undone;
    for (const auto& image : originals) changed.push_back(apply(s, image));
    const Symmetry best = best_symmetry(changed, originals);
    for (const auto& image : changed) undone.push_back(apply(best, image));
    EXPECT_TRUE(undone == originals) << to_string(s);
  }
  EXPECT_EQ(names.size(), 16U);
}

TEST(Symmetry, RefusesWhatDoesNotFit) {
  const auto images = pictures(scenes(2, 1, 8, 1)), larger = pictures(scenes(2, 1, 16, 1));
  EXPECT_THROW(best_symmetry(images, std::span(images).first(1)), MismatchError);
  EXPECT_THROW(best_symmetry(images, larger), MismatchError);
  EXPECT_THROW(best_symmetry({}, {}), MismatchError);
  EXPECT_THROW(apply({}, image::Image()), ParameterError);
}

}  // namespace
}  // namespace obscura::audit
