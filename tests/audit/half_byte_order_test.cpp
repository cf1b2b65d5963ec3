#include "audit/jigsaw/half_byte_order.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/jigsaw/jigsaw.h"
#include "audit/support.h"

namespace obscura::audit {
namespace {

const shield::Parameters kLe{"le", 4, shield::Arithmetic::modular};

std::vector<image::Image> bytes_of(const std::vector<shield::Protected>& ciphers) {
  std::vector<image::Image> out;
  for (const shield::Protected& c : ciphers) out.push_back(std::get<image::Image>(c.picture));
  return out;
}

/// What comes back of pictures of one key, in the colours that bring each nearest to its original.
std::vector<image::Image> recovered(const std::vector<image::Image>& ciphers,
                                    const std::vector<image::Image>& originals) {
  const PlacedSamples hidden = read_blocks(ciphers, kLe.block, Unit::halves);
  const PlacedSamples plain = with_half_bytes_in_order(hidden, find_half_byte_order(hidden, kLe.block, 1).key);
  std::vector<image::Image> out;
  for (std::size_t n = 0; n < ciphers.size(); ++n) {
    out.push_back(nearest_form(write_blocks(plain, n, kLe.block, Unit::halves), originals[n]));
  }
  return out;
}

TEST(HalfByteOrder, ProtectedPicturesOfOneKeyGiveAllOfIt) {
  const image::Dataset victims = scenes(40, 3, 32, 1);
  const auto originals = pictures(victims);
  for (const std::uint8_t key : {1, 2}) {
    EXPECT_TRUE(recovered(bytes_of(protect_all(victims, kLe, key)), originals) == originals) << int{key};
  }
}

TEST(HalfByteOrder, OnePictureGivesWhatIsInIt) {
  const image::Dataset victims = scenes(6, 3, 64, 2);
  const auto ciphers = bytes_of(protect_all(victims, kLe, 3, true));
  const auto originals = pictures(victims);
  int seen = 0;
  for (std::size_t n = 0; n < originals.size(); ++n) {
    seen += psnr(recovered({ciphers[n]}, {originals[n]})[0], originals[n]) > 18 ? 1 : 0;
  }
  EXPECT_GE(seen, 4);
}

TEST(HalfByteOrder, NoiseGivesNothing) {
  image::Dataset noise = scenes(40, 3, 32, 1);
  image::SplitMix random(7);
  for (std::uint8_t& v : noise.images) v = static_cast<std::uint8_t>(random.below(256));
  const auto originals = pictures(scenes(40, 3, 32, 1));
  const auto got = recovered(pictures(noise), originals);
  EXPECT_LT(mean_psnr(got, originals), 15);
}

}  // namespace
}  // namespace obscura::audit
