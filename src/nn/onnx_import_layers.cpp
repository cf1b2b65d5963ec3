#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "nn/onnx_importer.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

using Sides = std::vector<std::size_t>;

/// What Conv and AveragePool state alike.
struct Window {
  std::array<std::size_t, 2> kernel;
  std::array<std::size_t, 2> stride;
  std::array<std::size_t, 2> dilation;
  std::array<std::size_t, 4> padding;  // top, left, bottom, right
};

/// ONNX auto_pad SAME_UPPER and SAME_LOWER: the output has ceil(in / stride) values; an odd one out goes to the end
/// or to the beginning.
void pad_to_same(Window& window, const Shape& in, bool upper) {
  const std::array<std::size_t, 2> sides{in.height, in.width};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::size_t extent = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    const std::size_t out = (sides[axis] + window.stride[axis] - 1) / window.stride[axis];
    const std::size_t covered = (out - 1) * window.stride[axis] + extent;
    const std::size_t total = covered > sides[axis] ? covered - sides[axis] : 0;
    window.padding[axis] = upper ? total / 2 : total - total / 2;
    window.padding[axis + 2] = total - window.padding[axis];
  }
}

Window read_window(const NodeView& node, const Shape& in, const Sides& default_kernel) {
  Window window{};
  const auto copy = [](const Sides& from, auto& to) { std::ranges::copy(from, to.begin()); };
  copy(node.sides("kernel_shape", 2, default_kernel, true), window.kernel);
  copy(node.sides("strides", 2, {1, 1}, true), window.stride);
  copy(node.sides("dilations", 2, {1, 1}, true), window.dilation);
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "NOTSET" || automatic.empty()) {
    copy(node.sides("pads", 4, {0, 0, 0, 0}, false), window.padding);
  } else if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    pad_to_same(window, in, automatic == "SAME_UPPER");
  } else if (automatic != "VALID") {
    node.fail("has an unknown auto_pad '" + automatic + "'");
  }
  return window;
}

void add_padding(Window& window, const Pad& pad) {
  for (std::size_t i = 0; i < 4; ++i) window.padding[i] += pad.padding[i];
}

/// Whether an average over an image padded by zeros is one that counts its padding.
bool takes_padding(const AvgPool& pool, const Layer& before) {
  const auto* pad = std::get_if<Pad>(&before);
  if (pad == nullptr) return false;
  const bool counts = pool.count_include_pad || pool.padding == std::array<std::size_t, 4>{0, 0, 0, 0};
  for (std::size_t i = 0; i < 4; ++i) {
    if (pool.padding[i] + pad->padding[i] >= pool.kernel[i % 2]) return false;
  }
  return counts;
}

Dims image_dims(const Shape& shape) {
  return standard_dims(shape, 4);
}

/// ceil_mode lets the last window hang over the edge: as if padded there, with nothing counted. `counted`: padding of
/// the pool's own is.
void apply_ceil_mode(const NodeView& node, Window& window, const Shape& in, bool counted) {
  const std::array<std::size_t, 2> sides{in.height, in.width};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::size_t padded = sides[axis] + window.padding[axis] + window.padding[axis + 2];
    if (padded < window.kernel[axis]) return;  // refused by the shape check
    const std::size_t over = (padded - window.kernel[axis]) % window.stride[axis];
    if (over == 0) continue;
    const std::size_t start = padded - over - window.kernel[axis] + window.stride[axis];
    if (start >= sides[axis] + window.padding[axis]) continue;  // would begin in the padding: dropped
    if (counted) node.unsupported("combines ceil_mode with count_include_pad; set one of them to 0");
    window.padding[axis + 2] += window.stride[axis] - over;
  }
}

}  // namespace

void Importer::add_conv(const NodeView& node) {
  need_image(node);
  const Constant& weights = constant_input(node, 1, "weight");
  if (weights.integral || weights.dims.size() != 4) node.unsupported("needs float weights of four axes");
  if (std::ranges::any_of(weights.dims, [](std::int64_t d) { return d < 1; })) node.fail("has empty weights");
  const auto size = [&](std::size_t i) { return static_cast<std::size_t>(weights.dims[i]); };
  std::size_t source = layer_input(node, 0);
  Window window = read_window(node, graph_.nodes[source].shape, {size(2), size(3)});
  if (window.kernel[0] != size(2) || window.kernel[1] != size(3)) node.fail("has a kernel_shape unlike its weights");
  add_padding(window, take_zero_padding(node, source));
  const Shape in = graph_.nodes[source].shape;
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || static_cast<std::size_t>(groups) > in.channels ||
      size(1) * static_cast<std::size_t>(groups) != in.channels) {
    node.fail("has weights for " + std::to_string(size(1)) + " channels a group, which do not fit its input");
  }
  Conv2d conv{size(0),
              static_cast<std::size_t>(groups),
              window.kernel,
              window.stride,
              window.dilation,
              window.padding,
              copy(weights.floats),
              {}};
  if (has_input(node, 2)) conv.bias = row_vector(node, 2, conv.out_channels, 1.0F);
  const Shape out = infer_shape(node.name(), Layer(conv), {in});
  define_layer(node, std::move(conv), {source}, image_dims(out));
}

