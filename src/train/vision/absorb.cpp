#include "train/vision/absorb.h"

#include <fmt/format.h>

#include "base/error.h"

namespace obscura::train {
namespace {

weights::WeightTensor& tensor(VisionFile& file, const std::string& name, std::size_t values) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end() || found->second.values.size() != values) {
    throw FormatError("the network has no usable weights " + name);
  }
  return found->second;
}

/// Names of the layer that reads patches.
struct FirstLayer {
  const char* weight;
  const char* bias;
};

FirstLayer first_layer(const VisionSpec& spec) {
  if (spec.network.starts_with("vit")) return {"conv_proj.weight", "conv_proj.bias"};
  if (spec.network.starts_with("convmixer")) return {"0.weight", "0.bias"};
  throw UnsupportedError("only networks that read patches can take in a key: a vit or a convmixer, not " +
                         spec.network);
}

/// W x + b of x = (v - mean) / std and v = K^-1 (u - t): rows of W with the inverse of all that multiplied in, and what
/// is left over in b.
void absorb_block(weights::WeightTensor& weight, weights::WeightTensor& bias, const VisionFile& plain,
                  const shield::BlockMap& map) {
  const std::size_t n = map.size(), area = map.block * map.block;
  std::vector<double> row(n), shift(n, 0);  // shift = K^-1 t
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) shift[i] += map.inverse[i * n + j] * map.offset[j];
  }
  for (std::size_t out = 0; out < bias.values.size(); ++out) {
    float* const w = weight.values.data() + out * n;
    double left = bias.values[out];
    for (std::size_t i = 0; i < n; ++i) {
      row[i] = static_cast<double>(w[i]) / static_cast<double>(plain.std[i / area]);
      left -= row[i] * (static_cast<double>(plain.mean[i / area]) + shift[i]);
    }
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += row[i] * map.inverse[i * n + j];
      w[j] = static_cast<float>(sum);
    }
    bias.values[out] = static_cast<float>(left);
  }
}

/// Row 0 is the class token's.
void absorb_places(weights::WeightTensor& positions, const std::vector<std::uint32_t>& place) {
  const std::size_t width = positions.values.size() / (place.size() + 1);
  const std::vector<float> old = positions.values;
  for (std::size_t b = 0; b < place.size(); ++b) {
    for (std::size_t i = 0; i < width; ++i) positions.values[(1 + place[b]) * width + i] = old[(1 + b) * width + i];
  }
}

void check(const VisionFile& plain, const shield::Shield& shield) {
  const VisionSpec& spec = plain.spec;
  if (spec.adaptation != Adaptation::none || plain.notes.count("shield") != 0) {
    throw UnsupportedError("a network that reads protected pictures already cannot take in a key");
  }
  if (spec.channels != 1 && spec.channels != 3) {
    throw UnsupportedError(
        fmt::format("a key is taken in by networks for pictures of 1 or 3 channels, not of {}", spec.channels));
  }
  if (spec.height % shield.block() != 0 || spec.width % shield.block() != 0) {
    throw MismatchError(
        fmt::format("pictures of {}x{} are no whole blocks of {}", spec.width, spec.height, shield.block()));
  }
}

}  // namespace

VisionFile absorb_key(const VisionFile& plain, const shield::Shield& shield) {
  const VisionSpec& spec = plain.spec;
  const FirstLayer first = first_layer(spec);
  check(plain, shield);
  const auto map = shield.block_map(spec.channels, spec.height, spec.width);
  if (!map)
    throw UnsupportedError("the shield " + shield.name() + " is not linear in blocks: no network can take in its key");
  VisionFile out = plain;
  const auto found = out.tensors.find(first.bias);
  const std::size_t width = found == out.tensors.end() ? 0 : found->second.values.size();
  auto& bias = tensor(out, first.bias, width);
  const auto patches = out.tensors.find(first.weight);
  if (patches == out.tensors.end() || patches->second.shape.size() != 4 || width == 0) {
    throw FormatError("the network has no usable weights " + std::string(first.weight));
  }
  if (patches->second.shape[2] != static_cast<std::int64_t>(map->block)) {
    throw MismatchError(fmt::format("the network reads patches of {}, the shield has blocks of {}",
                                    patches->second.shape[2], map->block));
  }
  absorb_block(tensor(out, first.weight, width * map->size()), bias, plain, *map);
  if (!map->place.empty()) {
    const std::string name = "encoder.pos_embedding";
    if (!spec.positions || out.tensors.count(name) == 0) {
      throw UnsupportedError("the shield " + shield.name() +
                             " shuffles blocks, which only a vit with a position embedding can take in");
    }
    absorb_places(tensor(out, name, (map->place.size() + 1) * width), map->place);
  }
  out.mean.assign(spec.channels, 0);
  out.std.assign(spec.channels, 1);
  return out;
}

}  // namespace obscura::train
