#include "train/vision/pretrained.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

/// First convolutions of the networks that have a small stem.
constexpr std::array<std::string_view, 3> kStems{"conv1.weight", "features.conv0.weight", "features.0.0.weight"};

std::string_view inner(std::string_view name) {
  constexpr std::string_view kBackbone = "backbone.";
  return name.starts_with(kBackbone) ? name.substr(kBackbone.size()) : name;
}

std::vector<std::string> heads_of(const torch::nn::Module& network) {
  std::vector<std::string> names;
  for (const auto& item : network.named_modules("", false)) {
    if (dynamic_cast<const Head*>(item.value().get()) != nullptr) names.push_back(item.key() + ".");
  }
  return names;
}

/// Of another window, but of the same pictures.
bool is_small_stem(const OtherShape& shape) {
  return std::ranges::find(kStems, inner(shape.name)) != kStems.end() && shape.file.size() == 4 &&
         shape.network.size() == 4 && shape.file[0] == shape.network[0] && shape.file[1] == shape.network[1];
}

}  // namespace

std::vector<std::string> unmatched_body(const torch::nn::Module& network, const LoadReport& report, bool small_stem) {
  const auto heads = heads_of(network);
  const auto may_differ = [&heads](const std::string& name) {
    return name.starts_with("adaptation.") ||
           std::ranges::any_of(heads, [&name](const std::string& head) { return name.starts_with(head); });
  };
  std::vector<std::string> out;
  for (const OtherShape& shape : report.other_shape) {
    if (!may_differ(shape.name) && !(small_stem && is_small_stem(shape))) out.push_back(shape.name);
  }
  for (const std::string& name : report.missing) {
    if (!may_differ(name)) out.push_back(name);
  }
  return out;
}

void require_body(const torch::nn::Module& network, const LoadReport& report, bool small_stem) {
  const auto left = unmatched_body(network, report, small_stem);
  if (left.empty()) return;
  throw MismatchError(fmt::format(
      "the pretrained weights are not of this network: {} of its tensors, those of the head aside, would stay as they "
      "were drawn at random ({}); --pretrained-partial takes what matches",
      left.size(), to_text(report)));
}

}  // namespace obscura::train
