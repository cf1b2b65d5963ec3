#include "nn/onnx_refusals.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"
#include "nn/onnx_node.h"

namespace obscura::nn {
namespace {

constexpr const char* kPool = "retrain with average pooling in its place";
constexpr const char* kNorm =
    "retrain with batch normalisation in its place (BatchNorm2d in PyTorch), whose statistics are fixed";
constexpr const char* kSmooth = "retrain with a square, polynomial, ReLU, SiLU or GELU activation";
constexpr const char* kFloat = "export the network in floating point, without quantisation";

std::string advice(const std::string& type) {
  static const std::map<std::string, std::string> hints{
      {"LpPool", kPool},
      {"GlobalLpPool", kPool},
      {"MaxRoiPool", kPool},
      {"ReduceMin", kPool},
      {"Max", "the larger of two values is no sum or product; retrain with a ReLU, SiLU or average pooling"},
      {"Min", "the smaller of two values is no sum or product; retrain with a ReLU, SiLU or average pooling"},
      {"ThresholdedRelu", kSmooth},
      {"Softsign", kSmooth},
      {"Hardmax", "export the network without it: the owner picks the largest output"},
      {"InstanceNormalization", kNorm},
      {"LayerNormalization", kNorm},
      {"GroupNormalization", kNorm},
      {"SimplifiedLayerNormalization", kNorm},
      {"MeanVarianceNormalization", kNorm},
      {"LpNormalization", kNorm},
      {"LRN", kNorm},
      {"ReduceL1", "a size of the image itself is no sum of products; leave the normalisation by it out and retrain"},
      {"ReduceL2", "a size of the image itself is no sum of products; leave the normalisation by it out and retrain"},
      {"Sqrt", "roots of what depends on the image do not run encrypted; leave it out and retrain"},
      {"Reciprocal", "divisions by what depends on the image do not run encrypted; leave it out and retrain"},
      {"Exp", "a softmax that is written out runs encrypted nowhere; at the network's end export it as Softmax"},
      {"Log", "export the network without it: the owner has the logits"},
      {"ConvTranspose", "networks that classify need none; retrain without it"},
      {"Einsum", "attention does not run encrypted; retrain with convolutions"},
      {"Attention", "attention does not run encrypted; retrain with convolutions"},
      {"LSTM", "recurrent layers do not run encrypted; retrain with convolutions"},
      {"GRU", "recurrent layers do not run encrypted; retrain with convolutions"},
      {"RNN", "recurrent layers do not run encrypted; retrain with convolutions"},
      {"ArgMax", "export the network without it: the owner picks the largest output"},
      {"TopK", "export the network without it: the owner picks the largest outputs"},
      {"QuantizeLinear", kFloat},
      {"DequantizeLinear", kFloat},
      {"DynamicQuantizeLinear", kFloat},
      {"QLinearConv", kFloat},
      {"ConvInteger", kFloat},
      {"MatMulInteger", kFloat},
      {"If", "export the network for inference, without branches"},
      {"Loop", "export the network for inference, without loops"},
      {"Scan", "export the network for inference, without loops"},
  };
  const auto found = hints.find(type);
  return found == hints.end() ? "docs/cli.md lists what runs, under compile" : found->second;
}

/// The statistics that a normalisation computes, found from the root that it takes of them.
class Normalisation {
 public:
  explicit Normalisation(const onnx::GraphProto& graph) : graph_(graph) {
    for (int i = 0; i < graph.node_size(); ++i) {
      for (const auto& name : graph.node(i).output()) makers_.emplace(name, i);
    }
  }

  /// "LayerNorm", ... where the root is of a mean of squares; empty where it is of something else.
  std::string name_of(const onnx::NodeProto& root) const {
    const auto* mean = back(&root, {"ReduceMean", "ReduceSum", "GlobalAveragePool", "ReduceSumSquare"});
    if (mean == nullptr) return {};
    const auto* square = mean->op_type() == "ReduceSumSquare" ? mean : maker(*mean, 0);
    if (square == nullptr || !(square == mean || square->op_type() == "Pow" || square->op_type() == "Mul")) return {};
    const auto* centred = maker(*square, 0);
    const bool centres = centred != nullptr && centred->op_type() == "Sub" && subtracts_mean(*centred);
    return centres ? kind_of(*mean, *centred) : "RMSNorm";
  }

  /// The group norm of PyTorch's exporter is an instance norm of a reshaped tensor.
  bool is_grouped(const onnx::NodeProto& node) const {
    const auto* before = maker(node, 0);
    return before != nullptr && before->op_type() == "Reshape";
  }

