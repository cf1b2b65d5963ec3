#include "train/zoo.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace obscura::train {
namespace {

/// Layers one after the other, all weights zero.
class Sequence {
 public:
  Sequence(const std::string& name, const nn::Shape& input) : graph_(nn::make_graph(name, input)) {}

  Sequence& conv(std::size_t out_channels, std::size_t kernel, std::size_t stride, std::size_t padding = 0) {
    nn::Conv2d conv;
    conv.out_channels = out_channels;
    conv.kernel = {kernel, kernel};
    conv.stride = {stride, stride};
    conv.padding = {padding, padding, padding, padding};
    conv.weights.assign(out_channels * shape().channels * kernel * kernel, 0.0F);
    conv.bias.assign(out_channels, 0.0F);
    return add("conv", std::move(conv));
  }
  Sequence& flatten() { return add("flatten", nn::Flatten{}); }
  Sequence& square() { return add("square", nn::Square{}); }
  Sequence& linear(std::size_t out_features) {
    return add("fc", nn::Linear{out_features, std::vector<float>(out_features * shape().size(), 0.0F),
                                std::vector<float>(out_features, 0.0F)});
  }
  nn::Graph take() { return std::move(graph_); }

 private:
  const nn::Shape& shape() const { return graph_.output_shape(); }
  /// Layers of a kind are numbered from 1 in the order in which they come.
  Sequence& add(const char* kind, nn::Layer layer) {
    std::size_t number = 1;
    for (const auto& node : graph_.nodes) number += node.layer.index() == layer.index() ? 1 : 0;
    nn::add_node(graph_, fmt::format("{}{}", kind, number), std::move(layer), {graph_.nodes.size() - 1});
    return *this;
  }
  nn::Graph graph_;
};

/// TenSEAL's tutorial 4 and the first three rows of CryptonDL's Table 1.
nn::Graph build_tenseal(const nn::Shape& input, std::size_t classes) {
  return Sequence("tenseal", input).conv(4, 7, 3).square().flatten().linear(64).square().linear(classes).take();
}

struct Entry {
  const char* name;
  const char* summary;
  nn::Shape input;
  Recipe recipe;
  nn::Graph (*build)(const nn::Shape& input, std::size_t classes);
};

const std::array<Entry, 1>& entries() {
  static const std::array<Entry, 1> all{{
      {"tenseal",
       "1x28x28: Conv 1->4 7x7 stride 3, square, Linear 256->64, square, Linear 64->classes; Adam 0.001, 10 epochs",
       {1, 28, 28},
       Recipe{},
       build_tenseal},
  }};
  return all;
}

const Entry& find_entry(const std::string& name) {
  for (const Entry& entry : entries()) {
    if (entry.name == name) return entry;
  }
  throw UsageError(fmt::format("unknown model '{}': choose {}", name, fmt::join(model_names(), ", ")));
}

std::string text(const nn::Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

std::string model_summary(const std::string& name) {
  return find_entry(name).summary;
}

Recipe model_recipe(const std::string& name) {
  return find_entry(name).recipe;
}

Model make_model(const std::string& name, const nn::Shape& input, std::size_t classes) {
  const Entry& entry = find_entry(name);
  if (input != entry.input) {
    throw UnsupportedError(fmt::format("model {} takes images of {}, not of {}", name, text(entry.input), text(input)));
  }
  if (classes < 2) throw UnsupportedError(fmt::format("model {} needs at least two classes", name));
  return {entry.name, entry.summary, entry.build(input, classes), entry.recipe};
}

}  // namespace obscura::train
