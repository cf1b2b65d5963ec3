#include "nn/onnx_write.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <set>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "nn/onnx_wire.h"

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
  Writer(const Graph& graph, onnx::GraphProto& proto, bool for_opencv)
      : graph_(graph), proto_(proto), for_opencv_(for_opencv) {}

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

  std::string list(const std::string& name, const Ints& values) {
    auto* tensor = proto_.add_initializer();
    tensor->set_name(unique(name));
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<std::int64_t>(values.size()));
    tensor->set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
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

  /// Reshape and not Unsqueeze, of which OpenCV 4.6 takes one axis only.
  std::string image(const Value& value, const std::string& name) {
    if (value.rank == 4) return value.name;
    const auto target = list(name + "_image_shape", {0, -1, 1, 1});
    return add("Reshape", name + "_image", {value.name, target}).name();
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

  /// scale * x + shift, a channel at a time.
  std::string scale_and_shift(const std::string& name, const std::string& x, std::span<const float> scale,
                              std::span<const float> shift) {
    const Ints dims{static_cast<std::int64_t>(scale.size())};
    const std::vector<float> zeros(scale.size(), 0.0F);
    const std::vector<float> ones(scale.size(), 1.0F);
    const auto scales = constant(name + ".scale", dims, scale);
    const auto shifts = constant(name + ".shift", dims, shift);
    const auto mean = constant(name + ".mean", dims, zeros);
    const auto variance = constant(name + ".variance", dims, ones);
    auto& node = add("BatchNormalization", name, {x, scales, shifts, mean, variance});
    set_float(node, "epsilon", 0.0F);
    return node.name();
  }

  Value write_layer(const BatchNorm& norm) {
    if (for_opencv_ && input().rank == 2) {
      const auto x = image(input(), at_->name);
      return {flat({scale_and_shift(at_->name, x, norm.scale, norm.shift), 4}, at_->name), 2};
    }
    return {scale_and_shift(at_->name, input().name, norm.scale, norm.shift), input().rank};
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
    const std::vector<float> values = column(polynomial, i);
    Ints dims{1};
    if (rows.size() > 1) {
      dims.push_back(static_cast<std::int64_t>(rows.size()));
      if (input().rank == 4) dims.insert(dims.end(), {1, 1});
    }
    return constant(fmt::format("{}.c{}", at_->name, i), dims, values);
  }

  static std::vector<float> column(const Polynomial& polynomial, std::size_t i) {
    std::vector<float> values;
    for (const auto& row : polynomial.coefficients) values.push_back(row[i]);
    return values;
  }

  /// Horner's rule with batch norms for the constants a channel.
  Value write_polynomial_for_opencv(const Polynomial& polynomial) {
    const std::size_t degree = polynomial.coefficients[0].size() - 1;
    const std::vector<float> ones(polynomial.coefficients.size(), 1.0F);
    // As an image: OpenCV's batch norm of flat batches spoils what else reads its input.
    const std::string x = image(input(), at_->name);
    std::string sum = scale_and_shift(at_->name, x, column(polynomial, degree), column(polynomial, degree - 1));
    for (std::size_t i = degree - 1; i-- > 0;) {
      const auto product = add("Mul", at_->name, {sum, x}).name();
      sum = scale_and_shift(at_->name, product, ones, column(polynomial, i));
    }
    return {input().rank == 4 ? sum : flat({sum, 4}, at_->name), input().rank};
  }

  Value write_layer(const Polynomial& polynomial) {
    if (for_opencv_ && polynomial.coefficients.size() > 1) return write_polynomial_for_opencv(polynomial);
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
  bool for_opencv_;
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

/// Average pooling with the zeros of the padding counted, as the depthwise convolution that it is.
Conv2d as_convolution(const AvgPool& pool, std::size_t channels) {
  const std::size_t taps = pool.kernel[0] * pool.kernel[1];
  const std::vector<float> weights(channels * taps, 1.0F / static_cast<float>(taps));
  return {channels, channels, pool.kernel, pool.stride, {1, 1}, pool.padding, weights, {}};
}

onnx::ModelProto empty_model() {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("obscura");
  model.set_producer_version(kVersion);
  auto* opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(13);
  return model;
}

std::vector<std::uint8_t> serialise(const onnx::ModelProto& model) {
  std::vector<std::uint8_t> bytes(model.ByteSizeLong());
  if (bytes.size() > kMaxOnnxBytes) throw UnsupportedError("a network of more than 1 GiB cannot be written");
  model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> to_onnx(const Graph& graph, const std::map<std::string, std::string>& extra) {
  if (graph.nodes.empty()) throw FormatError("a network without layers cannot be written");
  auto model = empty_model();
  Writer(graph, *model.mutable_graph(), false).write();
  write_preprocessing(model, graph);
  for (const auto& [key, value] : extra) add_metadata(model, key, value);
  return serialise(model);
}

std::vector<std::uint8_t> to_onnx_for_opencv(const Graph& graph) {
  Graph plain = graph;
  for (Node& node : plain.nodes) {
    const auto* pool = std::get_if<AvgPool>(&node.layer);
    if (pool != nullptr && pool->count_include_pad) node.layer = as_convolution(*pool, node.shape.channels);
  }
  auto model = empty_model();
  Writer(plain, *model.mutable_graph(), true).write();
  return serialise(model);
}

void write_onnx(const Graph& graph, const std::filesystem::path& path,
                const std::map<std::string, std::string>& extra) {
  write_file(path, to_onnx(graph, extra));
}

}  // namespace obscura::nn
