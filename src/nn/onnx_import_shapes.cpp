#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "nn/onnx_importer.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

/// Shapes computed in the file are short lists.
constexpr std::size_t kMaxShapeList = 64;
constexpr std::size_t kMaxRank = 8;

std::int64_t product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

/// An axis from the end counts as negative.
std::int64_t normal_axis(const NodeView& node, std::int64_t axis, std::size_t rank) {
  const auto axes = static_cast<std::int64_t>(rank);
  if (axis < -axes || axis >= axes) node.fail("names an axis that is not there");
  return axis < 0 ? axis + axes : axis;
}

Constant short_list(std::vector<std::int64_t> values) {
  Constant constant;
  constant.dims = {static_cast<std::int64_t>(values.size())};
  constant.ints = std::move(values);
  constant.integral = true;
  return constant;
}

/// The image that a tensor of these dims is; nothing if no image is laid out so.
std::optional<Shape> as_shape(const Dims& dims) {
  const auto side = [&](std::size_t i) { return static_cast<std::size_t>(dims[i]); };
  if (dims.size() == 4 && dims[0] == 1) return Shape{side(1), side(2), side(3)};
  if (dims.size() == 3) return Shape{side(0), side(1), side(2)};
  if (dims.size() == 2 && dims[0] == 1) return Shape{side(1), 1, 1};
  if (dims.size() == 1) return Shape{side(0), 1, 1};
  return std::nullopt;
}

/// Sides of one mean nothing for the order in memory.
Dims without_ones(Dims dims) {
  std::erase(dims, 1);
  return dims;
}

/// ONNX Reshape: 0 keeps an axis, -1 is what remains.
Dims resolve_reshape(const NodeView& node, const Dims& from, const std::vector<std::int64_t>& target) {
  if (target.size() > kMaxRank) node.unsupported("has more than 8 axes");
  Dims dims;
  std::int64_t known = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < target.size(); ++i) {
    std::int64_t d = target[i];
    if (d == 0 && node.integer("allowzero", 0) == 0) {
      if (i >= from.size()) node.fail("keeps an axis that is not there");
      d = from[i];
    }
    if (d < -1 || d == 0 || d > static_cast<std::int64_t>(kMaxElements)) node.fail("has an impossible target shape");
    if (d == -1) {
      if (open) node.fail("leaves two axes open");
      open = i;
      dims.push_back(1);
      continue;
    }
    dims.push_back(d);
    known *= d;
    if (known > static_cast<std::int64_t>(kMaxElements)) node.fail("has an impossible target shape");
  }
  if (open) dims[*open] = product(from) / known;
  if (product(dims) != product(from)) node.fail("changes the number of values");
  return dims;
}

Dims flattened(const NodeView& node, const Dims& dims) {
  const std::int64_t axis = node.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(dims.size());
  if (axis < -rank || axis > rank) node.fail("names an axis that is not there");
  const auto cut = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(cut);
  return {product(Dims(dims.begin(), middle)), product(Dims(middle, dims.end()))};
}

}  // namespace

/// Axes of Squeeze and Unsqueeze: an attribute up to opset 12, an input since.
Dims Importer::axes(const NodeView& node) const {
  if (has_input(node, 1)) {
    const Constant& constant = constant_input(node, 1, "list of axes");
    if (!constant.integral) node.fail("has axes that are no integers");
    return constant.ints;
  }
  return node.integers("axes", {});
}

Dims Importer::reshaped_dims(const NodeView& node, const Dims& dims) const {
  if (node.type() == "Flatten") return flattened(node, dims);
  if (node.type() == "Reshape") {
    const Constant& target = constant_input(node, 1, "target shape");
    if (!target.integral) node.fail("has a target shape that is no list of integers");
    return resolve_reshape(node, dims, target.ints);
  }
  Dims chosen = axes(node);
  if (chosen.size() > kMaxRank || dims.size() > kMaxRank) node.unsupported("has more than 8 axes");
  Dims result = dims;
  if (node.type() == "Unsqueeze") {
    for (auto& axis : chosen) axis = normal_axis(node, axis, dims.size() + chosen.size());
    std::ranges::sort(chosen);
    for (const auto axis : chosen) {
      if (axis > static_cast<std::int64_t>(result.size())) node.fail("names an axis that is not there");
      result.insert(result.begin() + axis, 1);
    }
    return result;
  }
  if (chosen.empty()) {  // Squeeze of every axis of one; the batch axis stays
    for (std::size_t i = dims.size(); i-- > 1;) {
      if (dims[i] == 1) chosen.push_back(static_cast<std::int64_t>(i));
    }
  }
  for (auto& axis : chosen) axis = normal_axis(node, axis, dims.size());
  std::ranges::sort(chosen, std::greater<>());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  for (const auto axis : chosen) {
    if (result[static_cast<std::size_t>(axis)] != 1) node.fail("squeezes an axis that is not 1");
    result.erase(result.begin() + axis);
  }
  return result;
}