void Importer::add_average_pool(const NodeView& node) {
  need_image(node);
  std::size_t source = layer_input(node, 0);
  const Shape in = graph_.nodes[source].shape;
  if (!node.has("kernel_shape")) node.fail("lacks its kernel_shape");
  Window window = read_window(node, in, {1, 1});
  if (window.dilation != std::array<std::size_t, 2>{1, 1}) node.unsupported("has dilations");
  const bool counted = node.integer("count_include_pad", 0) != 0, ceil = node.integer("ceil_mode", 0) != 0;
  if (ceil) apply_ceil_mode(node, window, in, counted);
  AvgPool pool{window.kernel, window.stride, window.padding, counted};
  // Where a window hangs over, zeros around the image would be counted there, too.
  if (!ceil && takes_padding(pool, graph_.nodes[source].layer)) {
    add_padding(window, take_zero_padding(node, source));
    if (window.padding != pool.padding) pool = {window.kernel, window.stride, window.padding, true};
  }
  const Shape out = infer_shape(node.name(), Layer(pool), {graph_.nodes[source].shape});
  define_layer(node, pool, {source}, image_dims(out));
}

/// Padding, also what a ceil_mode adds, counts as smaller than everything.
void Importer::add_max_pool(const NodeView& node) {
  need_image(node);
  const std::size_t source = layer_input(node, 0);
  const Shape in = graph_.nodes[source].shape;
  if (!node.has("kernel_shape")) node.fail("lacks its kernel_shape");
  Window window = read_window(node, in, {1, 1});
  if (window.dilation != std::array<std::size_t, 2>{1, 1}) node.unsupported("has dilations");
  if (node.integer("ceil_mode", 0) != 0) apply_ceil_mode(node, window, in, false);
  const MaxPool pool{window.kernel, window.stride, window.padding};
  define_layer(node, pool, {source}, image_dims(infer_shape(node.name(), Layer(pool), {in})));
}

void Importer::add_global_pool(const NodeView& node) {
  need_image(node);
  const std::size_t source = layer_input(node, 0);
  const Shape in = graph_.nodes[source].shape;
  const std::array<std::size_t, 2> whole{in.height, in.width};
  const bool largest = node.type() == "GlobalMaxPool";
  const Layer pool = largest ? Layer(MaxPool{whole, {1, 1}}) : Layer(AvgPool{whole, {1, 1}, {0, 0, 0, 0}, false});
  define_layer(node, pool, {source}, image_dims({in.channels, 1, 1}));
}

/// A mean, sum or maximum over height, width or both of an image, or over its places seen as one axis: a pool.
void Importer::add_reduction(const NodeView& node) {
  if (input(node, 0).constant) node.unsupported("works on a constant");
  const Dims from = input(node, 0).dims;
  if (from.size() == 4) lay_out(node, 0);
  const auto rank = static_cast<std::int64_t>(from.size());
  Dims reduced = has_input(node, 1) ? constant_input(node, 1, "list of axes").ints : node.integers("axes", {});
  for (auto& axis : reduced) axis += axis < 0 ? rank : 0;
  std::ranges::sort(reduced);
  if (merge_by_mean(node, reduced)) return;
  const bool rows = std::ranges::find(reduced, 2) != reduced.end(), columns = reduced.size() == 1 ? !rows : true;
  const bool sides = reduced == Dims{2, 3} || reduced == Dims{2} || reduced == Dims{3};
  if (!((rank == 4 && sides) || (rank == 3 && reduced == Dims{2}))) {
    node.unsupported("must be over height and width, axes 2 and 3 of [N, C, H, W]");
  }
  const std::size_t source = layer_input(node, 0);
  const Shape in = graph_.nodes[source].shape;
  if (from[0] != 1 || from[1] != static_cast<std::int64_t>(in.channels)) {
    node.unsupported("needs an input of [N, C, H, W]");
  }
  const std::array<std::size_t, 2> window{rows || rank == 3 ? in.height : 1, columns || rank == 3 ? in.width : 1};
  const bool largest = node.type() == "ReduceMax";
  const Layer pool = largest ? Layer(MaxPool{window, {1, 1}}) : Layer(AvgPool{window, {1, 1}, {0, 0, 0, 0}, false});
  Dims dims = from;
  for (const std::int64_t axis : reduced) dims[static_cast<std::size_t>(axis)] = 1;
  if (node.integer("keepdims", 1) == 0) {
    for (auto axis = reduced.rbegin(); axis != reduced.rend(); ++axis) dims.erase(dims.begin() + *axis);
  }
  const double values = static_cast<double>(window[0] * window[1]);
  const std::size_t made = add_node(graph_, node.name(), pool, {source});
  Value value{nullptr, made, {}, {}, std::move(dims), node.name()};
  if (node.type() == "ReduceSum") value.expression = Expression::constant(values) * Expression();
  define(node, std::move(value));
}

