#include "nn/onnx_write.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <set>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"

namespace obscura::nn {
namespace {

using Ints = std::vector<std::int64_t>;

/// Name and rank (4: [N, C, H, W], 2: [N, n]) of a layer's output in the ONNX graph.
struct Value {
  std::string name;
  int rank = 4;
};

class Writer {
 public:
  Writer(const Graph& graph, onnx::GraphProto& proto) : graph_(graph), proto_(proto) {}

  void write() {
    proto_.set_name(graph_.name.empty() ? "obscura" : graph_.name);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) values_.push_back(write_node(i));
    auto* output = proto_.add_output();
    output->set_name(values_.back().name);
    set_shape(*output, graph_.output_shape(), values_.back().rank);
  }

 private:
  static void set_shape(onnx::ValueInfoProto& info, const Shape& shape, int rank) {
    auto* tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(onnx::TensorProto::FLOAT);
    auto* dims = tensor->mutable_shape();
    dims->add_dim()->set_dim_param("batch");
    if (rank == 2) {
      dims->add_dim()->set_dim_value(static_cast<std::int64_t>(shape.size()));
      return;
    }
    for (const std::size_t side : {shape.channels, shape.height, shape.width}) {
      dims->add_dim()->set_dim_value(static_cast<std::int64_t>(side));
    }
  }

  /// `wanted`, or with a number behind it where the name is taken or empty.
  std::string unique(const std::string& wanted) {
    std::string name = wanted.empty() ? "layer" : wanted;
    for (int i = 1; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted.empty() ? "layer" : wanted, i);
    return name;
  }

  std::string constant(const std::string& name, const Ints& dims, std::span<const float> values) {
    auto* tensor = proto_.add_initializer();
    tensor->set_name(unique(name));
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    for (const auto dim : dims) tensor->add_dims(dim);
    tensor->set_raw_data(values.data(), values.size_bytes());
    return tensor->name();
  }

  std::string axes_constant(const std::string& name, const Ints& axes) {
    auto* tensor = proto_.add_initializer();
    tensor->set_name(unique(name));
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<std::int64_t>(axes.size()));
    tensor->set_raw_data(axes.data(), axes.size() * sizeof(std::int64_t));
    return tensor->name();
  }

  onnx::NodeProto& add(const char* type, const std::string& name, const std::vector<std::string>& inputs) {
    auto& node = *proto_.add_node();
    node.set_op_type(type);
    node.set_name(unique(name));
    for (const auto& input : inputs) node.add_input(input);
    node.add_output(node.name());
    return node;
  }

