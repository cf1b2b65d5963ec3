#include "train/encrypted/batches.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "tensor/preprocessing.h"
#include "train/encrypted/teacher.h"

namespace obscura::train {
namespace {

image::Dataset noise(std::size_t channels) {
  image::Dataset set;
  set.name = "noise";
  set.channels = channels, set.height = 6, set.width = 5, set.count = 4;
  std::mt19937 random(11);
  for (std::size_t i = 0; i < set.count * channels * 30; ++i) set.images.push_back(static_cast<std::uint8_t>(random()));
  set.labels.assign(set.count, 0);
  return set;
}

/// Every way to state how pixels become numbers.
std::vector<Preprocessing> ways(std::size_t channels) {
  std::vector<Preprocessing> all;
  for (const auto& range : {std::array{0.0F, 1.0F}, {0.0F, 255.0F}, {-1.0F, 1.0F}}) {
    for (const char* colour : {"rgb", "bgr"}) {
      for (const bool equalise : {false, true}) {
        Preprocessing how;
        how.range = range, how.equalise = equalise && channels == 1;
        if (channels == 3) how.colour = colour;
        const float width = range[1] - range[0];
        for (std::size_t c = 0; c < channels; ++c) {
          how.mean.push_back(range[0] + (0.3F + 0.1F * static_cast<float>(c)) * width);
          how.std.push_back((0.2F + 0.05F * static_cast<float>(c)) * width);
        }
        all.push_back(how);
      }
    }
  }
  return all;
}

/// What encryption and the plain run make of pixels, training does, too.
TEST(Batches, NumbersAreThoseOfPreprocess) {
  for (const std::size_t channels : {1U, 3U}) {
    const auto set = noise(channels);
    std::vector<std::int64_t> order(set.count);
    std::iota(order.begin(), order.end(), 0);
    for (const auto& how : ways(channels)) {
      SCOPED_TRACE(preprocessing_text(how, {channels, 6, 5}));
      const Batches batches(set, how);
      const auto plain = batches.plain(order).images.contiguous();
      const auto drawn = batches.augmented(order, 0, set.count, Augmentation{}, 1, 1).images.contiguous();
      for (std::size_t n = 0; n < set.count; ++n) {
        const auto expected = preprocess(set.pixels(n), how);
        for (std::size_t i = 0; i < expected.size(); ++i) {
          ASSERT_NEAR(plain.data_ptr<float>()[n * expected.size() + i], expected[i], 1e-4) << n << ", " << i;
          ASSERT_NEAR(drawn.data_ptr<float>()[n * expected.size() + i], expected[i], 1e-4) << n << ", " << i;
        }
      }
    }
  }
}

/// A student of other numbers: the teacher gets its own.
TEST(Batches, ATeacherGetsTheNumbersThatItKnows) {
  const auto set = noise(3);
  const std::vector<std::int64_t> first{0, 1};
  for (const auto& student : ways(3)) {
    for (const auto& how : ways(3)) {
      if (student.colour != how.colour) continue;
      nn::Graph graph = nn::make_graph("teacher", {3, 6, 5});
      graph.preprocessing = how;
      nn::add_node(graph, "flatten", nn::Flatten{}, {0});
      std::vector<float> weights(2 * 90);
      for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.1F * static_cast<float>(i % 11) - 0.5F;
      nn::add_node(graph, "fc", nn::Linear{2, weights, {}}, {1});
      Teacher teacher(graph, student);
      const auto logits = teacher.logits(Batches(set, student).plain(first).images);
      const auto own = Batches(set, how).plain(first).images.reshape({2, 90});
      const auto expected = own.matmul(torch::tensor(weights).reshape({2, 90}).t());
      EXPECT_TRUE(torch::allclose(logits, expected, 1e-3, 1e-3)) << preprocessing_text(how, {3, 6, 5});
    }
  }
}

}  // namespace
}  // namespace obscura::train
