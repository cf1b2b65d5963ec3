#include "train/encrypted/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "train/encrypted/zoo.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Statistics and coefficients that are not those of the start.
void disturb(Network& network) {
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : network.groups().rest) parameter.add_(torch::rand_like(parameter) * 0.2 - 0.05);
  for (const auto& buffer : network.named_buffers()) buffer.value().mul_(torch::rand_like(buffer.value()) * 0.4 + 0.8);
}

class ZooNetworkTest : public ::testing::TestWithParam<std::string> {
 protected:
  static Model model_of(const std::string& name) {
    // Chunks that do not divide the picture; other models of surfaces have a size that theirs come to.
    if (is_chunked(name)) return make_model(name, {1, 45, 61}, 10);
    if (resizes(name)) return make_model(name, {1, 48, 64}, 10);
    return make_model(name, usual_images(name), 10);
  }
};

TEST_P(ZooNetworkTest, FoldsExactly) {
  const Model model = model_of(GetParam());
  torch::manual_seed(5);
  Network network(model.graph, {model.recipe.normalised_squares, 0, 0, 0});
  const Shape shape = model.graph.input_shape();
  const auto images = torch::rand({2, static_cast<std::int64_t>(shape.channels),
                                   static_cast<std::int64_t>(shape.height), static_cast<std::int64_t>(shape.width)});
  network.train();
  for (int i = 0; i < 3; ++i) network.forward(torch::rand_like(images) * 2);
  disturb(network);
  network.eval();
  const torch::NoGradGuard no_grad;
  const auto logits = network.forward(images);

  const auto written = nn::read_onnx(nn::to_onnx(nn::fold_batch_norms(network.to_graph())), "memory");
  for (const nn::Node& node : written.nodes) {
    if (!std::holds_alternative<nn::BatchNorm>(node.layer)) continue;
    const nn::Layer& before = written.nodes[node.inputs[0]].layer;
    EXPECT_TRUE(std::holds_alternative<nn::Add>(before)) << node.name << " could go into a " << nn::layer_name(before);
  }
  for (std::int64_t n = 0; n < 2; ++n) {
    const auto flat = images[n].contiguous();
    const auto plain = nn::run_reference(written, {flat.data_ptr<float>(), shape.size()});
    for (std::int64_t k = 0; k < 10; ++k) {
      EXPECT_NEAR(plain[static_cast<std::size_t>(k)], logits[n][k].item<double>(), 1e-3) << GetParam();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, ZooNetworkTest, ::testing::ValuesIn(model_names()), [](const auto& tested) {
  std::string name = tested.param;
  std::erase(name, '-');
  return name;
});

/// Convolution, pool, batch norm, quadratic, dense layer: small enough for anything.
nn::Graph pooled_network() {
  nn::Graph graph = nn::make_graph("pooled", {2, 6, 6});
  nn::Conv2d conv;
  conv.out_channels = 3;
  conv.kernel = {3, 3};
  conv.padding = {1, 1, 1, 1};
  conv.weights.assign(54, 0.0F);
  nn::add_node(graph, "conv", conv, {0});
  nn::add_node(graph, "pool", nn::AvgPool{{3, 3}, {3, 3}, {0, 0, 0, 0}, false}, {1});
  nn::add_node(graph, "norm", nn::BatchNorm{std::vector<float>(3, 1.0F), std::vector<float>(3, 0.0F)}, {2});
  nn::Polynomial polynomial;
  polynomial.coefficients.assign(3, {0.0F, 0.5F, 0.28F});
  nn::add_node(graph, "quadratic", polynomial, {3});
  nn::add_node(graph, "fc", nn::Linear{2, std::vector<float>(24), std::vector<float>(2)}, {4});
  return graph;
}

std::vector<torch::Tensor> copies(const Network& network) {
  std::vector<torch::Tensor> all;
  for (const auto& buffer : network.buffers()) all.push_back(buffer.clone());
  return all;
}

TEST(Network, FrozenNormsDoNotMoveAndAreWhatTrainingUses) {
  torch::manual_seed(6);
  for (const bool normalised : {false, true}) {
    Network network(pooled_network(), {normalised, 0, 0, 0});
    network.train();
    const auto images = torch::randn({5, 2, 6, 6});
    network.forward(images);
    const auto before = copies(network);
    network.freeze_norms(true);
    const auto trained = network.forward(images * 3);
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(torch::equal(before[i], network.buffers()[i]));
    network.eval();
    EXPECT_LT((network.forward(images * 3) - trained).abs().max().item<double>(), 1e-5);
    network.train();
    network.freeze_norms(false);
    network.forward(images * 3);
    EXPECT_FALSE(torch::equal(before[0], network.buffers()[0]));
  }
}

TEST(Network, ObservesWhatIsSquared) {
  torch::manual_seed(7);
  Network network(pooled_network(), {true, 0, 0, 0});
  network.train();
  const auto images = torch::randn({64, 2, 6, 6});
  for (int i = 0; i < 100; ++i) network.forward(images);
  network.eval();
  std::vector<torch::Tensor> observed;
  network.forward(images, &observed);
  ASSERT_EQ(observed.size(), 1U);
  EXPECT_NEAR(observed[0].square().mean().item<double>(), 1, 0.02);
}

TEST(Network, GroupsHoldEveryParameterOnce) {
  const Network network(pooled_network(), {true, 0, 0, 0});
  const auto groups = network.groups();
  EXPECT_EQ(groups.convolutions.size(), 1U);
  EXPECT_EQ(groups.dense.size(), 2U);
  EXPECT_EQ(groups.rest.size(), 1U);
  EXPECT_EQ(network.parameters().size(), 4U);
}

/// Nothing but maximum pools.
nn::Graph maximal_network(std::size_t pools) {
  nn::Graph graph = nn::make_graph("maximal", {1, 64, 64});
  for (std::size_t i = 0; i < pools; ++i) {
    nn::add_node(graph, "pool" + std::to_string(i), nn::MaxPool{{1, 2}, {1, 2}}, {i});
  }
  return graph;
}

TEST(Network, ValuesBehindMaximumPoolsAreLeftOutInTraining) {
  torch::manual_seed(8);
  NetworkForm form;
  form.pool_dropout = {0, 0.25};
  Network network(maximal_network(2), form);
  const auto images = torch::ones({4, 1, 64, 64});
  network.train();
  const auto once = network.forward(images), twice = network.forward(images);
  ASSERT_EQ(once.numel(), 4096);
  EXPECT_FALSE(torch::equal(once, twice));
  const auto zeros = once.eq(0).sum().item<double>();
  EXPECT_NEAR(zeros / 4096, 0.25, 0.027);  // four standard deviations
  EXPECT_TRUE(torch::allclose(once.masked_select(once.ne(0)), torch::full({4096 - static_cast<long>(zeros)}, 4.0 / 3)));
  network.eval();
  EXPECT_TRUE(torch::equal(network.forward(images), torch::ones({4, 1024})));
  torch::manual_seed(9);
  network.train();
  const auto drawn = network.forward(images);
  torch::manual_seed(9);
  EXPECT_TRUE(torch::equal(network.forward(images), drawn));
  form.pool_dropout = {0.1, 0.1, 0.1};
  EXPECT_THAT([&] { Network more(maximal_network(2), form); }, ThrowsMessage<ParameterError>(HasSubstr("3 maximum")));
}

TEST(Network, LayersThatCannotBeTrainedAreNamed) {
  nn::Graph graph = nn::make_graph("fitted", {1, 4, 4});
  nn::add_node(graph, "fit", nn::Polynomial{{{0, 1, 2}}, nn::Polynomial::Basis::chebyshev}, {0});
  EXPECT_THAT([&] { Network network(graph); }, ThrowsMessage<UnsupportedError>(HasSubstr("layer 'fit' cannot be")));
}

}  // namespace
}  // namespace obscura::train
