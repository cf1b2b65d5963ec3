#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "nn/onnx_chunks.h"
#include "nn/onnx_importer.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

std::size_t side(std::int64_t value, const std::string& what) {
  if (value < 1 || value > static_cast<std::int64_t>(kMaxInput)) throw FormatError(what + " has an impossible shape");
  return static_cast<std::size_t>(value);
}

/// Shape of the input and its dims with batch 1. Accepts [N, C, H, W], [N, n] with N 1 or symbolic, [C, H, W], [n], and
/// any of up to four axes where `image` says what it is.
std::pair<Shape, Dims> input_shape(const onnx::ValueInfoProto& info, const Shape& image) {
  const std::string what = "input '" + info.name() + "'";
  const auto& type = info.type();
  if (!type.has_tensor_type()) throw FormatError(what + " is no tensor");
  const auto element = type.tensor_type().elem_type();
  if (element != onnx::TensorProto::FLOAT && element != onnx::TensorProto::FLOAT16 &&
      element != onnx::TensorProto::DOUBLE) {
    throw UnsupportedError(what + " must be of type float, float16 or double");
  }
  const auto& dims = type.tensor_type().shape().dim();
  const int rank = dims.size();
  if (rank < 1 || rank > 4) throw UnsupportedError(what + " must be [N, C, H, W], [C, H, W], [N, n] or [n]");
  const bool has_batch = rank == 4 || rank == 2 || (rank == 3 && !dims[0].has_dim_value());
  if (has_batch && dims[0].has_dim_value() && dims[0].dim_value() > 1) {
    throw UnsupportedError(what + " has a fixed batch of " + std::to_string(dims[0].dim_value()) +
                           "; export with a batch of 1 or a symbolic one");
  }
  Dims known;
  for (int i = 0; i < rank; ++i) {
    if (i == 0 && has_batch) {
      known.push_back(1);
      continue;
    }
    if (!dims[i].has_dim_value())
      throw UnsupportedError(what + " must have fixed sides; only the batch may be symbolic");
    known.push_back(static_cast<std::int64_t>(side(dims[i].dim_value(), what)));
  }
  std::size_t values = 1;
  for (const auto d : known) {
    if (static_cast<std::size_t>(d) > kMaxInput / values) throw FormatError("the network's input is too large");
    values *= static_cast<std::size_t>(d);
  }
  if (image.channels != 0) {
    std::size_t size = 1;
    for (const auto d : known) size *= static_cast<std::size_t>(d);
    const bool other = rank == 4 && known != standard_dims(image, 4);
    if (size == image.size() && !other) return {image, known};
    throw MismatchError(what + " of shape " + dims_text(known) + " holds no image of " +
                        std::to_string(image.channels) + "x" + std::to_string(image.height) + "x" +
                        std::to_string(image.width));
  }
  if (has_batch && rank == 3) {
    throw UnsupportedError(what + " is " + fmt::format("[N, {}, {}]", known[1], known[2]) +
                           ", which is no image: say which one it is as channels x height x width, for example "
                           "obscura compile --input " +
                           fmt::format("1x{}x{}", known[1], known[2]) + " --save");
  }
  const std::size_t first = has_batch ? 1 : 0;
  Shape shape{side(known[first], what), 1, 1};
  if (rank >= 3) shape = {shape.channels, side(known[first + 1], what), side(known[first + 2], what)};
  return {shape, known};
}
}  // namespace

std::vector<bool> needed_nodes(const onnx::GraphProto& proto) {
  std::set<std::string> initialisers;
  for (const auto& tensor : proto.initializer()) initialisers.insert(tensor.name());
  std::map<std::string, std::size_t> makers;
  for (int i = 0; i < proto.node_size(); ++i) {
    for (const auto& name : proto.node(i).output()) {
      if (name.empty()) continue;
      if (initialisers.contains(name) || !makers.emplace(name, static_cast<std::size_t>(i)).second) {
        throw FormatError("the tensor '" + name + "' is made twice");
      }
    }
  }
  std::vector<bool> needed(static_cast<std::size_t>(proto.node_size()), false);
  std::vector<std::string> open;
  for (const auto& output : proto.output()) open.push_back(output.name());
  while (!open.empty()) {
    const auto maker = makers.find(open.back());
    open.pop_back();
    if (maker == makers.end() || needed[maker->second]) continue;
    needed[maker->second] = true;
    for (const auto& name : proto.node(static_cast<int>(maker->second)).input()) open.push_back(name);
  }
  return needed;
}
void Importer::read_initialisers() {
  std::set<std::string> names;
  for (const auto& tensor : proto_.initializer()) {
    if (!names.insert(tensor.name()).second) throw FormatError("initialiser '" + tensor.name() + "' is there twice");
    if (!uses_.contains(tensor.name())) continue;  // what nobody reads may be anything
    Value made;
    made.constant = std::make_shared<Constant>(read_constant(tensor, "initialiser '" + tensor.name() + "'"));
    values_.emplace(tensor.name(), std::move(made));
  }
}

