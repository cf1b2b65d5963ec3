#include "train/vision/load_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "train/vision/weights_jax_vit.h"

namespace obscura::train {
namespace {

constexpr std::string_view kBackbone = "backbone.";
constexpr std::string_view kPositions = "pos_embedding";
constexpr std::size_t kMostListed = 8;

std::map<std::string, torch::Tensor> tensors_of(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> all;
  for (const auto& item : module.named_parameters()) all[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) all[item.key()] = item.value();
  return all;
}

/// What programs put in front of every name.
std::string_view without_wrappers(std::string_view name) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view wrapper : {std::string_view("module."), std::string_view("_orig_mod.")}) {
      if (!name.starts_with(wrapper)) continue;
      name.remove_prefix(wrapper.size());
      again = true;
    }
  }
  return name;
}

/// The same layer under the names of other versions of torchvision.
std::string of_today(std::string name) {
  constexpr std::array<std::array<std::string_view, 2>, 6> kRenamed{{{".norm.1.", ".norm1."},
                                                                     {".norm.2.", ".norm2."},
                                                                     {".conv.1.", ".conv1."},
                                                                     {".conv.2.", ".conv2."},
                                                                     {".mlp.linear_1.", ".mlp.0."},
                                                                     {".mlp.linear_2.", ".mlp.3."}}};
  for (const auto& [old, today] : kRenamed) {
    const std::size_t at = name.find(old);
    if (at != std::string::npos) name.replace(at, old.size(), today);
  }
  return name;
}

/// Names that a tensor of the file may have in the network, best first.
std::vector<std::string> candidates(const std::string& name) {
  std::vector<std::string> names;
  const std::string plain(without_wrappers(name));
  for (const std::string& one : {name, plain, of_today(plain)}) {
    names.push_back(one);
    names.push_back(std::string(kBackbone) + one);
    if (one.starts_with(kBackbone)) names.push_back(one.substr(kBackbone.size()));
  }
  return names;
}

/// A row of position embeddings: tokens that are no patch, and patches in a square.
struct Grid {
  std::int64_t tokens = 0;
  std::int64_t side = 0;
};

std::optional<Grid> grid_of(const std::vector<std::int64_t>& shape) {
  if (shape.size() != 3 || shape[0] != 1) return std::nullopt;
  for (const std::int64_t tokens : {1, 0}) {
    if (shape[1] <= tokens) continue;
    const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(shape[1] - tokens))));
    if (side * side == shape[1] - tokens) return Grid{tokens, side};
  }
  return std::nullopt;
}

torch::Tensor as_torch(const weights::WeightTensor& tensor) {
  return torch::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, torch::kFloat32);
}

/// Undefined if there is no way from one to the other.
torch::Tensor resized_positions(const weights::WeightTensor& from, const torch::Tensor& to) {
  const auto old = grid_of(from.shape);
  const auto wanted = grid_of(to.sizes().vec());
  if (!old || !wanted || from.shape[2] != to.size(2)) return {};
  const auto all = as_torch(from);
  const auto patches = all.slice(1, old->tokens).transpose(1, 2).reshape({1, to.size(2), old->side, old->side});
  const auto options = torch::nn::functional::InterpolateFuncOptions()
                           .size(std::vector<std::int64_t>{wanted->side, wanted->side})
                           .mode(torch::kBilinear)
                           .align_corners(true);
  const auto grid = torch::nn::functional::interpolate(patches, options).flatten(2).transpose(1, 2);
  if (wanted->tokens == 0) return grid;
  const auto token = old->tokens == 1 ? all.slice(1, 0, 1) : to.detach().slice(1, 0, 1).to(torch::kCPU);
  return torch::cat({token, grid}, 1);
}

/// What will be copied where, before anything is.
struct Plan {
  LoadReport report;
  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies;  ///< from, to
};

