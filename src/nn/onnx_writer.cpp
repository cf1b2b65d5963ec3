#include "nn/onnx_writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace obscura::nn {

void OnnxWriter::write() {
  proto_.set_name(graph_.name.empty() ? "obscura" : graph_.name);
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) values_.push_back(write_node(i));
  write_head();
  auto* output = proto_.add_output();
  output->set_name(values_.back().name);
  set_shape(*output, graph_.output_shape(), values_.back().rank);
  if (graph_.chunks) {
    output->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(1);
  }
}

void OnnxWriter::set_shape(onnx::ValueInfoProto& info, const Shape& shape, int rank) {
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
std::string OnnxWriter::unique(const std::string& wanted) {
  std::string name = wanted.empty() ? "layer" : wanted;
  for (int i = 1; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted.empty() ? "layer" : wanted, i);
  return name;
}

std::string OnnxWriter::constant(const std::string& name, const Ints& dims, std::span<const float> values) {
  auto* tensor = proto_.add_initializer();
  tensor->set_name(unique(name));
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const auto dim : dims) tensor->add_dims(dim);
  tensor->set_raw_data(values.data(), values.size_bytes());
  return tensor->name();
}

std::string OnnxWriter::doubles(const std::string& name, const Ints& dims, std::span<const double> values) {
  auto* tensor = proto_.add_initializer();
  tensor->set_name(unique(name));
  tensor->set_data_type(onnx::TensorProto::DOUBLE);
  for (const auto dim : dims) tensor->add_dims(dim);
  tensor->set_raw_data(values.data(), values.size_bytes());
  return tensor->name();
}

std::string OnnxWriter::scalar(const std::string& name, float value) {
  return constant(name, {}, {&value, 1});
}

std::string OnnxWriter::list(const std::string& name, const Ints& values) {
  auto* tensor = proto_.add_initializer();
  tensor->set_name(unique(name));
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<std::int64_t>(values.size()));
  tensor->set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return tensor->name();
}

onnx::NodeProto& OnnxWriter::add(const char* type, const std::string& name, const std::vector<std::string>& inputs) {
  auto& node = *proto_.add_node();
  node.set_op_type(type);
  node.set_name(unique(name));
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(node.name());
  return node;
}

void OnnxWriter::set(onnx::NodeProto& node, const char* name, std::int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

template <typename Range>
void OnnxWriter::set_ints(onnx::NodeProto& node, const char* name, const Range& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const auto value : values) attribute->add_ints(static_cast<std::int64_t>(value));
}