void Importer::read_input() {
  const onnx::ValueInfoProto* found = nullptr;
  std::set<std::string> initialisers;
  for (const auto& tensor : proto_.initializer()) initialisers.insert(tensor.name());
  for (const auto& info : proto_.input()) {
    if (initialisers.contains(info.name())) continue;  // old files list initialisers among the inputs
    if (found != nullptr) throw UnsupportedError("the network has more than one input; one image is supported");
    found = &info;
  }
  if (found == nullptr) throw FormatError("the network has no input");
  const auto [shape, dims] = input_shape(*found, image_);
  graph_ = make_graph(proto_.name(), shape);
  if (!chunks_.empty()) graph_.chunks = parse_chunks(chunks_, shape);
  graph_.nodes[0].name = found->name();
  values_.emplace(found->name(), Value{nullptr, 0, {}, {}, dims, found->name()});
}

/// Behind what makes the network's classes there may be nodes that only look at them with other axes.
void Importer::find_end() {
  static const std::set<std::string> views{"Identity", "Dropout", "Cast", "Flatten", "Reshape", "Squeeze", "Unsqueeze"};
  std::map<std::string, const onnx::NodeProto*> makers;
  for (const auto& node : proto_.node()) {
    for (const auto& name : node.output()) makers.emplace(name, &node);
  }
  end_ = output_;
  for (int i = 0; i < kMaxNodes; ++i) {
    const auto maker = makers.find(end_);
    if (maker == makers.end() || uses_[end_] != 1 || !views.contains(maker->second->op_type())) return;
    if (maker->second->input_size() == 0) return;
    end_ = maker->second->input(0);
  }
}

void Importer::count_uses(const std::vector<bool>& needed) {
  ++uses_[output_];
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    for (const auto& name : proto_.node(static_cast<int>(i)).input()) ++uses_[name];
  }
  remaining_ = uses_;
}

/// True if nobody but the node that is added now reads what this name stands for, by whatever name.
bool Importer::read_once(const std::string& name) const {
  const std::size_t node = values_.at(name).node;
  std::size_t reads = 0;
  for (const auto& [other, value] : values_) {
    if (value.constant || value.node != node) continue;
    const auto left = remaining_.find(other);
    reads += left == remaining_.end() ? 0 : left->second;
  }
  return reads == 1;
}

/// What nothing reads any more gives back what it was charged for.
void Importer::retire_inputs(const NodeView& node) {
  for (const auto& name : node.proto().input()) {
    const auto left = remaining_.find(name);
    const auto found = values_.find(name);
    if (left == remaining_.end() || found == values_.end() || --left->second != 0 || found->second.constant) continue;
    Value& done = found->second;
    coefficient_budget_ += coefficients_of(done);
    done.expression = Expression();
    done.gate.reset();
    coefficient_budget_ -= coefficients_of(done);
  }
}

const Value& Importer::value(const std::string& name, const NodeView& node) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    node.fail("reads '" + name + "', which no initialiser and no earlier node provides");
  }
  return found->second;
}

bool Importer::has_input(const NodeView& node, int i) const {
  return i < node.proto().input_size() && !node.proto().input(i).empty();
}

const Value& Importer::input(const NodeView& node, int i) const {
  if (!has_input(node, i)) node.fail("lacks input " + std::to_string(i + 1));
  return value(node.proto().input(i), node);
}

const Constant& Importer::constant_input(const NodeView& node, int i, const char* what) const {
  const Value& found = input(node, i);
  if (!found.constant) node.unsupported(std::string("has a ") + what + " that is not a constant");
  return *found.constant;
}

}  // namespace obscura::nn
