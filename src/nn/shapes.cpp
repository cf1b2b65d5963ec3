#include "nn/shapes.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"

namespace obscura::nn {
namespace {

[[noreturn]] void fail(const std::string& node, const std::string& problem) {
  throw FormatError("layer '" + node + "' " + problem);
}

void expect_inputs(const std::string& node, const std::vector<Shape>& inputs, std::size_t count) {
  if (inputs.size() != count) {
    fail(node, "takes " + std::to_string(count) + " inputs, not " + std::to_string(inputs.size()));
  }
}

void expect_size(const std::string& node, const char* what, std::size_t have, std::size_t want) {
  if (have != want) {
    fail(node, std::string("needs ") + std::to_string(want) + " " + what + ", not " + std::to_string(have));
  }
}

/// Output side of a sliding window (ONNX, floor mode): (in + pads - dilated kernel) / stride + 1.
std::size_t window_side(const std::string& node, std::size_t in, std::size_t before, std::size_t after,
                        std::size_t kernel, std::size_t dilation, std::size_t stride) {
  for (const std::size_t value : {kernel, dilation, stride}) {
    if (value == 0 || value > kMaxSide) fail(node, "has a kernel, stride or dilation that is zero or too large");
  }
  if (before > kMaxSide || after > kMaxSide) fail(node, "has too much padding");
  const std::size_t extent = (kernel - 1) * dilation + 1;
  const std::size_t padded = in + before + after;
  if (extent > padded) {
    fail(node, "has a window of " + std::to_string(extent) + " on an input of " + std::to_string(padded));
  }
  return (padded - extent) / stride + 1;
}

Shape checked(const std::string& node, const Shape& shape) {
  if (shape.channels == 0 || shape.height == 0 || shape.width == 0) fail(node, "has an empty output");
  checked_product(checked_product(shape.channels, shape.height, node), shape.width, node);
  return shape;
}

struct Inference {
  const std::string& node;
  const std::vector<Shape>& inputs;

  Shape operator()(const Input&) const { fail(node, "is an input, and only node 0 can be one"); }

  Shape operator()(const Conv2d& conv) const {
    expect_inputs(node, inputs, 1);
    const Shape& in = inputs[0];
    if (conv.groups == 0 || conv.out_channels == 0 || in.channels % conv.groups != 0 ||
        conv.out_channels % conv.groups != 0) {
      fail(node, "has " + std::to_string(in.channels) + " input and " + std::to_string(conv.out_channels) +
                     " output channels, which " + std::to_string(conv.groups) + " groups cannot share");
    }
    Shape out{conv.out_channels, 0, 0};
    out.height = window_side(node, in.height, conv.padding[0], conv.padding[2], conv.kernel[0], conv.dilation[0],
                             conv.stride[0]);
    out.width =
        window_side(node, in.width, conv.padding[1], conv.padding[3], conv.kernel[1], conv.dilation[1], conv.stride[1]);
    const std::size_t taps = checked_product(conv.kernel[0], conv.kernel[1], node);
    const std::size_t row = checked_product(in.channels / conv.groups, taps, node);
    expect_size(node, "weights", conv.weights.size(), checked_product(conv.out_channels, row, node));
    if (!conv.bias.empty()) expect_size(node, "biases", conv.bias.size(), conv.out_channels);
    return out;
  }

  /// A window that sees padding only has no average and no maximum.
  template <typename Pool>
  Shape pooled(const Pool& pool) const {
    expect_inputs(node, inputs, 1);
    const Shape& in = inputs[0];
    Shape out{in.channels, 0, 0};
    out.height = window_side(node, in.height, pool.padding[0], pool.padding[2], pool.kernel[0], 1, pool.stride[0]);
    out.width = window_side(node, in.width, pool.padding[1], pool.padding[3], pool.kernel[1], 1, pool.stride[1]);
    if (std::max(pool.padding[0], pool.padding[2]) >= pool.kernel[0] ||
        std::max(pool.padding[1], pool.padding[3]) >= pool.kernel[1]) {
      fail(node, "has padding as large as its kernel");
    }
    const bool rows_see_input = (out.height - 1) * pool.stride[0] < in.height + pool.padding[0];
    const bool columns_see_input = (out.width - 1) * pool.stride[1] < in.width + pool.padding[1];
    if (!rows_see_input || !columns_see_input) fail(node, "has a window that sees padding only");
    return out;
  }
  Shape operator()(const AvgPool& pool) const { return pooled(pool); }
  Shape operator()(const MaxPool& pool) const { return pooled(pool); }

  Shape operator()(const BatchNorm& norm) const {
    expect_inputs(node, inputs, 1);
    expect_size(node, "scales", norm.scale.size(), inputs[0].channels);
    expect_size(node, "shifts", norm.shift.size(), inputs[0].channels);
    return inputs[0];
  }

  Shape operator()(const Flatten&) const {
    expect_inputs(node, inputs, 1);
    return {inputs[0].size(), 1, 1};
  }

  Shape operator()(const Linear& linear) const {
    expect_inputs(node, inputs, 1);
    if (linear.out_features == 0) fail(node, "has no outputs");
    expect_size(node, "weights", linear.weights.size(), checked_product(linear.out_features, inputs[0].size(), node));
    if (!linear.bias.empty()) expect_size(node, "biases", linear.bias.size(), linear.out_features);
    return {linear.out_features, 1, 1};
  }

