#include "train/vision/vision.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "train/vision/families.h"
#include "train/vision/layers.h"

namespace obscura::train {
namespace {

struct Entry {
  const char* name;
  const char* summary;
  std::shared_ptr<VisionModule> (*build)(const VisionSpec& spec);
  std::size_t patch = 0;     // the usual one; 0: the network has none
  std::size_t multiple = 1;  // what sides have to be multiples of
};

constexpr std::array<Entry, 21> kEntries{{
    {"resnet8",
     "3 residual blocks of 16, 32 and 64 maps after a 3x3 convolution (He et al. 2016, for 32x32); 0.08 M weights",
     make_resnet},
    {"resnet20",
     "9 residual blocks of 16, 32 and 64 maps after a 3x3 convolution (He et al. 2016, for 32x32); 0.27 M weights",
     make_resnet},
    {"resnext11",
     "3 bottleneck blocks of 64 to 256 maps with convolutions in 8 groups (Xie et al. 2017, smaller); 0.14 M weights",
     make_resnet},
    {"densenet22", "9 layers of two convolutions that add 12 maps each (Huang et al. 2017, smaller); 0.07 M weights",
     make_densenet},
    {"convnext-mini", "6 blocks of 16 to 128 maps (Liu et al. 2022, smaller); 0.31 M weights", make_convnext},
    {"vit-tiny",
     "transformer of 6 layers of width 96 on patches of 4x4 (Dosovitskiy et al. 2021, much smaller); 0.46 M weights",
     make_vit, 4},
    {"vit-small",
     "transformer of 6 layers of width 192 on patches of 4x4 (Dosovitskiy et al. 2021, smaller); 1.8 M weights",
     make_vit, 4},
    {"convmixer-tiny", "6 layers of width 128 on patches of 4x4 (Trockman and Kolter 2023, smaller); 0.13 M weights",
     make_convmixer, 4},
    {"convmixer", "8 layers of width 256 on patches of 2x2 (Trockman and Kolter 2023); 0.59 M weights", make_convmixer,
     2},
    {"resnet18", "8 residual blocks of 64 to 512 maps (He et al. 2016); 11.2 M weights", make_resnet},
    {"resnet34", "16 residual blocks of 64 to 512 maps (He et al. 2016); 21.3 M weights", make_resnet},
    {"resnet50", "16 bottleneck blocks of 256 to 2048 maps (He et al. 2016); 23.5 M weights", make_resnet},
    {"resnext50", "resnet50 with convolutions in 32 groups, from 4 maps a group (Xie et al. 2017); 23.0 M weights",
     make_resnet},
    {"densenet121", "58 layers of two convolutions that add 32 maps each (Huang et al. 2017); 7.0 M weights",
     make_densenet},
    {"convnext-tiny", "18 blocks of 96 to 768 maps (Liu et al. 2022); 27.8 M weights", make_convnext},
    {"convnext-small", "36 blocks of 96 to 768 maps (Liu et al. 2022); 49.5 M weights", make_convnext},
    {"convnext-base", "36 blocks of 128 to 1024 maps (Liu et al. 2022); 87.6 M weights", make_convnext},
    {"convnext-large", "36 blocks of 192 to 1536 maps (Liu et al. 2022); 196.2 M weights", make_convnext},
    {"vit-b16", "transformer of 12 layers of width 768 on patches of 16x16 (Dosovitskiy et al. 2021); 85.8 M weights",
     make_vit, 16},
    {"pyramid-shakedrop-mini",
     "9 residual blocks of 16 to 64 maps with ShakeDrop (Han et al. 2017, Yamada et al. 2018, smaller); 0.31 M weights",
     make_pyramid, 0, 4},
    {"pyramid-shakedrop",
     "54 residual blocks of 16 to 286 maps with ShakeDrop (Han et al. 2017, Yamada et al. 2018); 28.5 M weights",
     make_pyramid, 0, 4},
}};

// What no sensible picture or network reaches, and memory might.
constexpr std::size_t kLargestSide = 4096;
constexpr std::size_t kMostChannels = 4096;
constexpr std::size_t kMostClasses = 100000;
constexpr std::size_t kSmallestSide = 8;    // of networks that halve sides three times
constexpr std::size_t kMostPatches = 4096;  // ViT: all look at all
constexpr std::size_t kLargestBlock = 64;
constexpr std::size_t kMostAdaptationWeights = std::size_t{1} << 28;

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

template <typename... Values>
[[noreturn]] void refuse(fmt::format_string<Values...> text, Values&&... values) {
  throw UnsupportedError(fmt::format(text, std::forward<Values>(values)...));
}

void check_sizes(const VisionSpec& spec) {
  const auto check = [](const char* what, std::size_t value, std::size_t most) {
    if (value == 0 || value > most) refuse("{} {}: networks for pictures take 1 to {}", value, what, most);
  };
  check("channels", spec.channels, kMostChannels);
  check("rows", spec.height, kLargestSide);
  check("columns", spec.width, kLargestSide);
  check("classes", spec.classes, kMostClasses);
}

void check_patches(const VisionSpec& spec) {
  const auto patch = patch_of(spec);
  if (spec.height % patch != 0 || spec.width % patch != 0) {
    refuse("patches of {}x{} do not divide pictures of {}x{}", patch, patch, spec.height, spec.width);
  }
  const auto patches = spec.height / patch * (spec.width / patch);
  if (find_entry(spec.network).build == make_vit && patches > kMostPatches)
    refuse("{} patches of {}x{} in a picture: at most {}", patches, patch, patch, kMostPatches);
}

void check_adaptation(const VisionSpec& spec) {
  const auto name = to_string(spec.adaptation);
  const auto block = spec.block;
  if (block == 0 || block > kLargestBlock)
    refuse("blocks of {}x{}: {} takes 1 to {}", block, block, name, kLargestBlock);
  if (spec.height % block != 0 || spec.width % block != 0) {
    refuse("blocks of {}x{} do not divide pictures of {}x{}", block, block, spec.height, spec.width);
  }
  if (spec.adaptation_padding > 0) {
    if (spec.adaptation != Adaptation::er_cnn) refuse("{} has no padding: only er-cnn has", name);
    if (spec.adaptation_padding > 1 || block < 3) {
      refuse("padding {} with blocks of {}x{}: er-cnn takes 0, or 1 from blocks of 3x3", spec.adaptation_padding, block,
             block);
    }
  }
  // Tanaka's and Madono's have 16 block^2 maps; er-cnn has as many as samples, in one group when padded.
  const auto samples = spec.channels * block * block;
  const bool separate = spec.adaptation == Adaptation::madono;
  const auto positions = separate ? spec.height / block * (spec.width / block) : 1;
  const auto maps = spec.adaptation == Adaptation::er_cnn ? samples : 16 * block * block;
  const auto inputs = spec.adaptation == Adaptation::er_cnn && spec.adaptation_padding == 0 ? block * block : samples;
  const auto weights = positions * maps * inputs + (separate ? positions * positions : 0);
  if (weights > kMostAdaptationWeights) {
    refuse("{} for blocks of {}x{} in pictures of {}x{}x{} would have {} weights: at most {}", name, block, block,
           spec.channels, spec.height, spec.width, weights, kMostAdaptationWeights);
  }
}

/// What the network behind the adaptation is given.
VisionSpec backbone_spec(const VisionSpec& spec) {
  VisionSpec inner = spec;
  inner.adaptation = Adaptation::none;
  inner.channels = adapted_channels(spec);
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
  check_sizes(spec);
  if (entry.patch > 0) {
    check_patches(spec);
  } else if (spec.patch > 0) {
    refuse("{} has no patches: only ViT and ConvMixer take a patch size", spec.network);
  } else if (std::min(spec.height, spec.width) < kSmallestSide) {
    refuse("{} takes pictures from {}x{}, not {}x{}", spec.network, kSmallestSide, kSmallestSide, spec.height,
           spec.width);
  }
  if (spec.height % entry.multiple != 0 || spec.width % entry.multiple != 0) {
    refuse("{} takes pictures whose sides are multiples of {}, not {}x{}", spec.network, entry.multiple, spec.height,
           spec.width);
  }
  if (!spec.positions && entry.build != make_vit) {
    refuse("{} has no position embedding that could be left out: only ViT has", spec.network);
  }
  if (spec.adaptation != Adaptation::none) check_adaptation(spec);
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
