#include "train/vision/absorb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "train/toy_pictures.h"
#include "train/vision/load_weights.h"
#include "train/vision/module.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A network for plain pictures with weights at random, also where training starts from zeros: answers differ.
VisionFile random_network(const std::string& name, std::size_t patch, std::size_t channels = 3, bool positions = true) {
  torch::manual_seed(12);
  const torch::NoGradGuard no_grad;
  VisionFile file;
  file.spec = {
      .network = name, .channels = channels, .height = 32, .width = 32, .patch = patch, .positions = positions};
  const auto module = make_vision(file.spec);
  for (auto& item : module->named_parameters()) {
    const bool head = item.value().size(0) == 10;
    if (head) item.value().normal_(0, name.starts_with("vit") ? 0.1 : 0.5);
    if (item.key().find("pos_embedding") != std::string::npos) item.value().normal_(0, 0.5);
  }
  file.mean.assign(channels, 118.5F);
  file.std.assign(channels, 61.25F);
  file.mean[0] = 125;
  for (int c = 0; c < 10; ++c) file.classes.push_back(std::to_string(c));
  file.tensors = weights_of(*module).tensors;
  return file;
}

struct Differences {
  double largest = 0;
  double size = 0;  ///< of the logits
};

/// Between the plain network's answers to plain pictures and the other's to protected ones.
Differences differences(const VisionFile& plain, const VisionFile& absorbed, const shield::Key& key) {
  const auto set = tones(6, 20, 32, plain.spec.channels);
  const auto source = shielded_pictures(set, {}), hidden = shielded_pictures(set, {.key = key});
  const std::vector<std::int64_t> index = {0, 1, 2, 3, 4, 5};
  std::vector<float> values(index.size() * source->shape().size());
  source->read(index, values);
  const auto wanted = VisionClassifier(plain).logits(values);
  hidden->read(index, values);
  const auto made = VisionClassifier(absorbed).logits(values);
  Differences out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    out.largest = std::max(out.largest, static_cast<double>(std::abs(wanted[i] - made.at(i))));
    out.size = std::max(out.size, static_cast<double>(std::abs(wanted[i])));
  }
  return out;
}

struct Case {
  const char* network;
  const char* shield;
  std::size_t block;
  std::size_t channels = 3;
};

class Absorbed : public ::testing::TestWithParam<Case> {};

TEST_P(Absorbed, GivesTheSameAnswersToProtectedPictures) {
  const Case& c = GetParam();
  const auto key = toy_key(c.shield, c.block);
  const auto plain = random_network(c.network, c.block, c.channels);
  const auto absorbed = absorb_key(plain, *shield::make_shield(key));
  EXPECT_EQ(absorbed.spec, plain.spec);
  const auto found = differences(plain, absorbed, key);
  RecordProperty("difference", std::to_string(found.largest));
  // Hill keys for blocks of 16 have 256 rows: rounding to single precision costs more there.
  EXPECT_LT(found.largest, c.block < 16 ? 1e-4 : 5e-4) << "logits up to " << found.size;
  EXPECT_GT(found.size, 0.1);
  // It is the key that does it.
  EXPECT_GT(differences(plain, absorbed, toy_key(c.shield, c.block, 2)).largest, 0.01);
  EXPECT_GT(differences(plain, plain, key).largest, 0.01);
}

INSTANTIATE_TEST_SUITE_P(Networks, Absorbed,
                         ::testing::Values(Case{"vit-tiny", "hill", 4}, Case{"vit-tiny", "vit", 4},
                                           Case{"vit-tiny", "hill", 4, 1}, Case{"vit-tiny", "vit", 8, 1},
                                           Case{"vit-small", "hill", 16}, Case{"vit-small", "vit", 16},
                                           Case{"vit-tiny", "hill", 2}, Case{"convmixer-tiny", "hill", 4}));

TEST(AbsorbKey, ShuffledPositionsMatter) {
  const auto key = toy_key("vit", 4);
  const auto plain = random_network("vit-tiny", 4);
  auto absorbed = absorb_key(plain, *shield::make_shield(key));
  absorbed.tensors["encoder.pos_embedding"] = plain.tensors.at("encoder.pos_embedding");
  EXPECT_GT(differences(plain, absorbed, key).largest, 0.01);
}

TEST(AbsorbKey, LeavesTheRestAsItWas) {
  const auto plain = random_network("vit-tiny", 4);
  const auto absorbed = absorb_key(plain, *shield::make_shield(toy_key("vit", 4)));
  EXPECT_EQ(absorbed.mean, std::vector<float>(3, 0));
  EXPECT_EQ(absorbed.std, std::vector<float>(3, 1));
  for (const auto& [name, tensor] : plain.tensors) {
    const bool touched = name.starts_with("conv_proj.") || name == "encoder.pos_embedding";
    EXPECT_EQ(absorbed.tensors.at(name) != tensor, touched) << name;
  }
}

