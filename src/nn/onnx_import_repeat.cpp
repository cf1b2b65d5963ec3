#include <algorithm>
#include <string>

#include "base/error.h"
#include "nn/onnx_importer.h"

namespace obscura::nn {
namespace {

constexpr std::int64_t kMostRepeats = std::int64_t{1} << 20;

/// The dims that both repeat to, by NumPy's broadcasting; nothing where an axis differs that is not 1.
std::optional<Dims> broadcast_dims(const Dims& a, const Dims& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  if (rank > kMaxAxes) return std::nullopt;
  Dims made(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {  // from the last axis on
    const std::int64_t left = i < a.size() ? a[a.size() - 1 - i] : 1, right = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (left != right && left != 1 && right != 1) return std::nullopt;
    if (std::min(left, right) < 1 || std::max(left, right) > kMostRepeats) return std::nullopt;
    made[rank - 1 - i] = std::max(left, right);
  }
  return made;
}

}  // namespace

/// The node of input i with every value as often as these dims want it; `label`: of the layer that does it.
std::size_t Importer::repeated_input(const NodeView& node, int i, const Dims& dims, const std::string& label) {
  const std::size_t source = layer_input(node, i);
  Places made = places_of(input(node, i).dims);
  made.dims.insert(made.dims.begin(), dims.size() - made.dims.size(), 1);
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (made.dims[axis] == dims[axis]) continue;
    charge_places(made.source.size() * static_cast<std::size_t>(dims[axis]));
    made = take(made, axis, Dims(static_cast<std::size_t>(dims[axis]), 0));
  }
  const auto shape = as_shape(dims);
  if (!shape) node.unsupported("repeats values to " + dims_text(dims) + ", which is no image and no list of numbers");
  if (made.source.size() == graph_.nodes[source].shape.size() && *shape == graph_.nodes[source].shape) return source;
  return add_node(graph_, label, Rearrange{*shape, std::move(made.source)}, {source});
}

/// A sum, difference or product of tensors of different shapes: a factor a channel, or a pixel, as
/// squeeze-and-excitation and spatial attention have it.
void Importer::add_two_shapes(const NodeView& node) {
  const Dims left = input(node, 0).dims, right = input(node, 1).dims;
  const auto dims = broadcast_dims(left, right);
  if (!dims) node.fail("combines tensors of " + dims_text(left) + " and " + dims_text(right));
  const std::size_t a = repeated_input(node, 0, *dims, node.name() + "_left");
  std::size_t b = repeated_input(node, 1, *dims, node.name() + "_right");
  if (node.type() == "Mul") return define_layer(node, Product{}, {a, b}, *dims);
  if (node.type() == "Sub") b = emit(node.name() + "_negated", b, Expression().negated());
  define_layer(node, Add{}, {a, b}, *dims);
}

/// ONNX Expand: y.expand_as(x).
void Importer::add_expand(const NodeView& node) {
  const Constant& shape = constant_input(node, 1, "shape");
  if (!shape.integral || shape.dims.size() != 1) node.fail("has a shape that is no list of integers");
  if (input(node, 0).constant) node.unsupported("is supported on tensors of the image only");
  const auto dims = broadcast_dims(input(node, 0).dims, shape.ints);
  if (!dims) node.fail("expands a tensor of " + dims_text(input(node, 0).dims) + " to " + dims_text(shape.ints));
  const std::size_t made = repeated_input(node, 0, *dims, node.name());
  define(node, Value{nullptr, made, {}, {}, *dims, node.name()});
}

/// Equal and Where of sizes, as exporters write that -1 keeps one.
void Importer::compare_sizes(const NodeView& node) {
  const bool where = node.type() == "Where";
  std::vector<const Constant*> lists;
  std::size_t size = 1;
  for (int i = 0; i < (where ? 3 : 2); ++i) {
    lists.push_back(&constant_input(node, i, "list of sizes"));
    if (!lists.back()->integral) node.unsupported("is supported on sizes only");
    size = std::max(size, lists.back()->size());
  }
  const auto at = [&](std::size_t k, std::size_t i) { return lists[k]->ints[lists[k]->size() == 1 ? 0 : i]; };
  for (const Constant* list : lists) {
    if (list->size() != size && list->size() != 1) node.fail("compares lists of different sizes");
  }
  const auto longest = std::ranges::find(lists, size, [](const Constant* list) { return list->size(); });
  Constant made;
  made.integral = true;
  made.dims = (*longest)->dims;
  for (std::size_t i = 0; i < size; ++i) {
    made.ints.push_back(where ? at(at(0, i) != 0 ? 1 : 2, i) : std::int64_t{at(0, i) == at(1, i)});
  }
  define_constant(node, std::move(made));
}

}  // namespace obscura::nn
