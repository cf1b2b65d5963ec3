// Networks against torchvision: the same weights and picture by the same rule (torchvision_reference.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "train/vision/module.h"

namespace obscura::train {
namespace {

struct Reference {
  const char* network;
  std::size_t side;
  std::size_t classes;
  std::size_t parameters;
  std::uint64_t names;
  std::vector<double> logits;
};

std::ostream& operator<<(std::ostream& out, const Reference& reference) {
  return out << reference.network << " at " << reference.side;
}

const std::vector<Reference>& references() {
  static const std::vector<Reference> all{
#include "torchvision_reference.inc"
  };
  return all;
}

template <typename Word>
Word fnv1a(const std::string& text) {
  constexpr bool kWide = sizeof(Word) == 8;
  auto value = static_cast<Word>(kWide ? 0xCBF29CE484222325ULL : 0x811C9DC5ULL);
  constexpr auto kPrime = static_cast<Word>(kWide ? 0x100000001B3ULL : 0x01000193ULL);
  for (const char c : text) value = (value ^ static_cast<std::uint8_t>(c)) * kPrime;
  return value;
}

/// Values in [-1, 1) that depend on the name and the place alone.
torch::Tensor uniform(const std::string& name, at::IntArrayRef shape) {
  const auto start = fnv1a<std::uint32_t>(name);
  auto tensor = torch::empty(shape, torch::kFloat64);
  auto* values = tensor.data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    auto x = static_cast<std::uint32_t>(i) * 2654435761U + start;
    x = (x ^ (x >> 16)) * 0x7FEB352DU;
    x = (x ^ (x >> 15)) * 0x846CA68BU;
    x ^= x >> 16;
    values[i] = x / 2147483648.0 - 1;
  }
  return tensor;
}

void fill(const std::string& name, torch::Tensor& tensor) {
  auto values = uniform(name, tensor.sizes());
  if (name.ends_with("running_var")) {
    values = 1 + values / 2;
  } else if (name.ends_with("weight") && tensor.dim() == 1) {
    values = 1 + values / 4;
  } else if (name.ends_with("weight")) {
    values *= std::sqrt(6.0 * static_cast<double>(tensor.size(0)) / static_cast<double>(tensor.numel()));
  } else {
    values /= 4;
  }
  tensor.copy_(values);
}

struct Named {
  std::string name;
  torch::Tensor tensor;
};

std::vector<Named> state_of(const VisionModule& network) {
  std::vector<Named> state;
  for (const auto& item : network.named_parameters()) state.push_back({item.key(), item.value()});
  for (const auto& item : network.named_buffers()) state.push_back({item.key(), item.value()});
  return state;
}

std::uint64_t names_hash(const std::vector<Named>& state) {
  std::vector<std::string> lines;
  for (const Named& item : state) {
    std::string line = item.name;
    for (const auto size : item.tensor.sizes()) line.append(" ").append(std::to_string(size));
    lines.push_back(line.append("\n"));
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  return fnv1a<std::uint64_t>(all);
}

class TorchvisionTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TorchvisionTest, HasTheSameNamesShapesAndLogits) {
  const Reference& reference = references()[GetParam()];
  SCOPED_TRACE(reference);
  const torch::NoGradGuard no_grad;
  torch::set_num_threads(1);
  const auto network = make_vision(
      {.network = reference.network, .height = reference.side, .width = reference.side, .classes = reference.classes});
  auto state = state_of(*network);
  std::size_t parameters = 0;
  for (const auto& parameter : network->parameters()) parameters += static_cast<std::size_t>(parameter.numel());
  EXPECT_EQ(parameters, reference.parameters);
  EXPECT_EQ(names_hash(state), reference.names);
  if (reference.logits.empty()) return;

  for (Named& item : state) {
    if (item.tensor.scalar_type() == torch::kFloat32) fill(item.name, item.tensor);
  }
  network->eval();
  const auto side = static_cast<std::int64_t>(reference.side);
  const auto logits = network->forward(uniform("input", {1, 3, side, side}).to(torch::kFloat32));
  ASSERT_EQ(logits.sizes(), (std::vector<std::int64_t>{1, static_cast<std::int64_t>(reference.classes)}));
  const auto wanted = torch::tensor(reference.logits, torch::kFloat64);
  const auto error = (logits[0].slice(0, 0, 10) - wanted).abs().max() / wanted.abs().max();
  EXPECT_LT(error.item<double>(), 1e-4) << logits[0].slice(0, 0, 10);
}

INSTANTIATE_TEST_SUITE_P(All, TorchvisionTest, ::testing::Range(std::size_t{0}, references().size()));

}  // namespace
}  // namespace obscura::train
