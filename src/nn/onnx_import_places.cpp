#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "nn/onnx_importer.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

std::size_t elements(const Dims& dims) {
  return static_cast<std::size_t>(std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>()));
}

bool is_identity(const Rearrange& layer, std::size_t inputs) {
  if (layer.source.size() != inputs) return false;
  for (std::size_t i = 0; i < inputs; ++i) {
    if (layer.source[i] != static_cast<std::int32_t>(i)) return false;
  }
  return true;
}

bool has_gaps(const Rearrange& layer) {
  return std::ranges::find(layer.source, Rearrange::kFill) != layer.source.end();
}

/// ONNX Slice: the numbers from `start` on, before `end`, in steps; what lies outside of the axis is cut to it.
Dims sliced(std::int64_t side, std::int64_t start, std::int64_t end, std::int64_t step) {
  const auto place = [&](std::int64_t i, std::int64_t low, std::int64_t high) {
    return std::clamp(i < 0 ? i + side : i, low, high);
  };
  const bool forward = step > 0;
  const std::int64_t first = place(start, 0, forward ? side : side - 1);
  const std::int64_t last = place(end, forward ? 0 : -1, forward ? side : side - 1);
  // A step over all of the axis takes one entry, whatever its size.
  const std::int64_t by = std::clamp(step, -side - 1, side + 1);
  Dims index;
  for (std::int64_t i = first; forward ? i < last : i > last; i += by) index.push_back(i);
  return index;
}

/// Where ONNX Resize takes row `out` of `outs` from, of `side` rows scaled by `scale`.
std::int64_t nearest(const NodeView& node, std::size_t out, std::size_t outs, std::size_t side, double scale) {
  const bool upsample = node.type() == "Upsample";
  const std::string where = node.text("coordinate_transformation_mode", upsample ? "asymmetric" : "half_pixel");
  const std::string how = node.text("nearest_mode", upsample ? "floor" : "round_prefer_floor");
  const auto i = static_cast<double>(out);
  double x = 0;
  if (where == "half_pixel" || (where == "pytorch_half_pixel" && outs > 1)) {
    x = (i + 0.5) / scale - 0.5;
  } else if (where == "asymmetric") {
    x = i / scale;
  } else if (where == "align_corners") {
    x = outs < 2 ? 0 : i * static_cast<double>(side - 1) / static_cast<double>(outs - 1);
  } else if (where != "pytorch_half_pixel") {
    node.unsupported("places pixels by '" + where + "'; half_pixel, asymmetric and align_corners are supported");
  }
  double row = 0;
  if (how == "floor") {
    row = std::floor(x);
  } else if (how == "ceil") {
    row = std::ceil(x);
  } else {
    row = how == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
  }
  return static_cast<std::int64_t>(std::clamp(row, 0.0, static_cast<double>(side - 1)));
}

}  // namespace

void Importer::charge_places(std::size_t count) {
  if (count > place_budget_) throw FormatError("the network moves more values about than Obscura handles");
  place_budget_ -= count;
}

/// Where the values of the tensor to move about stand; it is a layer's output from then on.
Places Importer::places(const NodeView& node) {
  layer_input(node, 0);
  const Dims& dims = input(node, 0).dims;
  if (dims.size() > kMaxAxes) node.unsupported("has more than 8 axes");
  charge_places(elements(dims));
  return places_of(dims);
}

/// What moves values that were moved already is one layer with that, where nobody else reads it.
void Importer::fuse(Rearrange& layer, std::size_t& source) {
  while (source + 1 == graph_.nodes.size() && source > 0) {
    const Layer& before = graph_.nodes[source].layer;
    const auto* moved = std::get_if<Rearrange>(&before);
    if (moved == nullptr && !std::holds_alternative<Flatten>(before)) return;
    if (moved != nullptr) {
      const bool inner = has_gaps(*moved);
      if (inner && has_gaps(layer) && moved->fill != layer.fill) return;
      for (auto& s : layer.source) s = s == Rearrange::kFill ? s : moved->source[static_cast<std::size_t>(s)];
      if (inner) layer.fill = moved->fill;
    }
    const std::size_t earlier = graph_.nodes[source].inputs[0];
    graph_.nodes.pop_back();
    source = earlier;
    // What comes before it may have other readers.
    const auto read = [&](const Node& node) { return std::ranges::find(node.inputs, source) != node.inputs.end(); };
    const auto named = [&](const auto& value) {
      const auto left = remaining_.find(value.first);
      return !value.second.constant && value.second.node == source && left != remaining_.end() && left->second != 0;
    };
    if (std::ranges::any_of(graph_.nodes, read) || std::ranges::any_of(values_, named)) return;
  }
}

