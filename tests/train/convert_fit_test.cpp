#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "image/dataset.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "support/random_graph.h"
#include "support/temporary.h"
#include "train/convert/answers.h"
#include "train/convert/fit_start.h"
#include "train/encrypted/sequence.h"
#include "train/encrypted/trainer.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

NetworkForm form_of_surgery(const Surgery& surgery) {
  NetworkForm form;
  form.normalised_squares = true;
  form.originals = surgery.originals;
  return form;
}

torch::Tensor noise_for(const nn::Graph& graph, std::int64_t count) {
  const Shape& s = graph.input_shape();
  return torch::randn({count, static_cast<std::int64_t>(s.channels), static_cast<std::int64_t>(s.height),
                       static_cast<std::int64_t>(s.width)});
}

/// Of image n.
std::vector<double> by_definition(const nn::Graph& graph, const torch::Tensor& images, std::int64_t n) {
  const auto flat = images[n].contiguous();
  return nn::run_reference(graph, {flat.data_ptr<float>(), static_cast<std::size_t>(flat.numel())});
}

double largest(const std::vector<double>& values) {
  double most = 1;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

TEST(ConvertFit, EveryDrawnNetworkRunsAsItsFileAndStartsAsTheOriginal) {
  torch::manual_seed(3);
  support::RandomGraphOptions options;
  options.activations = true;
  options.pads = options.products = options.max_pools = true;
  std::size_t converted = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    nn::Graph graph = support::RandomGraph(seed, options).draw();
    const bool any = std::ranges::any_of(
        graph.nodes, [](const nn::Node& n) { return std::holds_alternative<nn::Activation>(n.layer); });
    if (!any) continue;
    ++converted;
    const Surgery surgery = replace_activations(graph);
    Network network(surgery.converted, form_of_surgery(surgery));
    const auto images = noise_for(graph, 16);
    const auto layers = fit_start(network, surgery, images);
    EXPECT_EQ(layers.size(), surgery.activations() + surgery.pools());
    const auto written = nn::read_onnx(nn::to_onnx(nn::fold_batch_norms(network.to_graph())), "memory");
    const torch::NoGradGuard no_grad;
    network.eval();
    const auto logits = network.forward(images);
    const auto expected = by_definition(written, images, 1);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const auto given = logits[1][static_cast<std::int64_t>(k)].item<double>();
      EXPECT_NEAR(given, expected[k], 2e-3 * largest(expected)) << seed;
    }
    network.blend(0);
    const auto before = network.forward(images);
    const auto original = by_definition(graph, images, 2);
    for (std::size_t k = 0; k < original.size(); ++k) {
      const auto given = before[2][static_cast<std::int64_t>(k)].item<double>();
      EXPECT_NEAR(given, original[k], 2e-3 * largest(original)) << seed;
    }
  }
  EXPECT_GT(converted, 20U);
}

TEST(ConvertFit, AGaussianHasTheHermiteCoefficientsOfAReLU) {
  torch::manual_seed(4);
  nn::Graph graph = nn::make_graph("plain", {2, 8, 8});
  nn::add_node(graph, "relu", nn::Activation{}, {0});
  const Surgery surgery = replace_activations(graph);
  Network network(surgery.converted, form_of_surgery(surgery));
  const auto layers = fit_start(network, surgery, noise_for(graph, 2000));
  const auto folded = network.to_graph();
  const auto& rows = std::get<nn::Polynomial>(folded.nodes.back().layer).coefficients;
  for (const auto& row : rows) {
    // 1 / sqrt(2 pi), 1 / 2 and 1 / (2 sqrt(pi)) over normalised squares: z^2 has deviation sqrt 2.
    EXPECT_NEAR(row[2] * std::sqrt(2.0), 0.2821, 0.01);
    EXPECT_NEAR(row[1], 0.5, 0.01);
    EXPECT_NEAR(row[0] + row[2], 0.3989, 0.01);
  }
  EXPECT_NEAR(layers[0].explained, (0.25 + 0.2821 * 0.2821) / (0.5 - 0.3989 * 0.3989), 0.01);
}

TEST(ConvertFit, MaximaBecomeAverages) {
  torch::manual_seed(5);
  for (const bool pool_first : {false, true}) {
    nn::Graph graph = nn::make_graph("pooled", {3, 8, 8});
    nn::Conv2d conv;
    conv.out_channels = 4;
    conv.kernel = {3, 3};
    conv.padding = {1, 1, 1, 1};
    const auto weights = torch::randn({108}).mul_(0.3).contiguous();
    conv.weights.assign(weights.data_ptr<float>(), weights.data_ptr<float>() + 108);
    std::size_t at = nn::add_node(graph, "conv", conv, {0});
    if (pool_first) at = nn::add_node(graph, "max", nn::MaxPool{{2, 2}, {2, 2}}, {at});
    at = nn::add_node(graph, "relu", nn::Activation{}, {at});
    if (!pool_first) nn::add_node(graph, "max", nn::MaxPool{{2, 2}, {2, 2}}, {at});
    const Surgery surgery = replace_activations(graph);
    Network network(surgery.converted, form_of_surgery(surgery));
    const auto images = noise_for(graph, 64);
    fit_start(network, surgery, images);
    const torch::NoGradGuard no_grad;
    network.eval();
    const auto made = network.forward(images);
    network.blend(0.0);
    const auto wanted = network.forward(images);
    const auto expected = by_definition(graph, images, 0);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_NEAR(wanted[0][static_cast<std::int64_t>(k)].item<double>(), expected[k], 1e-4);
    }
    // In the mean right, and by far nearer than the mean alone.
    EXPECT_NEAR((made - wanted).mean().item<double>(), 0, 0.05);
    EXPECT_LT((made - wanted).square().mean().item<double>(), 0.6 * wanted.var().item<double>());
  }
}

