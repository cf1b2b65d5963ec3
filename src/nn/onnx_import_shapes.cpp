#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "nn/onnx_importer.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

/// Shapes computed in the file are short lists.
constexpr std::size_t kMaxShapeList = 64;

std::int64_t product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

Constant short_list(std::vector<std::int64_t> values) {
  Constant constant;
  constant.dims = {static_cast<std::int64_t>(values.size())};
  constant.ints = std::move(values);
  constant.integral = true;
  return constant;
}

/// ONNX Reshape: 0 keeps an axis, -1 is what remains.
Dims resolve_reshape(const NodeView& node, const Dims& from, const std::vector<std::int64_t>& target) {
  if (target.size() > kMaxAxes) node.unsupported("has more than 8 axes");
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

std::int64_t normal_axis(const NodeView& node, std::int64_t axis, std::size_t rank) {
  const auto axes = static_cast<std::int64_t>(rank);
  if (axis < -axes || axis >= axes) node.fail("names an axis that is not there");
  return axis < 0 ? axis + axes : axis;
}

std::optional<Shape> as_shape(const Dims& dims) {
  const auto side = [&](std::size_t i) { return static_cast<std::size_t>(dims[i]); };
  if (dims.size() == 4 && dims[0] == 1) return Shape{side(1), side(2), side(3)};
  if (dims.size() == 3) return Shape{side(0), side(1), side(2)};
  if (dims.size() == 2 && dims[0] == 1) return Shape{side(1), 1, 1};
  if (dims.size() == 1) return Shape{side(0), 1, 1};
  return std::nullopt;
}

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
  if (chosen.size() > kMaxAxes || dims.size() > kMaxAxes) node.unsupported("has more than 8 axes");
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
  if (merge_by_concat(node)) return;
  const Value& source = input(node, 0);
  if (!source.constant) return view_tensor(node, reshaped_dims(node, source.dims));
  charge(source.constant->size());
  Constant changed = *source.constant;
  changed.dims = reshaped_dims(node, changed.dims);
  if (count_values(changed.dims, "node '" + node.name() + "'") != changed.size())
    node.fail("changes the number of values");
  define_constant(node, std::move(changed));
}

/// The tensor seen with other axes. Order in memory never changes, so only flattening is a layer.
void Importer::view_tensor(const NodeView& node, const Dims& dims) {
  const auto shape = as_shape(dims);
  if (restate_input(node, dims, shape)) return;
  Value made = input(node, 0);
  const Shape now = graph_.nodes[made.node].shape;
  const bool flattens = shape && shape->channels == now.size() && *shape != now;
  if (flattens) {
    const std::size_t source = layer_input(node, 0);
    return define_layer(node, Flatten{}, {source}, dims);
  }
  // What was moved about just now is laid out so from the start, and known by the node that ends it.
  Node& last = graph_.nodes[made.node];
  auto* moved = std::get_if<Rearrange>(&last.layer);
  const bool alone = made.node + 1 == graph_.nodes.size() && is_plain(made) && read_once(node.proto().input(0));
  if (moved != nullptr && shape && *shape != now && alone) {
    moved->output = *shape;
    last.shape = *shape;
    last.name = node.name();
  }
  made.dims = dims;
  define(node, std::move(made));
}

/// A file that takes its image as a flat vector, or with the channels last, says here how large it is: the input is
/// that image from now on. False where this is not the first thing that happens to the input.
bool Importer::restate_input(const NodeView& node, const Dims& dims, const std::optional<Shape>& shape) {
  const Value& source = input(node, 0);
  const Shape now = graph_.nodes.front().shape;
  const bool pristine = graph_.nodes.size() == 1 && is_plain(source) && read_once(node.proto().input(0));
  const bool transposed = node.type() == "Transpose";
  const bool flat = now.height == 1 && now.width == 1;
  if (!pristine || !shape || image_.channels != 0 || shape->size() != now.size() || !(flat || transposed)) return false;
  if (shape->height == 1 || shape->width == 1) return false;
  const std::string name = graph_.nodes[0].name;
  const auto cut = graph_.chunks;
  graph_ = make_graph(graph_.name, *shape);
  graph_.chunks = cut;
  graph_.nodes[0].name = name;
  define(node, Value{nullptr, 0, {}, {}, dims, name});
  return true;
}

