#include "train/vision/weights_jax_vit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace obscura::train {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::string_view kBlock = "Transformer/encoderblock_";
constexpr std::string_view kAttention = "MultiHeadDotProductAttention_1/";
constexpr std::array<std::string_view, 3> kProjections{"query", "key", "value"};

/// How a tensor's values change places.
enum class Layout { same, dense, convolution, flat, heads_out };

struct Renaming {
  std::string_view from;
  std::string_view to;
  Layout layout = Layout::same;
};

constexpr std::array<Renaming, 8> kOutside{{{"cls", "class_token"},
                                            {"embedding/kernel", "conv_proj.weight", Layout::convolution},
                                            {"embedding/bias", "conv_proj.bias"},
                                            {"Transformer/posembed_input/pos_embedding", "encoder.pos_embedding"},
                                            {"Transformer/encoder_norm/scale", "encoder.ln.weight"},
                                            {"Transformer/encoder_norm/bias", "encoder.ln.bias"},
                                            {"head/kernel", "heads.head.weight", Layout::dense},
                                            {"head/bias", "heads.head.bias"}}};

constexpr std::array<Renaming, 10> kInBlock{
    {{"LayerNorm_0/scale", "ln_1.weight"},
     {"LayerNorm_0/bias", "ln_1.bias"},
     {"LayerNorm_2/scale", "ln_2.weight"},
     {"LayerNorm_2/bias", "ln_2.bias"},
     {"MultiHeadDotProductAttention_1/out/kernel", "self_attention.out_proj.weight", Layout::heads_out},
     {"MultiHeadDotProductAttention_1/out/bias", "self_attention.out_proj.bias"},
     {"MlpBlock_3/Dense_0/kernel", "mlp.0.weight", Layout::dense},
     {"MlpBlock_3/Dense_0/bias", "mlp.0.bias"},
     {"MlpBlock_3/Dense_1/kernel", "mlp.3.weight", Layout::dense},
     {"MlpBlock_3/Dense_1/bias", "mlp.3.bias"}}};

std::size_t product(const Shape& shape, std::size_t first, std::size_t last) {
  std::size_t n = 1;
  for (std::size_t d = first; d < last; ++d) n *= static_cast<std::size_t>(shape[d]);
  return n;
}

void expect_dimensions(const std::string& name, const weights::WeightTensor& tensor, std::size_t dimensions) {
  if (tensor.shape.size() != dimensions) {
    throw FormatError(fmt::format("tensor \"{}\" of a vision transformer has shape [{}]; expected {} dimensions", name,
                                  fmt::join(tensor.shape, ", "), dimensions));
  }
}

/// [in, out] as rows of values -> [out, in].
std::vector<float> transpose(const std::vector<float>& values, std::size_t in, std::size_t out) {
  if (values.empty()) return {};
  std::vector<float> turned(values.size());
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t o = 0; o < out; ++o) turned[o * in + i] = values[i * out + o];
  }
  return turned;
}

/// The first `inner` dimensions are what a layer reads, the others what it gives.
weights::WeightTensor turn(const weights::WeightTensor& tensor, std::size_t inner, Shape shape) {
  const std::size_t in = product(tensor.shape, 0, inner);
  return {std::move(shape), transpose(tensor.values, in, product(tensor.shape, inner, tensor.shape.size()))};
}

weights::WeightTensor relayout(const std::string& name, const weights::WeightTensor& tensor, Layout layout) {
  const Shape& s = tensor.shape;
  switch (layout) {
    case Layout::same:
      return tensor;
    case Layout::flat:
      expect_dimensions(name, tensor, 2);
      return {{s[0] * s[1]}, tensor.values};
    case Layout::dense:
      expect_dimensions(name, tensor, 2);
      return turn(tensor, 1, {s[1], s[0]});
    case Layout::heads_out:  // [heads, of a head, out]
      expect_dimensions(name, tensor, 3);
      return turn(tensor, 2, {s[2], s[0] * s[1]});
    case Layout::convolution:
      break;
  }
  expect_dimensions(name, tensor, 4);  // [H, W, I, O] -> [O, H, W, I] -> [O, I, H, W]
  weights::WeightTensor out = turn(tensor, 3, {s[3], s[2], s[0], s[1]});
  const auto area = product(s, 0, 2);
  const auto one = area * static_cast<std::size_t>(s[2]);
  for (std::size_t o = 0; one > 0 && o < out.values.size(); o += one) {
    const std::vector<float> kernel(out.values.begin() + static_cast<std::ptrdiff_t>(o),
                                    out.values.begin() + static_cast<std::ptrdiff_t>(o + one));
    std::ranges::copy(transpose(kernel, area, static_cast<std::size_t>(s[2])),
                      out.values.begin() + static_cast<std::ptrdiff_t>(o));
  }
  return out;
}

