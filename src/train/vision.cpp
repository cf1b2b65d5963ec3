#include "train/vision.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "train/vision_families.h"
#include "train/vision_layers.h"

namespace obscura::train {
namespace {

struct Entry {
  const char* name;
  const char* summary;
  std::shared_ptr<VisionModule> (*build)(const VisionSpec& spec);
  std::size_t patch;    // the usual one; 0: none
  std::size_t divisor;  // of the sides
};

constexpr std::array<Entry, 8> kEntries{{
    {"resnet8", "3x3 convolution, 3 residual blocks of 16, 32, 64 maps; He et al. 2016, for small pictures",
     make_resnet, 0, 1},
    {"resnet20", "3x3 convolution, 9 residual blocks of 16, 32, 64 maps; He et al. 2016, for small pictures",
     make_resnet, 0, 1},
    {"vit-tiny", "6 layers of width 96, 3 heads, patches of 4x4; for small pictures", make_vit, 4, 1},
    {"vit-small", "6 layers of width 192, 3 heads, patches of 4x4; for small pictures", make_vit, 4, 1},
    {"resnet18", "8 residual blocks of 64 to 512 maps; He et al. 2016", make_resnet, 0, 1},
    {"resnet34", "16 residual blocks of 64 to 512 maps; He et al. 2016", make_resnet, 0, 1},
    {"resnet50", "16 bottleneck blocks of 256 to 2048 maps; He et al. 2016", make_resnet, 0, 1},
    {"resnext50", "resnet50 with 32 groups of 4 maps; Xie et al. 2017", make_resnet, 0, 1},
}};

constexpr std::array<std::pair<Adaptation, const char*>, 4> kAdaptations{{
    {Adaptation::none, "none"},
    {Adaptation::er_cnn, "er-cnn"},
    {Adaptation::tanaka, "tanaka"},
    {Adaptation::madono, "madono"},
}};

const Entry& find_entry(const std::string& name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry;
  }
  throw UsageError(fmt::format("unknown network '{}': choose {}", name, fmt::join(vision_names(), ", ")));
}

/// What the network behind the adaptation is given.
VisionSpec backbone_spec(const VisionSpec& spec) {
  VisionSpec inner = spec;
  inner.adaptation = Adaptation::none;
  return inner;
}

class AdaptedNetwork : public VisionModule {
 public:
  explicit AdaptedNetwork(const VisionSpec& spec) {
    adaptation_ = register_module("adaptation", make_adaptation(spec));
    const VisionSpec inner = backbone_spec(spec);
    backbone_ = register_module("backbone", find_entry(spec.network).build(inner));
  }
  torch::Tensor forward(const torch::Tensor& images) override {
    return backbone_->forward(adaptation_->forward(images));
  }
  torch::Tensor penalty() override { return adaptation_->penalty(); }
  std::shared_ptr<VisionModule> adaptation() const { return adaptation_; }

 private:
  std::shared_ptr<VisionModule> adaptation_;
  std::shared_ptr<VisionModule> backbone_;
};

}  // namespace

std::string to_string(Adaptation adaptation) {
  return kAdaptations.at(static_cast<std::size_t>(adaptation)).second;
}

Adaptation parse_adaptation(const std::string& text) {
  for (const auto& [adaptation, name] : kAdaptations) {
    if (text == name) return adaptation;
  }
  throw UsageError(fmt::format("unknown adaptation '{}': choose none, er-cnn, tanaka or madono", text));
}

std::vector<std::string> vision_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

std::string vision_summary(const std::string& name) {
  return find_entry(name).summary;
}

bool has_small_stem(const VisionSpec& spec) {
  return std::min(spec.height, spec.width) < kSmallPicture;
}

std::size_t patch_of(const VisionSpec& spec) {
  return spec.patch > 0 ? spec.patch : find_entry(spec.network).patch;
}

void check_vision(const VisionSpec& spec) {
  const Entry& entry = find_entry(spec.network);
  if (entry.patch > 0) {
    const auto patch = patch_of(spec);
    if (spec.height % patch != 0 || spec.width % patch != 0) {
      throw UnsupportedError(
          fmt::format("patches of {}x{} do not divide pictures of {}x{}", patch, patch, spec.height, spec.width));
    }
  }
}

std::shared_ptr<VisionModule> make_vision(const VisionSpec& spec) {
  check_vision(spec);
  if (spec.adaptation == Adaptation::none) return find_entry(spec.network).build(spec);
  return std::make_shared<AdaptedNetwork>(spec);
}

std::shared_ptr<VisionModule> adaptation_of(VisionModule& module) {
  const auto* adapted = dynamic_cast<const AdaptedNetwork*>(&module);
  return adapted == nullptr ? nullptr : adapted->adaptation();
}

}  // namespace obscura::train