void Importer::add_pass_through(const NodeView& node) {
  const Value& source = input(node, 0);
  if (node.type() == "Dropout" && has_input(node, 2)) {
    const Constant& training = constant_input(node, 2, "training_mode");
    if (training.size() != 1 || !training.integral || training.ints[0] != 0) {
      node.unsupported(
          "is in training mode, in which it drops values by chance; export for inference (model.eval() in "
          "PyTorch)");
    }
  }
  const bool cast = node.type() == "Cast";
  const auto type = cast ? node.integer("to", 0) : 0;
  const bool real = type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::FLOAT16 ||
                    type == onnx::TensorProto::DOUBLE || type == onnx::TensorProto::BFLOAT16;
  if (cast && !source.constant && !real) node.unsupported("changes the type of an image; only float is supported");
  if (cast && source.constant) return convert_constant(node, type);
  Value made = source;
  if (cast && !source.precise && type == onnx::TensorProto::DOUBLE) {
    layer_input(node, 0);
    made = input(node, 0);
    made.precise = true;
  } else if (cast && source.precise && type != onnx::TensorProto::DOUBLE) {
    const std::size_t layer = emit(node.name(), source.node, source.expression, true);
    made = Value{nullptr, layer, {}, {}, source.dims, node.name()};
  }
  define(node, std::move(made));
}

/// Sizes on their way through other types.
void Importer::convert_constant(const NodeView& node, std::int64_t type) {
  const Constant& from = constant_input(node, 0, "value");
  const bool integral =
      type == onnx::TensorProto::INT64 || type == onnx::TensorProto::INT32 || type == onnx::TensorProto::BOOL;
  if (integral == from.integral) return define(node, Value(input(node, 0)));
  if (from.size() > kMaxShapeList) node.unsupported("changes a constant between integer and float");
  Constant made;
  made.dims = from.dims;
  made.integral = integral;
  for (const std::int64_t v : from.ints) made.floats.push_back(static_cast<float>(v));
  for (const float v : from.floats) {
    if (std::abs(v) > static_cast<float>(kMaxElements)) node.fail("makes an integer of a number that is no size");
    made.ints.push_back(static_cast<std::int64_t>(v));
  }
  if (integral) made.floats.clear();
  if (!integral) made.ints.clear();
  define_constant(node, std::move(made));
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
  const Dims dims = source.constant ? source.constant->dims : source.dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto place = [&](std::int64_t i) { return std::clamp(i < 0 ? i + rank : i, std::int64_t{0}, rank); };
  const std::int64_t first = place(std::max(node.integer("start", 0), -rank));
  const std::int64_t end = std::max(first, place(std::max(node.integer("end", rank), -rank)));
  define_constant(node, short_list({dims.begin() + first, dims.begin() + end}));
}

