#include "nn/onnx_read.h"

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <exception>

#include "base/error.h"
#include "base/file.h"
#include "nn/onnx_importer.h"
#include "nn/onnx_metadata.h"
#include "nn/onnx_node.h"
#include "nn/onnx_wire.h"

namespace obscura::nn {
namespace {

/// The newest operator set that Debian's ONNX 1.12 knows; newer files meet Obscura's own checks only.
constexpr std::int64_t kCheckedOpset = 17;
constexpr std::int64_t kCheckedIr = 8;

onnx::ModelProto parse(std::span<const std::uint8_t> bytes, const std::string& what) {
  check_onnx_wire(bytes, what);
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    throw FormatError(what + " is truncated or no ONNX file");
  }
  return model;
}

std::string advice(const std::string& type) {
  static const std::map<std::string, std::string> hints{
      {"MaxPool", "retrain with average pooling"},
      {"GlobalMaxPool", "retrain with average pooling"},
      {"LpPool", "retrain with average pooling"},
      {"ReduceMax", "retrain with average pooling"},
      {"ThresholdedRelu", "retrain with a square, polynomial, ReLU, SiLU or GELU activation"},
      {"Celu", "retrain with a square, polynomial, ReLU, SiLU or GELU activation"},
      {"Mish", "retrain with a square, polynomial, ReLU, SiLU or GELU activation"},
      {"Softsign", "retrain with a square, polynomial, ReLU, SiLU or GELU activation"},
      {"InstanceNormalization", "retrain with batch normalisation, whose statistics are fixed"},
      {"LayerNormalization", "retrain with batch normalisation, whose statistics are fixed"},
      {"GroupNormalization", "retrain with batch normalisation, whose statistics are fixed"},
      {"LRN", "retrain with batch normalisation, whose statistics are fixed"},
      {"Resize", "give the network images of the size that it works on"},
      {"Upsample", "give the network images of the size that it works on"},
      {"ConvTranspose", "networks that classify need none; retrain without it"},
      {"Split", "write the parts as convolutions with groups, or as layers of their own"},
      {"ArgMax", "export the network without it: the owner picks the largest output"},
      {"QuantizeLinear", "export the network in floating point"},
      {"DequantizeLinear", "export the network in floating point"},
      {"QLinearConv", "export the network in floating point"},
      {"If", "export the network for inference, without branches"},
      {"Loop", "export the network for inference, without loops"},
  };
  const auto found = hints.find(type);
  return found == hints.end() ? "" : found->second;
}

/// Said before anything else, because it is what a user can act on.
void check_operators(const onnx::GraphProto& graph) {
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& proto = graph.node(i);
    const bool standard = proto.domain().empty() || proto.domain() == "ai.onnx";
    if (standard && is_supported_operator(proto.op_type())) continue;
    const std::string hint = advice(proto.op_type());
    NodeView(proto, static_cast<std::size_t>(i))
        .unsupported("is not supported" + (hint.empty() ? "" : ": " + hint) + "; supported: " + supported_operators());
  }
}

std::int64_t opset_of(const onnx::ModelProto& model) {
  std::int64_t opset = 0;
  for (const auto& entry : model.opset_import()) {
    if (entry.domain().empty() || entry.domain() == "ai.onnx") opset = std::max(opset, entry.version());
  }
  return opset;
}

void check_opset(const onnx::ModelProto& model) {
  const std::int64_t opset = opset_of(model);
  if (opset < 1) throw FormatError("does not say its operator set");
  if (opset < 7) throw UnsupportedError("uses operator set " + std::to_string(opset) + "; 7 or newer is needed");
}

/// ONNX's own checker as a second opinion, after the errors that Obscura words better.
void check_model(const onnx::ModelProto& model) {
  if (opset_of(model) > kCheckedOpset || model.ir_version() > kCheckedIr) return;
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception& e) {
    std::string reason = e.what();
    reason = reason.substr(0, reason.find('\n'));
    throw FormatError("is no valid ONNX model: " + reason.substr(0, 300));
  }
}

std::map<std::string, std::string> metadata_of(const onnx::ModelProto& model) {
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata.insert_or_assign(entry.key(), entry.value());
  return metadata;
}

std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > kMaxOnnxBytes) throw FormatError(path.string() + " is larger than 1 GiB");
  return read_file(path, kMaxOnnxBytes);
}

}  // namespace

Graph read_onnx(std::span<const std::uint8_t> bytes, const std::string& what,
                const std::map<std::string, std::string>& stated) {
  const onnx::ModelProto model = parse(bytes, what);
  try {
    check_operators(model.graph());
    check_opset(model);
    Graph graph = Importer(model.graph(), bytes.size()).run();
    check_model(model);
    graph.preprocessing =
        parse_preprocessing(metadata_of(model), stated, graph.input_shape(), graph.output_shape().size(), graph.notes);
    graph.calibration = parse_calibration(metadata_of(model));
    return graph;
  } catch (const UsageError& e) {
    throw UsageError(what + ": " + e.what());
  } catch (const UnsupportedError& e) {
    throw UnsupportedError(what + ": " + e.what());
  } catch (const FormatError& e) {
    throw FormatError(what + ": " + e.what());
  }
}

Graph read_onnx(const std::filesystem::path& path, const std::map<std::string, std::string>& stated) {
  Graph graph = read_onnx(read_bytes(path), path.string(), stated);
  // What exporters call every network says less than its file.
  for (const char* nothing : {"", "torch_jit", "torch-jit-export", "main_graph"}) {
    if (graph.name == nothing) graph.name = path.stem().string();
  }
  return graph;
}

std::map<std::string, std::string> read_onnx_metadata(const std::filesystem::path& path) {
  return metadata_of(parse(read_bytes(path), path.string()));
}

}  // namespace obscura::nn