 private:
  const onnx::NodeProto* maker(const onnx::NodeProto& node, int input) const {
    if (input >= node.input_size()) return nullptr;
    const auto found = makers_.find(node.input(input));
    return found == makers_.end() ? nullptr : &graph_.node(found->second);
  }

  /// The first node of these types before the root, over the constants that are added to what it is of.
  const onnx::NodeProto* back(const onnx::NodeProto* node, std::initializer_list<const char*> types) const {
    const auto wanted = [&](const onnx::NodeProto* n) {
      return std::ranges::any_of(types, [&](const char* type) { return n->op_type() == type; });
    };
    std::vector<const onnx::NodeProto*> open{node};
    for (std::size_t at = 0; at < open.size() && at < 16; ++at) {
      for (int i = 0; i < open[at]->input_size(); ++i) {
        const auto* before = maker(*open[at], i);
        if (before == nullptr) continue;
        if (wanted(before)) return before;
        for (const char* passed : {"Add", "Mul", "Div", "Max", "Clip", "Cast", "Identity"}) {
          if (before->op_type() == passed) open.push_back(before);
        }
      }
    }
    return nullptr;
  }

  bool subtracts_mean(const onnx::NodeProto& sub) const {
    for (int i = 0; i < sub.input_size(); ++i) {
      const auto* before = maker(sub, i);
      if (before != nullptr && (before->op_type() == "ReduceMean" || before->op_type() == "GlobalAveragePool"))
        return true;
    }
    return false;
  }

  Dims axes_of(const onnx::NodeProto& node) const {
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == "axes") return {attribute.ints().begin(), attribute.ints().end()};
    }
    if (node.input_size() < 2) return {};
    for (const auto& tensor : graph_.initializer()) {
      if (tensor.name() == node.input(1)) return read_constant(tensor, "axes").ints;
    }
    const auto* constant = maker(node, 1);
    if (constant == nullptr || constant->op_type() != "Constant") return {};
    for (const auto& attribute : constant->attribute()) {
      if (attribute.name() == "value") return read_constant(attribute.t(), "axes").ints;
      if (attribute.name() == "value_ints") return {attribute.ints().begin(), attribute.ints().end()};
    }
    return {};
  }

  std::string kind_of(const onnx::NodeProto& mean, const onnx::NodeProto& centred) const {
    Dims axes = axes_of(mean);
    std::ranges::sort(axes);
    const bool plane = axes == Dims{2, 3} || axes == Dims{-2, -1} || mean.op_type() == "GlobalAveragePool";
    if (plane) return "InstanceNorm";
    const auto* source = maker(centred, 0);
    const bool reshaped = source != nullptr && source->op_type() == "Reshape";
    return reshaped && (axes == Dims{2} || axes == Dims{-1}) ? "GroupNorm" : "LayerNorm";
  }

  const onnx::GraphProto& graph_;
  std::map<std::string, int> makers_;
};

bool takes_root(const NodeView& node, const onnx::GraphProto& graph) {
  if (node.type() == "Sqrt" || node.type() == "Reciprocal") return true;
  if (node.type() != "Pow" || node.proto().input_size() < 2) return false;
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name() != node.proto().input(1)) continue;
    const Constant exponent = read_constant(tensor, "exponent");
    return exponent.floats.size() == 1 && (exponent.floats[0] == 0.5F || exponent.floats[0] == -0.5F);
  }
  return false;
}

std::string in_full(const std::string& type) {
  if (type == "InstanceNormalization") return "InstanceNorm";
  if (type == "LayerNormalization") return "LayerNorm";
  return type == "GroupNormalization" ? "GroupNorm" : "";
}

}  // namespace

void check_operators(const onnx::GraphProto& graph, const std::vector<bool>& needed) {
  const Normalisation normalisation(graph);
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!needed[static_cast<std::size_t>(i)]) continue;
    const auto& proto = graph.node(i);
    const NodeView node(proto, static_cast<std::size_t>(i));
    const bool standard = proto.domain().empty() || proto.domain() == "ai.onnx";
    if (takes_root(node, graph)) {
      const std::string norm = normalisation.name_of(proto);
      if (!norm.empty()) {
        node.unsupported("belongs to a normalisation that the file writes out in parts (" + norm +
                         "); its statistics are those of the image, which do not run encrypted: " + kNorm);
      }
    }
    if (standard && is_supported_operator(proto.op_type())) continue;
    if (!standard)
      node.unsupported("of the domain '" + proto.domain() + "' is not supported: export with standard operators");
    std::string norm = in_full(proto.op_type());
    if (proto.op_type() == "InstanceNormalization" && normalisation.is_grouped(proto)) norm = "GroupNorm";
    node.unsupported("is not supported" + (norm.empty() ? "" : " (" + norm + ")") + ": " + advice(proto.op_type()));
  }
}

}  // namespace obscura::nn