/// A network with ReLU of drawn digits, trained for a moment.
struct Digits {
  Digits()
      : train_set(image::load_dataset("samples", image::Split::train, {}, 1200)),
        test_set(image::load_dataset("samples", image::Split::test, {}, 200)) {
    Recipe recipe;
    recipe.epochs = 6;
    recipe.batch = 32;
    RunOptions options;
    options.progress = false;
    const auto skeleton = Sequence("small", Shape{1, 28, 28})
                              .conv({8, 5, 2, 2})
                              .relu()
                              .maximum(2)
                              .flatten()
                              .linear(32)
                              .relu()
                              .linear(10)
                              .take();
    original = train(skeleton, recipe, train_set, test_set, options).graph;
    validation = test_set;
    validation.labels = answers_of(original, validation, 1, false);
  }
  TrainResult convert(std::size_t epochs, RunOptions options = {}) const {
    Recipe recipe;
    recipe.epochs = epochs;
    recipe.normalised_squares = true;
    recipe.freeze_norms = 0.5;
    recipe.teacher_share = 1;
    recipe.clip_norm = 1;
    options.progress = false;
    options.teacher = std::make_shared<const nn::Graph>(original);
    auto conversion = std::make_shared<Conversion>();
    conversion->surgery = replace_activations(original);
    conversion->gradual = 0.25;
    conversion->agreement = agreement;
    options.conversion = conversion;
    return train(conversion->surgery.converted, recipe, train_set, test_set, options, &validation);
  }
  double fitted() const {
    image::Dataset sample = train_set;
    sample.count = 256;
    const auto answers =
        answers_of(fitted_network(replace_activations(original), sample, 1).graph, validation, 1, false);
    std::size_t same = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) same += answers[i] == validation.labels[i] ? 1 : 0;
    return static_cast<double>(same) / static_cast<double>(answers.size());
  }
  image::Dataset train_set, test_set, validation;
  nn::Graph original;
  double agreement = 0;
};

const Digits& digits() {
  static const Digits all;
  return all;
}

TEST(ConvertTraining, AgreesBetterThanWhatWasFittedOnly) {
  const double before = digits().fitted();
  EXPECT_GT(before, 0.3);  // chance: 0.1
  const TrainResult result = digits().convert(4);
  const double after = result.epochs[result.choice.kept_epoch - 1].validation_accuracy;
  EXPECT_GE(after, before);
  EXPECT_GT(after, 0.9);
  EXPECT_GE(result.choice.kept_epoch, 3U);  // one whose norms stood still
  for (const auto& node : result.graph.nodes) {
    EXPECT_FALSE(std::holds_alternative<nn::Activation>(node.layer)) << node.name;
    EXPECT_FALSE(std::holds_alternative<nn::BatchNorm>(node.layer)) << node.name;
  }
}

TEST(ConvertTraining, StopsAtTheAgreementThatIsWanted) {
  Digits wanted = digits();
  wanted.agreement = 0.5;
  const TrainResult result = wanted.convert(6);
  EXPECT_TRUE(result.finished);
  EXPECT_EQ(result.epochs.size(), 4U);  // the first of frozen norms
  EXPECT_EQ(result.choice.kept_epoch, 4U);
}

TEST(ConvertTraining, ResumedIsTheSame) {
  const TemporaryFolder folder;
  RunOptions options;
  options.checkpoint = folder / "net.checkpoint";
  const TrainResult whole = digits().convert(4);
  options.stop_after = 2;
  EXPECT_FALSE(digits().convert(4, options).finished);
  options.stop_after = 0;
  const TrainResult resumed = digits().convert(4, options);
  EXPECT_EQ(resumed.resumed_from, 2U);
  EXPECT_EQ(nn::to_onnx(resumed.graph), nn::to_onnx(whole.graph));
}

TEST(ConvertTraining, PicturesOfAnotherSizeAreRefused) {
  image::Dataset small = digits().test_set;
  small.height = 14;
  EXPECT_THAT([&] { answers_of(digits().original, small, 1, false); },
              ThrowsMessage<MismatchError>(HasSubstr("takes 1x28x28")));
}

}  // namespace
}  // namespace obscura::train
