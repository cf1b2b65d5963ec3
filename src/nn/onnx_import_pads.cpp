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
  need_image(node);
  const Dims pads = pad_list(node, 4);
  if (pads.size() != 8) node.fail("needs 8 pads, two an axis, not " + std::to_string(pads.size()));
  if (std::ranges::all_of(pads, [](std::int64_t p) { return p == 0; })) return define(node, Value(input(node, 0)));
  for (const std::int64_t p : pads) {
    if (p < 0) node.unsupported("has negative pads, which crop; crop the image before the network instead");
    if (p > static_cast<std::int64_t>(kMaxSide)) node.fail("has an impossible value in pads");
  }
  if (pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0) {
    node.unsupported("pads the batch or the channels; height and width can be padded");
  }
  const auto side = [&](std::size_t i) { return static_cast<std::size_t>(pads[i]); };
  Pad pad{{side(2), side(3), side(6), side(7)}, Pad::Mode::constant, node.real("value", 0.0F)};
  const std::string mode = node.text("mode", "constant");
  if (mode == "reflect" || mode == "edge") {
    pad.mode = mode == "edge" ? Pad::Mode::edge : Pad::Mode::reflect;
  } else if (mode != "constant") {
    node.unsupported("pads by '" + mode + "'; supported: constant, reflect, edge");
  } else if (has_input(node, 2)) {
    const Constant& value = constant_input(node, 2, "value");
    if (value.size() != 1) node.fail("has a value that is no number");
    pad.value = value.integral ? static_cast<float>(value.ints[0]) : value.floats[0];
  }
  const std::size_t source = layer_input(node, 0);
  const Shape out = infer_shape(node.name(), Layer(pad), {graph_.nodes[source].shape});
  define_layer(node, pad, {source}, standard_dims(out, 4));
}

/// The padding by zeros that `source` is, where only this node reads it: taken out of the graph, to become part of the
/// window of `node`. No padding otherwise.
Pad Importer::take_zero_padding(const NodeView& node, std::size_t& source) {
  const auto* pad = std::get_if<Pad>(&graph_.nodes[source].layer);
  const bool last = source + 1 == graph_.nodes.size();
  if (pad == nullptr || pad->mode != Pad::Mode::constant || pad->value != 0.0F || !last ||
      uses_[node.proto().input(0)] != 1) {
    return {};
  }
  const Pad taken = *pad;
  source = graph_.nodes[source].inputs[0];
  graph_.nodes.pop_back();
  return taken;
}

}  // namespace obscura::nn