void Importer::add_gather(const NodeView& node) {
  const Constant& index = constant_input(node, 1, "index");
  if (!input(node, 0).constant) return gather_places(node, index);
  const Constant& from = constant_input(node, 0, "table");
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
  if (!input(node, 0).constant) return join_tensors(node);
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

/// Tensors one behind the other along the channels.
void Importer::join_tensors(const NodeView& node) {
  Dims dims = input(node, 0).dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t channels = rank == 4 || rank == 2 ? 1 : 0;
  const std::int64_t axis = normal_axis(node, node.integer("axis", 0), dims.size());
  if (axis != channels) node.unsupported("joins images along another axis than the channels");
  std::vector<std::size_t> inputs;
  std::vector<Shape> shapes;
  for (int i = 0; i < node.proto().input_size(); ++i) {
    if (input(node, i).constant) {
      node.unsupported("joins an image with constants; channels of zeros can be put there by Pad");
    }
    lay_out(node, i);
    if (input(node, i).dims.size() != dims.size() || !is_standard(input(node, i))) {
      node.unsupported("joins tensors that are laid out differently; flatten all of them, or none");
    }
    inputs.push_back(layer_input(node, i));
    shapes.push_back(graph_.nodes[inputs.back()].shape);
  }
  if (inputs.size() == 1) return define(node, Value(input(node, 0)));
  const Shape out = infer_shape(node.name(), Layer(Concat{}), shapes);
  define_layer(node, Concat{}, std::move(inputs), standard_dims(out, dims.size()));
}

/// A list or table of equal integers or numbers, as exporters pad lists with.
void Importer::add_constant_of_shape(const NodeView& node) {
  Constant value;
  value.floats = {0.0F};
  if (const auto* tensor = node.find("value")) {
    if (tensor->type() != onnx::AttributeProto::TENSOR) node.fail("has a value that is no tensor");
    value = read_constant(tensor->t(), "constant '" + node.name() + "'");
  }
  const Constant& shape = constant_input(node, 0, "shape");
  const std::size_t count = count_values(shape.ints, "node '" + node.name() + "'");
  if (!shape.integral || value.size() != 1 || count > kMaxShapeList) node.unsupported("is supported on shapes only");
  Constant made;
  made.dims = shape.ints;
  made.integral = value.integral;
  if (value.integral) made.ints.assign(count, value.ints[0]);
  if (!value.integral) made.floats.assign(count, value.floats[0]);
  define_constant(node, std::move(made));
}

/// Some entries, or rows, of a short list of integers: [first, end) in steps, from the end where negative.
void Importer::slice_list(const NodeView& node) {
  const Constant& from = constant_input(node, 0, "table");
  const auto one = [&](int i, const char* name, std::int64_t otherwise) {
    const Dims list = has_input(node, i) ? constant_input(node, i, name).ints : node.integers(name, {otherwise});
    if (list.size() != 1) node.unsupported("is supported on shapes only, along one axis");
    return list[0];
  };
  if (!from.integral || from.dims.empty() || from.size() > kMaxShapeList || one(3, "axes", 0) != 0) {
    node.unsupported("is supported on shapes only, along one axis");
  }
  const std::int64_t rows = from.dims[0];
  const std::int64_t step = one(4, "steps", 1);
  if (step != 1 && step != -1) node.unsupported("is supported on shapes only, in steps of 1 or -1");
  const auto place = [&](std::int64_t i, std::int64_t lowest, std::int64_t highest) {
    return std::clamp(i < 0 && i >= -rows ? i + rows : i, lowest, highest);
  };
  const std::int64_t first = place(one(1, "starts", 0), 0, step > 0 ? rows : rows - 1);
  const std::int64_t end = place(one(2, "ends", 0), step > 0 ? 0 : -1, rows);
  Constant taken = short_list({});
  const std::int64_t width = rows == 0 ? 0 : static_cast<std::int64_t>(from.size()) / rows;
  for (std::int64_t row = first; step > 0 ? row < end : row > end; row += step) {
    const auto begin = from.ints.begin() + row * width;
    taken.ints.insert(taken.ints.end(), begin, begin + width);
  }
  taken.dims = from.dims;
  taken.dims[0] = width == 0 ? 0 : static_cast<std::int64_t>(taken.ints.size()) / width;
  define_constant(node, std::move(taken));
}

void Importer::transpose_constant(const NodeView& node) {
  const Constant& from = constant_input(node, 0, "table");
  const Dims order = node.integers("perm", {1, 0});
  if (from.integral && from.dims.size() == 2 && order == Dims{1, 0} && from.size() <= kMaxShapeList) {
    Constant turned = from;
    turned.dims = {from.dims[1], from.dims[0]};
    const auto columns = static_cast<std::size_t>(from.dims[1]);
    const std::size_t rows = columns == 0 ? 0 : from.size() / columns;
    for (std::size_t i = 0; i < from.size(); ++i) turned.ints[i % columns * rows + i / columns] = from.ints[i];
    return define_constant(node, std::move(turned));
  }
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