/// The warning is true: W' K = W, solved for K.
TEST(AbsorbKey, BothNetworksTogetherGiveTheKey) {
  const auto shield = shield::make_shield(toy_key("hill", 4));
  const auto plain = random_network("vit-tiny", 4);
  const auto absorbed = absorb_key(plain, *shield);
  const auto rows = [](const VisionFile& file) {
    auto values = file.tensors.at("conv_proj.weight").values;
    return torch::from_blob(values.data(), {96, 3, 16}).to(torch::kFloat64) /
           torch::tensor(file.std).to(torch::kFloat64).view({1, 3, 1});
  };
  const auto w = rows(plain).reshape({96, 48}), v = rows(absorbed).reshape({96, 48});
  // Least squares by the normal equations: 96 rows for 48 unknowns a column.
  const auto k = torch::linalg_solve(v.t().matmul(v), v.t().matmul(w));
  const auto map = shield->block_map(3, 32, 32);
  double worst = 0, largest = 0;
  for (std::int64_t i = 0; i < 48; ++i) {
    for (std::int64_t j = 0; j < 48; ++j) {
      const double entry = map->matrix[static_cast<std::size_t>(i * 48 + j)];
      worst = std::max(worst, std::abs(k[i][j].item<double>() - entry));
      largest = std::max(largest, std::abs(entry));
    }
  }
  EXPECT_LT(worst, 1e-2);
  EXPECT_GT(largest, 0.9);
}

TEST(AbsorbKey, RefusesWhatCannotTakeAKeyIn) {
  const auto absorb = [](const VisionFile& file, const shield::Key& key) {
    absorb_key(file, *shield::make_shield(key));
  };
  const auto vit = random_network("vit-tiny", 4);
  for (const char* name : {"le", "pe", "ele", "etc"}) {
    EXPECT_THAT([&] { absorb(vit, toy_key(name, 0)); },
                ThrowsMessage<UnsupportedError>(testing::AllOf(HasSubstr(name), HasSubstr("not linear"))));
  }
  EXPECT_THROW(absorb(vit, shield::key_of_seed({"hill", 4, shield::Arithmetic::modular}, {})), UnsupportedError);
  EXPECT_THAT([&] { absorb(random_network("resnet8", 0), toy_key("hill", 4)); },
              ThrowsMessage<UnsupportedError>(HasSubstr("resnet8")));
  EXPECT_THAT([&] { absorb(vit, toy_key("hill", 8)); },
              ThrowsMessage<MismatchError>(testing::AllOf(HasSubstr("patches of 4"), HasSubstr("blocks of 8"))));
  EXPECT_THAT([&] { absorb(vit, toy_key("vit", 3)); }, ThrowsMessage<MismatchError>(HasSubstr("whole blocks of 3")));
  EXPECT_THAT([&] { absorb(random_network("vit-tiny", 4, 3, false), toy_key("vit", 4)); },
              ThrowsMessage<UnsupportedError>(HasSubstr("position")));
  EXPECT_NO_THROW(absorb(random_network("vit-tiny", 4, 3, false), toy_key("hill", 4)));
  EXPECT_THROW(absorb(random_network("convmixer-tiny", 4), toy_key("vit", 4)), UnsupportedError);
  EXPECT_THAT([&] { absorb(random_network("vit-tiny", 4, 5), toy_key("hill", 4)); },
              ThrowsMessage<UnsupportedError>(HasSubstr("not of 5")));
  auto twice = vit;
  twice.notes["shield"] = "hill";
  EXPECT_THAT([&] { absorb(twice, toy_key("hill", 4)); }, ThrowsMessage<UnsupportedError>(HasSubstr("already")));
  auto adapted = vit;
  adapted.spec.adaptation = Adaptation::er_cnn;
  EXPECT_THROW(absorb(adapted, toy_key("hill", 4)), UnsupportedError);
}

TEST(AbsorbKey, RefusesWeightsThatAreNotTheNetworks) {
  const auto shield = shield::make_shield(toy_key("vit", 4));
  for (const char* name : {"conv_proj.weight", "conv_proj.bias"}) {
    auto file = random_network("vit-tiny", 4);
    file.tensors.erase(name);
    EXPECT_THAT([&] { absorb_key(file, *shield); }, ThrowsMessage<FormatError>(HasSubstr("conv_proj"))) << name;
  }
  auto file = random_network("vit-tiny", 4);
  file.tensors["conv_proj.weight"].values.pop_back();
  EXPECT_THROW(absorb_key(file, *shield), FormatError);
  file = random_network("vit-tiny", 4);
  file.tensors["encoder.pos_embedding"].values.pop_back();
  EXPECT_THROW(absorb_key(file, *shield), FormatError);
}

}  // namespace
}  // namespace obscura::train