  Shape operator()(const Square&) const {
    expect_inputs(node, inputs, 1);
    return inputs[0];
  }

  Shape operator()(const Polynomial& polynomial) const {
    expect_inputs(node, inputs, 1);
    const auto& rows = polynomial.coefficients;
    if (rows.size() != 1) expect_size(node, "rows of coefficients", rows.size(), inputs[0].channels);
    for (const auto& row : rows) {
      if (row.size() < 2) fail(node, "has a polynomial of degree zero");
      expect_size(node, "coefficients in every row", row.size(), rows[0].size());
    }
    return inputs[0];
  }

  Shape operator()(const Add&) const {
    expect_inputs(node, inputs, 2);
    if (inputs[0] != inputs[1]) fail(node, "adds tensors of different shapes");
    return inputs[0];
  }

  Shape operator()(const Product&) const {
    expect_inputs(node, inputs, 2);
    if (inputs[0] != inputs[1]) fail(node, "multiplies tensors of different shapes");
    return inputs[0];
  }

  Shape operator()(const Concat&) const {
    if (inputs.size() < 2) fail(node, "joins fewer than two tensors");
    Shape out{0, inputs[0].height, inputs[0].width};
    for (const Shape& in : inputs) {
      if (in.height != out.height || in.width != out.width) fail(node, "joins tensors of different heights or widths");
      out.channels += in.channels;
      if (out.channels > kMaxElements) fail(node, "joins too many channels");
    }
    return out;
  }

  Shape operator()(const Pad& pad) const {
    expect_inputs(node, inputs, 1);
    const Shape& in = inputs[0];
    for (const std::size_t p : pad.padding) {
      if (p > kMaxSide) fail(node, "has too much padding");
    }
    const bool too_far =
        std::max(pad.padding[0], pad.padding[2]) >= in.height || std::max(pad.padding[1], pad.padding[3]) >= in.width;
    if (pad.mode == Pad::Mode::reflect && too_far) fail(node, "mirrors more than the image has");
    return {in.channels, in.height + pad.padding[0] + pad.padding[2], in.width + pad.padding[1] + pad.padding[3]};
  }

  Shape operator()(const Rearrange& rearrange) const {
    expect_inputs(node, inputs, 1);
    checked(node, rearrange.output);
    expect_size(node, "sources", rearrange.source.size(), rearrange.output.size());
    const auto values = static_cast<std::int64_t>(inputs[0].size());
    for (const std::int32_t s : rearrange.source) {
      if (s < Rearrange::kFill || s >= values) fail(node, "takes a value that its input does not have");
    }
    return rearrange.output;
  }

  Shape operator()(const Merge& merge) const {
    expect_inputs(node, inputs, 1);
    if (merge.count == 0) fail(node, "merges no chunks");
    if (merge.kind == Merge::Kind::mean) return inputs[0];
    return {checked_product(inputs[0].size(), merge.count, node), 1, 1};
  }

  Shape operator()(const Activation& activation) const {
    expect_inputs(node, inputs, 1);
    if (activation.kind == Activation::Kind::clip && activation.alpha > activation.beta) {
      fail(node, "clips to a range whose end lies before its beginning");
    }
    return inputs[0];
  }
};

template <typename Values>
void expect_finite(const std::string& node, const Values& values) {
  if (!std::all_of(values.begin(), values.end(), [](auto v) { return std::isfinite(v); })) {
    fail(node, "has a weight that is not a finite number");
  }
}

}  // namespace

std::size_t checked_product(std::size_t a, std::size_t b, const std::string& node) {
  if (a != 0 && b > kMaxElements / a) {
    fail(node, "has a tensor of more than " + std::to_string(kMaxElements) + " values");
  }
  return a * b;
}

Shape infer_shape(const std::string& node, const Layer& layer, const std::vector<Shape>& inputs) {
  return checked(node, std::visit(Inference{node, inputs}, layer));
}

void check_finite(const std::string& node, const Layer& layer) {
  if (const auto* conv = std::get_if<Conv2d>(&layer)) {
    expect_finite(node, conv->weights);
    expect_finite(node, conv->bias);
  } else if (const auto* linear = std::get_if<Linear>(&layer)) {
    expect_finite(node, linear->weights);
    expect_finite(node, linear->bias);
  } else if (const auto* norm = std::get_if<BatchNorm>(&layer)) {
    expect_finite(node, norm->scale);
    expect_finite(node, norm->shift);
  } else if (const auto* polynomial = std::get_if<Polynomial>(&layer)) {
    for (const auto& row : polynomial->coefficients) expect_finite(node, row);
  } else if (const auto* pad = std::get_if<Pad>(&layer)) {
    expect_finite(node, std::span(&pad->value, 1));
  } else if (const auto* rearrange = std::get_if<Rearrange>(&layer)) {
    expect_finite(node, std::span(&rearrange->fill, 1));
  } else if (const auto* activation = std::get_if<Activation>(&layer)) {
    expect_finite(node, std::span(&activation->alpha, 1));
    expect_finite(node, std::span(&activation->beta, 1));
  }
}

}  // namespace obscura::nn
