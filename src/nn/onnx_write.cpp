#include "nn/onnx_write.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "nn/class_list.h"
#include "nn/onnx_chunks.h"
#include "nn/onnx_origin.h"
#include "nn/onnx_wire.h"
#include "nn/onnx_writer.h"

namespace obscura::nn {
namespace {

void add_metadata(onnx::ModelProto& model, const std::string& key, const std::string& value) {
  auto* entry = model.add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

std::string classes_text(const std::vector<std::string>& classes) {
  for (const auto& name : classes) {
    if (name.find('\n') != std::string::npos) throw UnsupportedError("class name '" + name + "' holds a line break");
  }
  return class_list_text(classes);
}

void write_preprocessing(onnx::ModelProto& model, const Graph& graph) {
  const Preprocessing& how = graph.preprocessing;
  if (!graph.calibration.empty()) {
    add_metadata(model, "calibration", fmt::format("{}", fmt::join(graph.calibration, ",")));
  }
  for (const auto& [key, value] : origin_metadata(graph.origin)) add_metadata(model, key, value);
  if (graph.chunks) add_metadata(model, kChunksKey, chunks_metadata(*graph.chunks));
  if (how.equalise) add_metadata(model, kHistogramKey, "equalise");
  if (!how.classes.empty()) add_metadata(model, "classes", classes_text(how.classes));
  if (how.stated || how.equalise || how.colour != default_preprocessing(graph.input_shape()).colour) {
    add_metadata(model, "colour", how.colour);
  }
  if (!how.stated) return;
  add_metadata(model, "mean", fmt::format("{}", fmt::join(how.mean, ",")));
  add_metadata(model, "std", fmt::format("{}", fmt::join(how.std, ",")));
  add_metadata(model, "range", range_text(how));
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
  OnnxWriter(graph, *model.mutable_graph(), false).write();
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
  OnnxWriter(plain, *model.mutable_graph(), true).write();
  return serialise(model);
}

void write_onnx(const Graph& graph, const std::filesystem::path& path,
                const std::map<std::string, std::string>& extra) {
  write_file(path, to_onnx(graph, extra));
}

}  // namespace obscura::nn