/// The moved values as a layer. `alone`: this is the one thing that the node makes of its input.
void Importer::define_places(const NodeView& node, Places made, int output, float fill, bool alone) {
  if (made.source.empty()) node.fail("leaves nothing of its input");
  const std::string& from = node.proto().input(0);
  std::size_t source = values_.at(from).node;
  Rearrange layer{as_shape(made.dims).value_or(Shape{made.source.size(), 1, 1}), std::move(made.source), fill};
  if (alone && read_once(from)) fuse(layer, source);
  const std::string label = alone ? node.name() : node.name() + "_" + std::to_string(output);
  if (!is_identity(layer, graph_.nodes[source].shape.size())) {
    source = add_node(graph_, label, std::move(layer), {source});
  }
  define(node, Value{nullptr, source, {}, {}, std::move(made.dims), label}, output);
}

void Importer::lay_out(const NodeView& node, int i) {
  if (has_input(node, i) && values_.contains(node.proto().input(i))) lay_out(node.proto().input(i), node.name());
}

/// The tensor as an image or flat vector of its own, where it is another one seen with other axes.
void Importer::lay_out(const std::string& name, const std::string& label) {
  if (values_.at(name).constant || is_standard(values_.at(name))) return;
  const Dims dims = values_.at(name).dims;
  const auto shape = as_shape(dims);
  if (!shape || shape->size() != elements(dims)) return;
  std::size_t source = materialise(name);
  charge_places(shape->size());
  Rearrange layer{*shape, places_of(dims).source};
  if (read_once(name)) fuse(layer, source);
  const bool same = is_identity(layer, graph_.nodes[source].shape.size());
  if (same && shape->height == 1 && shape->width == 1) {
    source = add_node(graph_, label + "_flat", Flatten{}, {source});
  } else if (!same || graph_.nodes[source].shape != *shape) {
    source = add_node(graph_, label + "_layout", std::move(layer), {source});
  }
  values_.at(name).node = source;
}

void Importer::add_slice(const NodeView& node) {
  if (input(node, 0).constant) return slice_list(node);
  const auto list = [&](int i, const char* name) {
    if (!has_input(node, i)) return node.integers(name, {});
    const Constant& constant = constant_input(node, i, name);
    if (!constant.integral) node.fail(std::string("has ") + name + " that are no integers");
    return constant.ints;
  };
  const Dims starts = list(1, "starts"), ends = list(2, "ends");
  Dims axes = list(3, "axes"), steps = list(4, "steps");
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  Places made = places(node);
  const bool fit = starts.size() == ends.size() && starts.size() == axes.size() && starts.size() == steps.size();
  if (!fit || starts.size() > made.dims.size()) node.fail("has starts, ends, axes and steps of different counts");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<std::size_t>(normal_axis(node, axes[i], made.dims.size()));
    if (steps[i] == 0) node.fail("has a step of 0");
    const Dims index = sliced(made.dims[axis], starts[i], ends[i], steps[i]);
    if (index.empty()) node.fail("cuts out a part of the image that is empty");
    charge_places(made.source.size());
    made = take(made, axis, index);
  }
  define_places(node, std::move(made));
}

/// Sizes as an attribute or an input, or else equal parts, the last of which may be smaller.
void Importer::add_split(const NodeView& node) {
  const Places all = places(node);
  const auto axis = static_cast<std::size_t>(normal_axis(node, node.integer("axis", 0), all.dims.size()));
  const std::int64_t side = all.dims[axis];
  const int parts = node.proto().output_size();
  Dims sizes = has_input(node, 1) ? constant_input(node, 1, "list of sizes").ints : node.integers("split", {});
  if (sizes.empty() && parts > 0) {
    const std::int64_t each = (side + parts - 1) / parts;
    for (std::int64_t first = 0; first < side; first += each) sizes.push_back(std::min(each, side - first));
  }
  if (static_cast<int>(sizes.size()) != parts) node.fail("does not say the sizes of all its parts");
  std::int64_t first = 0;
  for (int part = 0; part < parts; ++part) {
    const std::int64_t size = sizes[static_cast<std::size_t>(part)];
    if (size < 1 || size > side - first) node.fail("has parts that do not fit its input");
    Dims index(static_cast<std::size_t>(size));
    std::iota(index.begin(), index.end(), first);
    first += size;
    const std::string& name = node.proto().output(part);
    if (name.empty() || !uses_.contains(name)) continue;
    charge_places(all.source.size());
    define_places(node, take(all, axis, index), part, 0.0F, parts == 1);
  }
  if (first != side) node.fail("has parts that do not fit its input");
}

void Importer::add_transpose(const NodeView& node) {
  if (input(node, 0).constant) return transpose_constant(node);
  const Dims dims = input(node, 0).dims;
  Dims order = node.integers("perm", {});
  if (order.empty()) {
    for (std::size_t i = dims.size(); i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  }
  std::vector<std::size_t> axes(order.begin(), order.end());
  std::vector<std::size_t> sorted = axes;
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != i || sorted.size() != dims.size()) node.fail("has a perm that is no order of its axes");
  }
  // A network that takes [N, H, W, C] says so here; its image is the same one.
  const bool channels_last = order == Dims{0, 3, 1, 2} && (dims[3] == 1 || dims[3] == 3);
  if (channels_last && restate_input(node, {1, dims[3], dims[1], dims[2]}, as_shape({1, dims[3], dims[1], dims[2]}))) {
    return;
  }
  const Places from = places(node);
  charge_places(from.source.size());
  define_places(node, transpose(from, axes));
}