void Importer::add_reshaping(const NodeView& node) {
  const Value& source = input(node, 0);
  if (!source.constant) return view_tensor(node, reshaped_dims(node, source.dims));
  Constant changed = *source.constant;
  weight_budget_ -= std::min(weight_budget_, changed.size() * sizeof(float));
  changed.dims = reshaped_dims(node, changed.dims);
  if (count_values(changed.dims, "node '" + node.name() + "'") != changed.size())
    node.fail("changes the number of values");
  define_constant(node, std::move(changed));
}

/// The tensor seen with other axes. Order in memory never changes, so only flattening is a layer.
void Importer::view_tensor(const NodeView& node, const Dims& dims) {
  const auto shape = as_shape(dims);
  Value made = input(node, 0);
  const Shape now = graph_.nodes[made.node].shape;
  const bool flattens = shape && shape->channels == now.size() && *shape != now;
  if (flattens) {
    const std::size_t source = layer_input(node, 0);
    return define_layer(node, Flatten{}, {source}, dims);
  }
  if (without_ones(dims) != without_ones(standard_dims(now, 3))) {
    // A file that takes its image as a flat vector says here how large it is.
    const bool pristine = graph_.nodes.size() == 1 && made.expression.is_identity() && uses_[graph_.nodes[0].name] == 1;
    if (!shape || shape->size() != now.size() || !pristine) {
      node.unsupported("must amount to flattening one image; other reshapes are not supported");
    }
    graph_ = make_graph(graph_.name, *shape);
    graph_.nodes[0].name = node.proto().input(0);
  }
  made.dims = dims;
  define(node, std::move(made));
}

void Importer::add_pass_through(const NodeView& node) {
  const Value& source = input(node, 0);
  if (node.type() == "Dropout" && has_input(node, 2)) {
    node.unsupported("may be in training mode; export for inference");
  }
  const bool cast = node.type() == "Cast";
  if (cast && !source.constant && node.integer("to", 0) != onnx::TensorProto::FLOAT) {
    node.unsupported("changes the type of an image; only float is supported");
  }
  if (cast && source.constant) {
    const auto to = node.integer("to", 0);
    const bool integral = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
    if (integral != source.constant->integral) node.unsupported("changes a constant between integer and float");
  }
  define(node, Value(source));
}

void Importer::add_constant_node(const NodeView& node) {
  const std::string what = "constant '" + node.name() + "'";
  if (const auto* tensor = node.find("value")) {
    if (tensor->type() != onnx::AttributeProto::TENSOR) node.fail("has a value that is no tensor");
    return define_constant(node, read_constant(tensor->t(), what));
  }
  if (node.has("value_ints")) {
    Dims values = node.integers("value_ints", {});
    if (values.size() > kMaxShapeList) node.unsupported("holds a long list of integers");
    return define_constant(node, short_list(std::move(values)));
  }
  Constant constant;
  if (node.has("value_int")) {
    constant.integral = true;
    constant.ints = {node.integer("value_int", 0)};
  } else if (node.has("value_float")) {
    constant.floats = {node.real("value_float", 0)};
  } else {
    node.unsupported("must hold a tensor, a number or a list of integers");
  }
  define_constant(node, std::move(constant));
}

void Importer::add_constant_shape(const NodeView& node) {
  const Value& source = input(node, 0);
  define_constant(node, short_list(source.constant ? source.constant->dims : source.dims));
}

void Importer::add_gather(const NodeView& node) {
  const Constant& from = constant_input(node, 0, "table");
  const Constant& index = constant_input(node, 1, "index");
  if (!from.integral || from.dims.size() != 1 || !index.integral || index.dims.size() > 1 ||
      index.size() > kMaxShapeList || node.integer("axis", 0) != 0) {
    node.unsupported("is supported on shapes only");
  }
  Constant taken = short_list({});
  for (const std::int64_t i : index.ints) {
    taken.ints.push_back(from.ints[static_cast<std::size_t>(normal_axis(node, i, from.size()))]);
  }
  taken.dims = index.dims;
  define_constant(node, std::move(taken));
}

void Importer::add_concat(const NodeView& node) {
  std::vector<std::int64_t> joined;
  for (int i = 0; i < node.proto().input_size(); ++i) {
    const Constant& part = constant_input(node, i, "part");
    if (!part.integral || part.dims.size() != 1 || joined.size() + part.size() > kMaxShapeList) {
      node.unsupported("is supported on shapes only");
    }
    joined.insert(joined.end(), part.ints.begin(), part.ints.end());
  }
  define_constant(node, short_list(std::move(joined)));
}

void Importer::add_transpose(const NodeView& node) {
  const Constant& from = constant_input(node, 0, "table");
  const Dims order = node.integers("perm", {1, 0});
  if (from.integral || from.dims.size() != 2 || order != Dims{1, 0}) {
    node.unsupported("is supported on matrices of weights only");
  }
  const auto rows = static_cast<std::size_t>(from.dims[0]);
  const auto columns = static_cast<std::size_t>(from.dims[1]);
  Constant turned;
  turned.dims = {from.dims[1], from.dims[0]};
  turned.floats = copy(from.floats);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) turned.floats[c * rows + r] = from.floats[r * columns + c];
  }
  define_constant(node, std::move(turned));
}

}  // namespace obscura::nn