void plan_tensor(Plan& plan, const std::string& name, const weights::WeightTensor& from, const torch::Tensor& to) {
  const auto shape = to.sizes().vec();
  if (from.shape == shape) {
    plan.report.matched.push_back(name);
    plan.copies.emplace_back(as_torch(from), to);
    return;
  }
  const auto resized = name.ends_with(kPositions) ? resized_positions(from, to) : torch::Tensor();
  (resized.defined() ? plan.report.reshaped : plan.report.other_shape).push_back({name, from.shape, shape});
  if (resized.defined()) plan.copies.emplace_back(resized, to);
}

Plan make_plan(const std::map<std::string, torch::Tensor>& network, const weights::WeightFile& file) {
  Plan plan;
  std::map<std::string, torch::Tensor> left = network;
  for (const auto& [name, tensor] : file.tensors) {
    const auto names = candidates(name);
    const auto found = std::ranges::find_if(names, [&](const std::string& n) { return left.contains(n); });
    if (found == names.end()) {
      plan.report.unexpected.push_back(name);
      continue;
    }
    plan_tensor(plan, *found, tensor, left.at(*found));
    left.erase(*found);
  }
  for (const auto& [name, tensor] : left) {
    if (!name.ends_with("num_batches_tracked")) plan.report.missing.push_back(name);
  }
  return plan;
}

[[noreturn]] void throw_nothing_matches(const std::map<std::string, torch::Tensor>& network,
                                        const weights::WeightFile& file) {
  const auto first = [](const auto& all) { return all.empty() ? std::string("none") : all.begin()->first; };
  throw MismatchError(
      fmt::format("none of the file's {} tensors (\"{}\", ...) fits one of the network's {} (\"{}\", ...)",
                  file.tensors.size(), first(file.tensors), network.size(), first(network)));
}

std::string listed(const std::vector<std::string>& items) {
  const auto end = items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), kMostListed));
  std::string text = fmt::format("{}", fmt::join(items.begin(), end, ", "));
  if (items.size() > kMostListed) text += fmt::format(" and {} more", items.size() - kMostListed);
  return text;
}

std::vector<std::string> described(const std::vector<OtherShape>& shapes, const char* between) {
  std::vector<std::string> texts;
  for (const OtherShape& s : shapes) {
    texts.push_back(
        fmt::format("{} [{}] {} [{}]", s.name, fmt::join(s.file, ", "), between, fmt::join(s.network, ", ")));
  }
  return texts;
}

}  // namespace

std::string to_text(const LoadReport& report) {
  const std::size_t all =
      report.matched.size() + report.reshaped.size() + report.other_shape.size() + report.missing.size();
  const std::size_t drawn = report.other_shape.size() + report.missing.size();
  std::string text = fmt::format("{} of {} tensors matched", report.matched.size(), all);
  if (drawn > 0) text += fmt::format(", {} left as drawn at random", drawn);
  const auto add = [&](const char* title, const std::vector<std::string>& items) {
    if (!items.empty()) text += fmt::format("; {}: {}", title, listed(items));
  };
  add("resized", described(report.reshaped, "to"));
  add("of another shape", described(report.other_shape, "instead of"));
  add("not in the file", report.missing);
  add("not in the network", report.unexpected);
  return text;
}

LoadReport load_weights(torch::nn::Module& module, const weights::WeightFile& file) {
  const torch::NoGradGuard no_grad;
  if (is_jax_vit(file)) return load_weights(module, from_jax_vit(file));
  const auto network = tensors_of(module);
  Plan plan = make_plan(network, file);
  if (plan.copies.empty()) throw_nothing_matches(network, file);
  for (auto& [from, to] : plan.copies) to.copy_(from);
  return std::move(plan.report);
}

weights::WeightFile weights_of(const torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  weights::WeightFile file;
  for (const auto& [name, tensor] : tensors_of(module)) {
    const auto values = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    const float* first = values.data_ptr<float>();
    file.tensors[name] = {values.sizes().vec(), {first, first + values.numel()}};
  }
  return file;
}

}  // namespace obscura::train