void Importer::add_depth_to_space(const NodeView& node) {
  need_image(node);
  const std::int64_t b = node.integer("blocksize", 0);
  const Dims d = input(node, 0).dims;
  if (b < 1 || b > static_cast<std::int64_t>(kMaxSide) || d[1] % (b * b) != 0) {
    node.fail("has a blocksize that does not divide its channels");
  }
  const std::int64_t c = d[1] / (b * b);
  const bool rows_first = node.text("mode", "DCR") == "CRD";
  Places made = places(node);
  charge_places(2 * made.source.size());
  made = rows_first ? transpose(reshape(std::move(made), {1, c, b, b, d[2], d[3]}), {0, 1, 4, 2, 5, 3})
                    : transpose(reshape(std::move(made), {1, b, b, c, d[2], d[3]}), {0, 3, 4, 1, 5, 2});
  define_places(node, reshape(std::move(made), {1, c, d[2] * b, d[3] * b}));
}

void Importer::add_space_to_depth(const NodeView& node) {
  need_image(node);
  const std::int64_t b = node.integer("blocksize", 0);
  const Dims d = input(node, 0).dims;
  if (b < 1 || d[2] % b != 0 || d[3] % b != 0) node.fail("has a blocksize that does not divide its sides");
  Places made = places(node);
  charge_places(2 * made.source.size());
  made = transpose(reshape(std::move(made), {1, d[1], d[2] / b, b, d[3] / b, b}), {0, 3, 5, 1, 2, 4});
  define_places(node, reshape(std::move(made), {1, d[1] * b * b, d[2] / b, d[3] / b}));
}

/// Entries of a tensor by constant numbers, along one axis.
void Importer::gather_places(const NodeView& node, const Constant& index) {
  Places made = places(node);
  const auto axis = static_cast<std::size_t>(normal_axis(node, node.integer("axis", 0), made.dims.size()));
  if (!index.integral || index.dims.size() > 1 || index.size() == 0) {
    node.unsupported("takes values of the image by something else than a list of numbers");
  }
  Dims chosen = index.ints;
  for (auto& i : chosen) {
    if (i < -made.dims[axis] || i >= made.dims[axis]) node.fail("takes an entry that is not there");
    i += i < 0 ? made.dims[axis] : 0;
  }
  charge_places(made.source.size() / static_cast<std::size_t>(made.dims[axis]) * chosen.size());
  made = take(made, axis, chosen);
  if (index.dims.empty()) {
    made.dims.erase(made.dims.begin() + static_cast<std::ptrdiff_t>(axis));
    if (made.dims.empty() || (axis == 0 && made.dims.size() == 3)) {
      node.unsupported("takes one image out of the batch, which holds one");
    }
  }
  define_places(node, std::move(made));
}

/// By scales or sizes, repeating or leaving out rows and columns.
void Importer::add_resize(const NodeView& node) {
  need_image(node);
  if (node.text("mode", "nearest") != "nearest") {
    node.unsupported("interpolates between pixels; only mode 'nearest' is supported, which repeats them");
  }
  if (node.has("axes") || node.text("keep_aspect_ratio_policy", "stretch") != "stretch") {
    node.unsupported("is supported over all axes only, without keeping an aspect ratio");
  }
  const bool old = node.type() == "Upsample" || node.proto().input_size() == 2;  // X, scales
  const bool by_sizes = has_input(node, 3);
  Dims sizes;
  std::vector<double> scales;
  if (by_sizes) {
    const Constant& listed = constant_input(node, 3, "list of sizes");
    if (!listed.integral) node.fail("has sizes that are no integers");
    sizes = listed.ints;
  } else {
    const auto* attribute = node.find("scales");
    if (attribute != nullptr) {
      scales.assign(attribute->floats().begin(), attribute->floats().end());
    } else {
      const Constant& listed = constant_input(node, old ? 1 : 2, "list of scales");
      scales.assign(listed.floats.begin(), listed.floats.end());
    }
  }
  Places made = places(node);
  if (sizes.size() + scales.size() != 4) node.fail("needs a scale, or a size, for each of its four axes");
  for (std::size_t axis = 0; axis < 4; ++axis) {
    const auto side = static_cast<double>(made.dims[axis]);
    const double outs = by_sizes ? static_cast<double>(sizes[axis]) : std::floor(side * scales[axis]);
    if (!(outs >= 1 && outs <= static_cast<double>(kMaxSide))) node.fail("has an impossible size");
    if (axis < 2 && outs != side) node.unsupported("resizes the batch or the channels");
    if (axis < 2) continue;
    Dims index;
    for (std::size_t i = 0; i < static_cast<std::size_t>(outs); ++i) {
      index.push_back(nearest(node, i, static_cast<std::size_t>(outs), static_cast<std::size_t>(side),
                              by_sizes ? outs / side : scales[axis]));
    }
    charge_places(made.source.size() / static_cast<std::size_t>(side) * index.size());
    made = take(made, axis, index);
  }
  define_places(node, std::move(made));
}

}  // namespace obscura::nn