void Importer::add_batch_norm(const NodeView& node) {
  const auto& outputs = node.proto().output();
  const bool training = node.integer("training_mode", 0) != 0 ||
                        (outputs.size() > 1 && std::any_of(outputs.begin() + 1, outputs.end(),
                                                           [](const std::string& name) { return !name.empty(); }));
  if (training) {
    node.unsupported(
        "is in training form, with statistics of the batch that it sees; export for inference (model.eval() in "
        "PyTorch)");
  }
  lay_out(node, 0);
  const Dims dims = input(node, 0).dims;
  if ((dims.size() != 4 && dims.size() != 2) || !is_standard(input(node, 0))) {
    node.unsupported("needs an input of [N, C, H, W] or [N, n]");
  }
  const std::size_t source = layer_input(node, 0);
  const std::size_t channels = graph_.nodes[source].shape.channels;
  const auto gamma = row_vector(node, 1, channels, 1.0F);
  const auto beta = row_vector(node, 2, channels, 1.0F);
  const auto mean = row_vector(node, 3, channels, 1.0F);
  const auto variance = row_vector(node, 4, channels, 1.0F);
  const double epsilon = static_cast<double>(node.real("epsilon", 1e-5F));
  BatchNorm norm;
  for (std::size_t c = 0; c < channels; ++c) {
    const double spread = static_cast<double>(variance[c]) + epsilon;
    if (!(spread > 0)) node.fail("has a variance that is not positive");
    const double scale = static_cast<double>(gamma[c]) / std::sqrt(spread);
    norm.scale.push_back(static_cast<float>(scale));
    norm.shift.push_back(static_cast<float>(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * scale));
  }
  define_layer(node, std::move(norm), {source}, dims);
}

/// A constant of `size` values, or one for all, times `factor`.
std::vector<float> Importer::row_vector(const NodeView& node, int i, std::size_t size, float factor) {
  const Constant& constant = constant_input(node, i, "parameter");
  if (constant.integral || (constant.size() != size && constant.size() != 1)) {
    node.fail("needs " + std::to_string(size) + " numbers in input " + std::to_string(i + 1) + ", not " +
              std::to_string(constant.size()));
  }
  if (constant.size() != size) charge(size);
  std::vector<float> values = constant.size() == size ? copy(constant.floats) : std::vector(size, constant.floats[0]);
  if (factor != 1.0F) {
    for (float& v : values) v *= factor;
  }
  return values;
}

void Importer::add_gemm(const NodeView& node) {
  if (node.integer("transA", 0) != 0) node.unsupported("has transA; only the weights may be transposed");
  const bool transposed = node.integer("transB", 0) != 0;
  const Constant& weights = constant_input(node, 1, "weight");
  std::vector<float> bias;
  if (has_input(node, 2)) {
    const std::size_t outputs =
        weights.dims.size() == 2 ? static_cast<std::size_t>(weights.dims[transposed ? 0 : 1]) : 0;
    bias = row_vector(node, 2, outputs, node.real("beta", 1.0F));
  }
  finish_linear(node, transposed, node.real("alpha", 1.0F), std::move(bias));
}

void Importer::add_matmul(const NodeView& node) {
  finish_linear(node, false, 1.0F, {});
}

void Importer::finish_linear(const NodeView& node, bool transposed, float alpha, std::vector<float> bias) {
  const Constant& constant = constant_input(node, 1, "weight");
  if (constant.integral || constant.dims.size() != 2 || constant.size() == 0) {
    node.unsupported("needs float weights of two axes");
  }
  lay_out(node, 0);
  Dims dims = input(node, 0).dims;
  if (dims.size() > 2 || !is_standard(input(node, 0)))
    node.unsupported("needs a flat input [N, n], not " + dims_text(dims) +
                     ": put a Flatten before it, or a 1x1 convolution in its place where it works on every pixel; "
                     "layers over tokens, "
                     "as transformers have them, do not run encrypted");
  const std::size_t source = layer_input(node, 0);
  const auto rows = static_cast<std::size_t>(constant.dims[0]);
  const auto columns = static_cast<std::size_t>(constant.dims[1]);
  Linear linear{transposed ? rows : columns, copy(constant.floats), std::move(bias)};
  if (!transposed) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) linear.weights[c * rows + r] = constant.floats[r * columns + c];
    }
  }
  if (alpha != 1.0F) {
    for (float& w : linear.weights) w *= alpha;
  }
  dims.back() = static_cast<std::int64_t>(linear.out_features);
  define_layer(node, std::move(linear), {source}, dims);
}

}  // namespace obscura::nn
