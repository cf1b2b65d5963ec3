#include "train/encrypted/zoo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "train/encrypted/zoo_networks.h"

namespace obscura::train {
namespace {

struct Entry {
  const char* name;
  const char* summary;
  Shape input;           // the usual one
  std::size_t smallest;  // side
  std::size_t multiple;  // of sides: pools by 2 lose nothing
  nn::Graph (*build)(const Shape& input, std::size_t classes);
  Recipe (*recipe)(const std::string& dataset);
  /// In place of `build`, of a model that cuts pictures into chunks; `smallest` is then a chunk's side.
  nn::Graph (*build_chunks)(const Chunking& cut, std::size_t classes) = nullptr;
};

constexpr Shape kDigits{1, 28, 28};
constexpr Shape kCifar{3, 32, 32};
constexpr Shape kSurfaces{1, 112, 112};
constexpr ChunkSize kUsualChunk{28, 28};

constexpr std::array<Entry, 21> kEntries{{
    {"tenseal",
     "1x28x28: Conv 1->4 7x7 stride 3, square, Linear 256->64, square, Linear 64->classes; Adam 0.001, 10 epochs",
     kDigits, 7, 1, build_tenseal, paper_tenseal_recipe},
    {"cryptondl1",
     "1x28x28: Conv 1->12 7x7 stride 3, square, Linear 768->64, square, Linear 64->classes; RMSprop 0.001, 5 epochs",
     kDigits, 7, 1, build_cryptondl1, paper_cryptondl_recipe},
    {"cryptondl2",
     "1x28x28: Conv 1->12 3x3 stride 3, square, Linear 972->64, square, Linear 64->classes; RMSprop 0.001, 5 epochs",
     kDigits, 3, 1, build_cryptondl2, paper_cryptondl_recipe},
    {"obscura-s",
     "1x28x28: cryptondl1 with 128 hidden values and trainable quadratics; AdamW, 60 epochs with augmentation", kDigits,
     7, 1, build_obscura_s, own_recipe},
    {"obscura-l",
     "1x28x28: Conv 1->16 5x5 and 16->32 3x3, each averaged by 2, Linear 1568->128->classes, quadratics; AdamW, 60 "
     "epochs with augmentation",
     kDigits, 8, 4, build_obscura_l, own_recipe},
    {"lenet5",
     "1x28x28: Conv 1->32 and 32->64 5x5 stride 2, Linear 3136->512->classes, quadratics; AdamW, 20 epochs with "
     "augmentation",
     kDigits, 8, 1, build_lenet5, lenet5_recipe},
    {"obscura-m",
     "3x32x32: seven 3x3 convolutions of 32 to 256 maps, averaged by 2 at three of them, quadratics, mean, Linear "
     "256->classes; Muon, 30 epochs with augmentation",
     kCifar, 8, 8, build_obscura_m, obscura_m_recipe},
    {"resnet20",
     "3x32x32: ResNet-20, 16 to 64 maps, 19 quadratics, shortcuts of 1x1 convolutions, mean, Linear 64->classes; Muon, "
     "60 epochs with augmentation",
     kCifar, 8, 4, build_resnet20, residual_recipe},
    {"resnet32",
     "3x32x32: the same with 31 quadratics; at the limit of N = 2^16: 2.3 gigabytes of keys, nine at the server",
     kCifar, 8, 4, build_resnet32, residual_recipe},
    {"vgg-s",
     "3x32x32: eight 3x3 convolutions of 32 to 128 maps, averaged by 2 at three of them, quadratics, mean, Linear "
     "128->classes; Muon, 60 epochs with augmentation",
     kCifar, 8, 8, build_vgg_s, residual_recipe},
    {"obscura-x",
     "3x32x32: a residual network of five blocks, 32 to 128 maps, 11 quadratics, mean, Linear 128->classes; Muon, 60 "
     "epochs with augmentation",
     kCifar, 8, 4, build_obscura_x, residual_recipe},
    {"chunk-seed",
     "1x112x112 in chunks of 28x28: Conv 1->4 7x7 stride 3, square, Linear 256->128, square, Linear 128->classes, mean "
     "over the chunks; AdamW, 60 epochs with augmentation",
     kSurfaces, 7, 1, nullptr, chunk_seed_recipe, build_chunk_seed},
    {"chunk-seed-relu", "chunk-seed with ReLU, for the clear", kSurfaces, 7, 1, nullptr, chunk_seed_recipe,
     build_chunk_seed_relu},
    {"chunk-seed-concat", "chunk-seed with all chunks side by side before Linear 4096->128 instead of the mean",
     kSurfaces, 7, 1, nullptr, chunk_seed_recipe, build_chunk_seed_concat},
    {"chunk-original",
     "1x112x112: Conv 1->16 and 16->32 7x7, ReLU, each averaged by 2, Linear 25088->128->64->classes, for the clear",
     kSurfaces, 8, 4, build_original, chunk_seed_recipe},
    {"chunk-own",
     "1x112x112 in chunks of 28x28: four convolutions of 16 to 64 maps, quadratics, mean over each chunk and over all, "
     "Linear 64->64->classes; AdamW, 80 epochs with augmentation",
     kSurfaces, 8, 1, nullptr, chunk_own_recipe, build_chunk_own},
    {"whole-own",
     "1x112x112: five convolutions of 16 to 96 maps, quadratics, mean, Linear 96->classes; AdamW, 80 epochs with "
     "augmentation",
     kSurfaces, 16, 8, build_whole_own, surface_recipe},
    {"relu-l", "1x28x28: obscura-l with twice the maps and ReLU; a teacher for --distill-from", kDigits, 8, 4,
     build_relu_l, relu_l_recipe},
    {"relu-m", "3x32x32: obscura-m with ReLU; a teacher for --distill-from", kCifar, 8, 8, build_relu_m, relu_m_recipe},
    {"resnet20-relu",
     "3x32x32: ResNet-20 with ReLU and batch norms as published, for the clear and for convert; Muon, 60 epochs with "
     "augmentation",
     kCifar, 8, 4, build_resnet20_relu, resnet_relu_recipe},
    {"rcnn",
     "3x32x32: six 3x3 convolutions of 32 to 128 maps, ReLU, each two with a maximum pool and dropout, Linear "
     "2048->classes, for the clear; RMSprop 0.001, 12 epochs with augmentation (RCNN_CKKS has --epochs 100)",
     kCifar, 8, 8, build_rcnn, rcnn_recipe},
}};

const Entry& find_entry(const std::string& name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry;
  }
  throw UsageError(fmt::format("unknown model '{}': choose {}", name, fmt::join(model_names(), ", ")));
}

std::string text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

Chunking cut_for(const Entry& entry, const Shape& input, const ChunkSize& chunk) {
  const ChunkSize size = chunk.height == 0 ? kUsualChunk : chunk;
  const Chunking cut{input, size.height, size.width};
  if (std::min(size.height, size.width) < entry.smallest || (input.channels != 1 && input.channels != 3)) {
    throw UnsupportedError(fmt::format("model {} takes {} (usually {} in chunks of {}x{}), not {} in chunks of {}x{}",
                                       entry.name, images_taken(entry.name), text(entry.input), kUsualChunk.width,
                                       kUsualChunk.height, text(input), size.width, size.height));
  }
  check_chunking(cut);
  return cut;
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

std::string model_summary(const std::string& name) {
  return find_entry(name).summary;
}

Recipe model_recipe(const std::string& name, const std::string& dataset) {
  return find_entry(name).recipe(dataset);
}

Shape usual_images(const std::string& name) {
  return find_entry(name).input;
}

bool resizes(const std::string& name) {
  return find_entry(name).input == kSurfaces;
}

bool is_chunked(const std::string& name) {
  return find_entry(name).build_chunks != nullptr;
}

std::string images_taken(const std::string& name) {
  const Entry& entry = find_entry(name);
  std::string out = fmt::format("{} of one or three channels, sides from {}",
                                entry.build_chunks != nullptr ? "chunks of images" : "images", entry.smallest);
  if (entry.multiple > 1) out += fmt::format(" that are multiples of {}", entry.multiple);
  return out;
}

Model make_model(const std::string& name, const Shape& input, std::size_t classes, const std::string& dataset,
                 const ChunkSize& chunk) {
  const Entry& entry = find_entry(name);
  if (classes < 2) throw UnsupportedError(fmt::format("model {} needs at least two classes", name));
  if (entry.build_chunks != nullptr) {
    return {entry.name, entry.summary, entry.build_chunks(cut_for(entry, input, chunk), classes),
            entry.recipe(dataset)};
  }
  if (chunk.height != 0) throw UsageError(fmt::format("model {} cuts no pictures into chunks", name));
  const bool sides = std::min(input.height, input.width) >= entry.smallest && input.height % entry.multiple == 0 &&
                     input.width % entry.multiple == 0;
  if (!sides || (input.channels != 1 && input.channels != 3)) {
    throw UnsupportedError(fmt::format("model {} takes {} (usually {}), not {}", name, images_taken(name),
                                       text(entry.input), text(input)));
  }
  return {entry.name, entry.summary, entry.build(input, classes), entry.recipe(dataset)};
}

}  // namespace obscura::train
