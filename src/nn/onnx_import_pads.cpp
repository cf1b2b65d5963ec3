#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "nn/onnx_importer.h"
#include "nn/shapes.h"

namespace obscura::nn {

/// begin and end of every axis: an attribute up to opset 10, an input since, for some axes only since opset 18.
Dims Importer::pad_list(const NodeView& node, std::size_t rank) const {
  if (node.has("pads")) return node.integers("pads", {});
  const Constant& listed = constant_input(node, 1, "list of pads");
  if (!listed.integral) node.fail("has pads that are no integers");
  if (!has_input(node, 3)) return listed.ints;
  const Dims axes = constant_input(node, 3, "list of axes").ints;
  if (listed.size() != 2 * axes.size()) node.fail("has not two pads an axis");
  Dims pads(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + static_cast<std::int64_t>(rank) : axes[i];
    if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) node.fail("names an axis that is not there");
    pads[static_cast<std::size_t>(axis)] = listed.ints[i];
    pads[static_cast<std::size_t>(axis) + rank] = listed.ints[i + axes.size()];
  }
  return pads;
}

void Importer::add_pad(const NodeView& node) {
  if (input(node, 0).constant) node.unsupported("works on a constant");
  const std::size_t rank = input(node, 0).dims.size();
  const Dims pads = pad_list(node, rank);
  if (pads.size() != 2 * rank) {
    node.fail(fmt::format("needs {} pads, two an axis, not {}", 2 * rank, pads.size()));
  }
  if (std::ranges::all_of(pads, [](std::int64_t p) { return p == 0; })) return define(node, Value(input(node, 0)));
  for (const std::int64_t p : pads) {
    constexpr auto kMost = static_cast<std::int64_t>(kMaxSide);
    if (p > kMost || p < -kMost) node.fail("has an impossible value in pads");
  }
  const bool crops = std::ranges::any_of(pads, [](std::int64_t p) { return p < 0; });
  const bool sides = rank == 4 && pads[0] == 0 && pads[1] == 0 && pads[4] == 0 && pads[5] == 0;
  if (!sides || crops) {
    if (node.text("mode", "constant") != "constant") {
      node.unsupported("pads by '" + node.text("mode", "constant") +
                       "' other than height and width of an image; a constant can be put anywhere");
    }
    return pad_places(node, pads, pad_value(node));
  }
  need_image(node);
  const auto side = [&](std::size_t i) { return static_cast<std::size_t>(pads[i]); };
  Pad pad{{side(2), side(3), side(6), side(7)}, Pad::Mode::constant, 0.0F};
  const std::string mode = node.text("mode", "constant");
  if (mode == "reflect" || mode == "edge") {
    pad.mode = mode == "edge" ? Pad::Mode::edge : Pad::Mode::reflect;
  } else if (mode != "constant") {
    node.unsupported("pads by '" + mode + "'; supported: constant, reflect, edge");
  } else {
    pad.value = pad_value(node);
  }
  const std::size_t source = layer_input(node, 0);
  const Shape out = infer_shape(node.name(), Layer(pad), {graph_.nodes[source].shape});
  define_layer(node, pad, {source}, standard_dims(out, 4));
}

float Importer::pad_value(const NodeView& node) const {
  if (!has_input(node, 2)) return node.real("value", 0.0F);
  const Constant& value = constant_input(node, 2, "value");
  if (value.size() != 1) node.fail("has a value that is no number");
  return value.integral ? static_cast<float>(value.ints[0]) : value.floats[0];
}

/// Along any axis but the batch, by a constant; what is negative crops.
void Importer::pad_places(const NodeView& node, const Dims& pads, float value) {
  Places made = places(node);
  const std::size_t rank = made.dims.size();
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t side = made.dims[axis], before = pads[axis], after = pads[axis + rank];
    if (before == 0 && after == 0) continue;
    if (side + before + after < 1) node.fail("crops all there is");
    if (axis == 0 && (rank == 4 || rank == 2)) node.unsupported("pads the batch, which holds one image");
    Dims index;
    for (std::int64_t i = -before; i < side + after; ++i) index.push_back(i < 0 || i >= side ? -1 : i);
    charge_places(made.source.size() / static_cast<std::size_t>(side) * index.size());
    made = take(made, axis, index);
  }
  define_places(node, std::move(made), 0, value);
}

/// The padding by zeros that `source` is, where only this node reads it: taken out of the graph, to become part of the
/// window of `node`. No padding otherwise.
Pad Importer::take_zero_padding(const NodeView& node, std::size_t& source) {
  const auto* pad = std::get_if<Pad>(&graph_.nodes[source].layer);
  const bool last = source + 1 == graph_.nodes.size();
  if (pad == nullptr || pad->mode != Pad::Mode::constant || pad->value != 0.0F || !last ||
      !read_once(node.proto().input(0))) {
    return {};
  }
  const Pad taken = *pad;
  source = graph_.nodes[source].inputs[0];
  graph_.nodes.pop_back();
  return taken;
}

}  // namespace obscura::nn