  static void set(onnx::NodeProto& node, const char* name, std::int64_t value) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }

  template <typename Range>
  static void set_ints(onnx::NodeProto& node, const char* name, const Range& values) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const auto value : values) attribute->add_ints(static_cast<std::int64_t>(value));
  }

  static void set_float(onnx::NodeProto& node, const char* name, float value) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::FLOAT);
    attribute->set_f(value);
  }

  std::string flat(const Value& value, const std::string& name) {
    if (value.rank == 2) return value.name;
    auto& node = add("Flatten", name + "_flatten", {value.name});
    set(node, "axis", 1);
    return node.name();
  }

  std::string image(const Value& value, const std::string& name) {
    if (value.rank == 4) return value.name;
    return add("Unsqueeze", name + "_unsqueeze", {value.name, axes_constant(name + "_axes", {2, 3})}).name();
  }

  Value write_node(std::size_t i) {
    const Node& node = graph_.nodes[i];
    at_ = &node;
    return std::visit([this](const auto& layer) { return write_layer(layer); }, node.layer);
  }

  const Value& input(std::size_t i = 0) const { return values_[at_->inputs[i]]; }

  Value write_layer(const Input&) {
    auto* info = proto_.add_input();
    info->set_name(unique(at_->name.empty() ? "input" : at_->name));
    set_shape(*info, at_->shape, 4);
    return {info->name(), 4};
  }

  Value write_layer(const Conv2d& conv) {
    const Shape& in = graph_.nodes[at_->inputs[0]].shape;
    const auto dim = [](std::size_t v) { return static_cast<std::int64_t>(v); };
    std::vector<std::string> inputs{
        image(input(), at_->name),
        constant(at_->name + ".weight",
                 {dim(conv.out_channels), dim(in.channels / conv.groups), dim(conv.kernel[0]), dim(conv.kernel[1])},
                 conv.weights)};
    if (!conv.bias.empty()) inputs.push_back(constant(at_->name + ".bias", {dim(conv.out_channels)}, conv.bias));
    auto& node = add("Conv", at_->name, inputs);
    set_ints(node, "dilations", conv.dilation);
    set(node, "group", dim(conv.groups));
    set_ints(node, "kernel_shape", conv.kernel);
    set_ints(node, "pads", conv.padding);
    set_ints(node, "strides", conv.stride);
    return {node.name(), 4};
  }

  Value write_layer(const AvgPool& pool) {
    auto& node = add("AveragePool", at_->name, {image(input(), at_->name)});
    set(node, "count_include_pad", pool.count_include_pad ? 1 : 0);
    set_ints(node, "kernel_shape", pool.kernel);
    set_ints(node, "pads", pool.padding);
    set_ints(node, "strides", pool.stride);
    return {node.name(), 4};
  }

  Value write_layer(const BatchNorm& norm) {
    const Ints dims{static_cast<std::int64_t>(norm.scale.size())};
    const std::vector<float> zeros(norm.scale.size(), 0.0F);
    const std::vector<float> ones(norm.scale.size(), 1.0F);
    const auto scale = constant(at_->name + ".scale", dims, norm.scale);
    const auto shift = constant(at_->name + ".shift", dims, norm.shift);
    const auto mean = constant(at_->name + ".mean", dims, zeros);
    const auto variance = constant(at_->name + ".variance", dims, ones);
    auto& node = add("BatchNormalization", at_->name, {input().name, scale, shift, mean, variance});
    set_float(node, "epsilon", 0.0F);
    return {node.name(), input().rank};
  }

  Value write_layer(const Flatten&) {
    auto& node = add("Flatten", at_->name, {input().name});
    set(node, "axis", 1);
    return {node.name(), 2};
  }

  Value write_layer(const Linear& linear) {
    const std::size_t width = linear.weights.size() / linear.out_features;
    std::vector<std::string> inputs{
        flat(input(), at_->name),
        constant(at_->name + ".weight",
                 {static_cast<std::int64_t>(linear.out_features), static_cast<std::int64_t>(width)}, linear.weights)};
    if (!linear.bias.empty()) {
      inputs.push_back(constant(at_->name + ".bias", {static_cast<std::int64_t>(linear.out_features)}, linear.bias));
    }
    auto& node = add("Gemm", at_->name, inputs);
    set(node, "transB", 1);
    return {node.name(), 2};
  }

  Value write_layer(const Square&) {
    return {add("Mul", at_->name, {input().name, input().name}).name(), input().rank};
  }

  /// The i-th coefficient of every row, shaped to multiply a tensor of the input's rank.
  std::string coefficient(const Polynomial& polynomial, std::size_t i) {
    const auto& rows = polynomial.coefficients;
    std::vector<float> values;
    for (const auto& row : rows) values.push_back(row[i]);
    Ints dims{1};
    if (rows.size() > 1) {
      dims.push_back(static_cast<std::int64_t>(rows.size()));
      if (input().rank == 4) dims.insert(dims.end(), {1, 1});
    }
    return constant(fmt::format("{}.c{}", at_->name, i), dims, values);
  }

  Value write_layer(const Polynomial& polynomial) {
    const std::size_t degree = polynomial.coefficients[0].size() - 1;
    const std::string& x = input().name;
    std::string sum = coefficient(polynomial, degree);
    for (std::size_t i = degree; i-- > 0;) {
      const auto product = add("Mul", fmt::format("{}_mul{}", at_->name, i), {sum, x}).name();
      const std::string name = i == 0 ? at_->name : fmt::format("{}_add{}", at_->name, i);
      sum = add("Add", name, {product, coefficient(polynomial, i)}).name();
    }
    return {sum, input().rank};
  }

  Value write_layer(const Add&) {
    const bool same = input(0).rank == input(1).rank;
    const auto a = same ? input(0).name : flat(input(0), at_->name);
    const auto b = same ? input(1).name : flat(input(1), at_->name);
    return {add("Add", at_->name, {a, b}).name(), same ? input(0).rank : 2};
  }

  const Graph& graph_;
  onnx::GraphProto& proto_;
  std::vector<Value> values_;
  std::set<std::string> names_;
  const Node* at_ = nullptr;
};

void add_metadata(onnx::ModelProto& model, const std::string& key, const std::string& value) {
  auto* entry = model.add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

std::string class_lines(const std::vector<std::string>& classes) {
  for (const auto& name : classes) {
    if (name.find('\n') != std::string::npos) throw UnsupportedError("class name '" + name + "' holds a line break");
  }
  return fmt::format("{}", fmt::join(classes, "\n"));
}

void write_preprocessing(onnx::ModelProto& model, const Graph& graph) {
  const Preprocessing& how = graph.preprocessing;
  if (!how.stated) return;
  add_metadata(model, "mean", fmt::format("{}", fmt::join(how.mean, ",")));
  add_metadata(model, "std", fmt::format("{}", fmt::join(how.std, ",")));
  if (!how.classes.empty()) add_metadata(model, "classes", class_lines(how.classes));
  add_metadata(model, "colour", how.colour);
  add_metadata(model, "image_size", fmt::format("{}x{}", graph.input_shape().height, graph.input_shape().width));
}

}  // namespace

std::vector<std::uint8_t> to_onnx(const Graph& graph, const std::map<std::string, std::string>& extra) {
  if (graph.nodes.empty()) throw FormatError("a network without layers cannot be written");
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("obscura");
  model.set_producer_version(kVersion);
  auto* opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(13);
  Writer(graph, *model.mutable_graph()).write();
  write_preprocessing(model, graph);
  for (const auto& [key, value] : extra) add_metadata(model, key, value);
  std::vector<std::uint8_t> bytes(model.ByteSizeLong());
  model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void write_onnx(const Graph& graph, const std::filesystem::path& path,
                const std::map<std::string, std::string>& extra) {
  write_file(path, to_onnx(graph, extra));
}

}  // namespace obscura::nn