template <std::size_t N>
const Renaming* find(const std::array<Renaming, N>& table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Renaming::from);
  return found == table.end() ? nullptr : &*found;
}

/// "Transformer/encoderblock_<i>/<rest>".
std::optional<std::pair<std::string, std::string_view>> split_block(std::string_view name) {
  if (!name.starts_with(kBlock)) return std::nullopt;
  name.remove_prefix(kBlock.size());
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return std::pair{std::string(name.substr(0, slash)), name.substr(slash + 1)};
}

std::string layer_name(const std::string& block) {
  return fmt::format("encoder.layers.encoder_layer_{}.", block);
}

/// Query, key and value of a block under each other; nothing if one of them is not there.
std::optional<weights::WeightTensor> join_projections(const weights::WeightFile& file, const std::string& block,
                                                      const char* part) {
  weights::WeightTensor joined;
  for (const std::string_view projection : kProjections) {
    const std::string name = fmt::format("{}{}/{}{}/{}", kBlock, block, kAttention, projection, part);
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) return std::nullopt;
    const bool bias = std::string_view(part) == "bias";
    expect_dimensions(name, found->second, bias ? 2 : 3);
    const Shape& s = found->second.shape;
    const weights::WeightTensor one =
        bias ? relayout(name, found->second, Layout::flat) : turn(found->second, 1, {s[1] * s[2], s[0]});
    if (!bias && !joined.shape.empty() && joined.shape[1] != one.shape[1]) {
      throw FormatError(fmt::format("tensor \"{}\" has another width than its neighbours", name));
    }
    if (joined.shape.empty()) {
      joined.shape = one.shape;
    } else {
      joined.shape[0] += one.shape[0];
    }
    joined.values.insert(joined.values.end(), one.values.begin(), one.values.end());
  }
  return joined;
}

/// True if the tensor is one of the three; with the first of them, all are taken.
bool take_projection(const weights::WeightFile& file, const std::string& block, std::string_view rest,
                     weights::WeightFile& out) {
  if (!rest.starts_with(kAttention)) return false;
  rest.remove_prefix(kAttention.size());
  for (const char* part : {"kernel", "bias"}) {
    for (const std::string_view projection : kProjections) {
      if (rest != fmt::format("{}/{}", projection, part)) continue;
      auto joined = join_projections(file, block, part);
      if (!joined) return false;
      const char* to = std::string_view(part) == "bias" ? "bias" : "weight";
      out.tensors.insert_or_assign(fmt::format("{}self_attention.in_proj_{}", layer_name(block), to),
                                   std::move(*joined));
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_jax_vit(const weights::WeightFile& file) {
  return file.tensors.contains("Transformer/encoder_norm/scale") || file.tensors.contains("embedding/kernel");
}

weights::WeightFile from_jax_vit(const weights::WeightFile& file) {
  weights::WeightFile out{{}, file.metadata};
  for (const auto& [name, tensor] : file.tensors) {
    const auto block = split_block(name);
    if (block && block->second.starts_with(kAttention) && take_projection(file, block->first, block->second, out))
      continue;
    const Renaming* known = block ? find(kInBlock, block->second) : find(kOutside, name);
    const std::string to = !known ? name : (block ? layer_name(block->first) : "") + std::string(known->to);
    out.tensors.insert_or_assign(to, relayout(name, tensor, known ? known->layout : Layout::same));
  }
  return out;
}

}  // namespace obscura::train