void OnnxWriter::set_float(onnx::NodeProto& node, const char* name, float value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

void OnnxWriter::set_text(onnx::NodeProto& node, const char* name, const std::string& value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

std::string OnnxWriter::flat(const Value& value, const std::string& name) {
  if (value.rank == 2) return value.name;
  auto& node = add("Flatten", name + "_flatten", {value.name});
  set(node, "axis", 1);
  return node.name();
}

/// Reshape and not Unsqueeze, of which OpenCV 4.6 takes one axis only.
std::string OnnxWriter::image(const Value& value, const std::string& name) {
  if (value.rank == 4) return value.name;
  const auto target = list(name + "_image_shape", {0, -1, 1, 1});
  return add("Reshape", name + "_image", {value.name, target}).name();
}

OnnxWriter::Value OnnxWriter::write_node(std::size_t i) {
  const Node& node = graph_.nodes[i];
  at_ = &node;
  return std::visit([this](const auto& layer) { return write_layer(layer); }, node.layer);
}

OnnxWriter::Value OnnxWriter::write_layer(const Input&) {
  auto* info = proto_.add_input();
  info->set_name(unique(at_->name.empty() ? "input" : at_->name));
  set_shape(*info, at_->shape, 4);
  if (graph_.chunks)
    info->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("chunks");
  return {info->name(), 4};
}

OnnxWriter::Value OnnxWriter::write_layer(const Conv2d& conv) {
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

OnnxWriter::Value OnnxWriter::write_layer(const AvgPool& pool) {
  auto& node = add("AveragePool", at_->name, {image(input(), at_->name)});
  set(node, "count_include_pad", pool.count_include_pad ? 1 : 0);
  set_ints(node, "kernel_shape", pool.kernel);
  set_ints(node, "pads", pool.padding);
  set_ints(node, "strides", pool.stride);
  return {node.name(), 4};
}

OnnxWriter::Value OnnxWriter::write_layer(const MaxPool& pool) {
  auto& node = add("MaxPool", at_->name, {image(input(), at_->name)});
  set_ints(node, "kernel_shape", pool.kernel);
  set_ints(node, "pads", pool.padding);
  set_ints(node, "strides", pool.stride);
  return {node.name(), 4};
}

/// scale * x + shift, a channel at a time.
std::string OnnxWriter::scale_and_shift(const std::string& name, const std::string& x, std::span<const float> scale,
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

OnnxWriter::Value OnnxWriter::write_layer(const BatchNorm& norm) {
  if (for_opencv_ && input().rank == 2) {
    const auto x = image(input(), at_->name);
    return {flat({scale_and_shift(at_->name, x, norm.scale, norm.shift), 4}, at_->name), 2};
  }
  return {scale_and_shift(at_->name, input().name, norm.scale, norm.shift), input().rank};
}

OnnxWriter::Value OnnxWriter::write_layer(const Flatten&) {
  auto& node = add("Flatten", at_->name, {input().name});
  set(node, "axis", 1);
  return {node.name(), 2};
}

OnnxWriter::Value OnnxWriter::write_layer(const Linear& linear) {
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

OnnxWriter::Value OnnxWriter::write_layer(const Square&) {
  return {add("Mul", at_->name, {input().name, input().name}).name(), input().rank};
}

/// The inputs as they are, or all of them flat where some are.
std::vector<OnnxWriter::Value> OnnxWriter::inputs_of_one_rank() {
  std::vector<Value> inputs;
  for (const std::size_t i : at_->inputs) inputs.push_back(values_[i]);
  if (std::ranges::any_of(inputs, [&](const Value& v) { return v.rank != inputs[0].rank; })) {
    for (Value& value : inputs) value = {flat(value, at_->name), 2};
  }
  return inputs;
}

OnnxWriter::Value OnnxWriter::write_layer(const Add&) {
  const auto inputs = inputs_of_one_rank();
  return {add("Add", at_->name, {inputs[0].name, inputs[1].name}).name(), inputs[0].rank};
}

OnnxWriter::Value OnnxWriter::write_layer(const Product&) {
  const auto inputs = inputs_of_one_rank();
  return {add("Mul", at_->name, {inputs[0].name, inputs[1].name}).name(), inputs[0].rank};
}

OnnxWriter::Value OnnxWriter::write_layer(const Concat&) {
  const auto inputs = inputs_of_one_rank();
  std::vector<std::string> names;
  names.reserve(inputs.size());
  for (const Value& value : inputs) names.push_back(value.name);
  auto& node = add("Concat", at_->name, names);
  set(node, "axis", 1);
  return {node.name(), inputs[0].rank};
}

OnnxWriter::Value OnnxWriter::write_layer(const Pad& pad) {
  const auto side = [&](std::size_t i) { return static_cast<std::int64_t>(pad.padding[i]); };
  const std::string x = image(input(), at_->name);
  std::vector<std::string> inputs{x, list(at_->name + ".pads", {0, 0, side(0), side(1), 0, 0, side(2), side(3)})};
  if (pad.mode == Pad::Mode::constant) inputs.push_back(scalar(at_->name + ".value", pad.value));
  auto& node = add("Pad", at_->name, inputs);
  const char* mode = pad.mode == Pad::Mode::reflect ? "reflect" : "edge";
  set_text(node, "mode", pad.mode == Pad::Mode::constant ? "constant" : mode);
  return {node.name(), 4};
}

/// As a Gather of the flat tensor, behind which the value that fills gaps stands where there are any.
OnnxWriter::Value OnnxWriter::write_layer(const Rearrange& rearrange) {
  const auto dim = [](std::size_t v) { return static_cast<std::int64_t>(v); };
  const std::string& name = at_->name;
  const Shape& out = rearrange.output;
  const bool image = out.height != 1 || out.width != 1;
  if (for_opencv_) {
    const std::vector<std::int64_t> source(rearrange.source.begin(), rearrange.source.end());
    // Of no domain of its own: OpenCV warns of every such node on standard error.
    auto& node = add("ObscuraRearrange", name, {input().name, list(name + ".source", source)});
    set_float(node, "fill", rearrange.fill);
    set_ints(node, "dims", image ? Ints{dim(out.channels), dim(out.height), dim(out.width)} : Ints{dim(out.channels)});
    return {node.name(), image ? 4 : 2};
  }
  std::string x = flat(input(), name);
  const std::size_t values = graph_.nodes[at_->inputs[0]].shape.size();
  Ints source;
  bool gaps = false;
  for (const std::int32_t s : rearrange.source) {
    source.push_back(s == Rearrange::kFill ? dim(values) : s);
    gaps = gaps || s == Rearrange::kFill;
  }
  if (gaps) {
    auto& pad =
        add("Pad", name + "_fill", {x, list(name + ".pads", {0, 0, 0, 1}), scalar(name + ".value", rearrange.fill)});
    set_text(pad, "mode", "constant");
    x = pad.name();
  }
  auto& node = add("Gather", image ? name + "_flat" : name, {x, list(name + ".source", source)});
  set(node, "axis", 1);
  if (!image) return {node.name(), 2};
  const auto target = list(name + ".shape", {0, dim(out.channels), dim(out.height), dim(out.width)});
  return {add("Reshape", name, {node.name(), target}).name(), 4};
}

/// The chunks of a picture are the batch.
OnnxWriter::Value OnnxWriter::write_layer(const Merge& merge) {
  const std::string x = flat(input(), at_->name);
  const std::size_t values = graph_.nodes[at_->inputs[0]].shape.size();
  if (merge.kind == Merge::Kind::concat) {
    const auto target = list(at_->name + ".shape", {1, static_cast<std::int64_t>(merge.count * values)});
    return {add("Reshape", at_->name, {x, target}).name(), 2};
  }
  auto& node = add("ReduceMean", at_->name, {x});
  set_ints(node, "axes", Ints{0});
  set(node, "keepdims", 1);
  if (at_->shape.height == 1 && at_->shape.width == 1) return {node.name(), 2};
  const auto dim = [](std::size_t v) { return static_cast<std::int64_t>(v); };
  const auto target =
      list(at_->name + ".shape", {0, dim(at_->shape.channels), dim(at_->shape.height), dim(at_->shape.width)});
  return {add("Reshape", at_->name + "_image", {node.name(), target}).name(), 4};
}

/// What the owner applies to the logits, so that other programs see the same function in the file.
void OnnxWriter::write_head() {
  if (for_opencv_ || graph_.head == Head::none) return;
  const std::string x = flat(values_.back(), "head");
  const bool sigmoid = graph_.head == Head::sigmoid;
  auto& node = add(sigmoid                        ? "Sigmoid"
                   : graph_.head == Head::softmax ? "Softmax"
                                                  : "LogSoftmax",
                   sigmoid ? "sigmoid" : "softmax", {x});
  if (!sigmoid) set(node, "axis", -1);
  values_.back() = {node.name(), 2};
}

}  // namespace obscura::nn
