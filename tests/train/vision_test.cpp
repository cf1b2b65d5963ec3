#include "train/vision/vision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(VisionSpecTest, EveryNetworkHasALineOfItsOwnAndTakesSmallAndLargePictures) {
  std::vector<std::string> lines;
  for (const auto& name : vision_names()) {
    lines.push_back(vision_summary(name));
    EXPECT_FALSE(lines.back().empty()) << name;
    for (const std::size_t side : {32, 64, 224}) {
      EXPECT_NO_THROW(check_vision({.network = name, .height = side, .width = side})) << name << ' ' << side;
    }
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(std::adjacent_find(lines.begin(), lines.end()), lines.end());
}

TEST(VisionSpecTest, AdaptationsHaveNames) {
  for (const auto adaptation : {Adaptation::none, Adaptation::er_cnn, Adaptation::tanaka, Adaptation::madono}) {
    EXPECT_EQ(parse_adaptation(to_string(adaptation)), adaptation);
  }
  EXPECT_THAT([] { parse_adaptation("ercnn"); },
              ThrowsMessage<UsageError>(HasSubstr("'ercnn': choose none, er-cnn, tanaka or madono")));
}

TEST(VisionSpecTest, ListsTheNetworksWhenOneIsUnknown) {
  EXPECT_THAT([] { check_vision({.network = "resnet19"}); },
              ThrowsMessage<UsageError>(HasSubstr("'resnet19': choose resnet8, resnet20,")));
  EXPECT_THROW(vision_summary(""), UsageError);
}

struct Refused {
  VisionSpec spec;
  const char* reason;
};

VisionSpec spec_with(const char* network, std::size_t height, std::size_t width, std::size_t patch = 0) {
  return {.network = network, .height = height, .width = width, .patch = patch};
}

VisionSpec adapted(Adaptation adaptation, std::size_t side, std::size_t block, std::size_t padding = 0) {
  return {.network = "resnet20",
          .height = side,
          .width = side,
          .adaptation = adaptation,
          .block = block,
          .adaptation_padding = padding};
}

TEST(VisionSpecTest, RefusesWhatANetworkCannotTake) {
  VisionSpec unordered = spec_with("resnet20", 32, 32);
  unordered.positions = false;
  VisionSpec no_channels = spec_with("resnet20", 32, 32);
  no_channels.channels = 0;
  VisionSpec no_classes = spec_with("resnet20", 32, 32);
  no_classes.classes = 0;
  VisionSpec wide = adapted(Adaptation::madono, 1024, 16);
  wide.channels = 1024;
  const std::vector<Refused> cases{
      {spec_with("vit-tiny", 32, 30), "patches of 4x4 do not divide pictures of 32x30"},
      {spec_with("vit-b16", 224, 224, 15), "patches of 15x15 do not divide pictures of 224x224"},
      {spec_with("vit-b16", 224, 224, 2), "12544 patches of 2x2 in a picture: at most 4096"},
      {spec_with("convmixer", 33, 32), "patches of 2x2 do not divide pictures of 33x32"},
      {spec_with("resnet18", 32, 32, 4), "resnet18 has no patches"},
      {spec_with("densenet121", 32, 7), "densenet121 takes pictures from 8x8, not 32x7"},
      {spec_with("pyramid-shakedrop", 30, 32), "multiples of 4, not 30x32"},
      {spec_with("resnet18", 32, 5000), "5000 columns: networks for pictures take 1 to 4096"},
      {spec_with("vit-tiny", 0, 32), "0 rows"},
      {unordered, "resnet20 has no position embedding"},
      {no_channels, "0 channels"},
      {no_classes, "0 classes"},
      {adapted(Adaptation::er_cnn, 32, 5), "blocks of 5x5 do not divide pictures of 32x32"},
      {adapted(Adaptation::tanaka, 32, 0), "blocks of 0x0: tanaka takes 1 to 64"},
      {adapted(Adaptation::tanaka, 32, 4, 1), "tanaka has no padding: only er-cnn has"},
      {adapted(Adaptation::er_cnn, 32, 4, 2), "padding 2 with blocks of 4x4: er-cnn takes 0, or 1"},
      {adapted(Adaptation::er_cnn, 32, 2, 1), "padding 1 with blocks of 2x2: er-cnn takes 0, or 1"},
      {wide, "madono for blocks of 16x16 in pictures of 1024x1024x1024 would have"},
  };
  for (const auto& [spec, reason] : cases) {
    EXPECT_THAT([&] { check_vision(spec); }, ThrowsMessage<UnsupportedError>(HasSubstr(reason)));
  }
}

}  // namespace
}  // namespace obscura::train
