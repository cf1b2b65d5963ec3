#include "train/vision/drawn_batches.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"
#include "train/device.h"

namespace obscura::train {
namespace {

/// Pictures of one sample: their number, and what was drawn.
class Numbers : public Pictures {
 public:
  explicit Numbers(std::size_t count, std::int64_t refused = -1) : refused_(refused) {
    shape_ = {1, 1, 2};
    labels_.assign(count, 0);
  }
  void read(std::span<const std::int64_t> index, std::span<float> out) const override { draw(index, {}, out); }
  void draw(std::span<const std::int64_t> index, const Draw& draw, std::span<float> out) const override {
    for (std::size_t i = 0; i < index.size(); ++i) {
      if (index[i] == refused_) throw UnsupportedError("this one cannot be drawn");
      out[2 * i] = static_cast<float>(index[i]);
      out[2 * i + 1] = static_cast<float>(draw.first + i + draw.stream);
    }
  }

 private:
  std::int64_t refused_;
};

DrawPlan plan_of(std::size_t count, std::size_t batch) {
  DrawPlan plan;
  plan.order.resize(count);
  std::iota(plan.order.rbegin(), plan.order.rend(), 0);
  plan.batch = batch;
  plan.stream = 1000;
  return plan;
}

std::vector<float> all_values(DrawnBatches batches, std::size_t& count) {
  std::vector<float> out;
  for (count = 0; const auto batch = batches.next(); ++count) {
    EXPECT_EQ(batch->values.size(), 2 * batch->index.size());
    EXPECT_EQ(batch->values[0], static_cast<float>(batch->index[0]));
    out.insert(out.end(), batch->values.begin(), batch->values.end());
  }
  return out;
}

TEST(DrawnBatches, AheadOrNotTheyAreTheSameInOrder) {
  const Numbers pictures(10);
  std::size_t here = 0, ahead = 0;
  const auto values = all_values({pictures, plan_of(10, 4), false}, here);
  EXPECT_EQ(values, all_values({pictures, plan_of(10, 4), true}, ahead));
  EXPECT_EQ(here, 3U);
  EXPECT_EQ(ahead, 3U);
  ASSERT_EQ(values.size(), 20U);
  EXPECT_EQ(values[0], 9);
  EXPECT_EQ(values[18], 0);
  EXPECT_EQ(values[19], 1009);
}

TEST(DrawnBatches, ASingleOneAtTheEndIsLeftOut) {
  std::size_t count = 0;
  EXPECT_EQ(all_values({Numbers(9), plan_of(9, 4), true}, count).size(), 16U);
  EXPECT_EQ(count, 2U);
  EXPECT_EQ(all_values({Numbers(1), plan_of(1, 4), true}, count).size(), 2U);
  EXPECT_EQ(all_values({Numbers(3), plan_of(3, 1), true}, count).size(), 6U);
}

TEST(DrawnBatches, WhatCannotBeDrawnIsSaidWhenItIsAskedFor) {
  const Numbers pictures(8, 2);
  for (const bool ahead : {false, true}) {
    DrawnBatches batches(pictures, plan_of(8, 4), ahead);
    EXPECT_TRUE(batches.next());
    EXPECT_THROW(batches.next(), UnsupportedError);
  }
}

TEST(Device, ProcessorAndCardsByName) {
  EXPECT_NO_THROW(check_device("cpu"));
  for (const char* word : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:9999", "CPU"}) {
    EXPECT_THROW(check_device(word), UsageError) << word;
  }
  // Nobody has that many cards, and most have none that LibTorch can use.
  EXPECT_THROW(check_device("cuda:999"), UnsupportedError);
}

}  // namespace
}  // namespace obscura::train
