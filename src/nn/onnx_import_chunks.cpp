// What makes one value of a picture's chunks, which are the batch of the file.
#include "base/error.h"
#include "nn/onnx_importer.h"

namespace obscura::nn {

/// ReduceMean over the batch.
bool Importer::merge_by_mean(const NodeView& node, const Dims& reduced) {
  if (!graph_.chunks || reduced != Dims{0} || node.type() != "ReduceMean") return false;
  Dims dims = input(node, 0).dims;
  if (dims.empty() || dims[0] != 1) node.unsupported("is a mean over chunks of a tensor that has no axis for them");
  if (node.integer("keepdims", 1) == 0) dims.erase(dims.begin());
  const std::size_t source = layer_input(node, 0);
  define_layer(node, Merge{Merge::Kind::mean, 1}, {source}, dims);
  return true;
}

/// Reshape of all chunks to one vector.
bool Importer::merge_by_concat(const NodeView& node) {
  if (!graph_.chunks || node.type() != "Reshape" || !has_input(node, 1)) return false;
  const Value& target = input(node, 1);
  const Value& source = input(node, 0);
  if (!target.constant || !target.constant->integral || source.constant) return false;
  const Shape now = graph_.nodes[source.node].shape;
  const std::size_t chunks = graph_.chunks->count();
  if (chunks < 2 || target.constant->ints != Dims{1, static_cast<std::int64_t>(chunks * now.size())}) return false;
  const std::size_t read = layer_input(node, 0);
  define_layer(node, Merge{Merge::Kind::concat, chunks}, {read}, {1, static_cast<std::int64_t>(chunks * now.size())});
  return true;
}

/// A classifier of single chunks: the mean of its logits is the picture's.
void Importer::merge_at_end() {
  const Shape& chunk = graph_.nodes.front().shape;
  if (chunk != graph_.chunks->chunk()) {
    throw FormatError("the network takes " + std::to_string(chunk.channels) + "x" + std::to_string(chunk.height) + "x" +
                      std::to_string(chunk.width) +
                      " (channels, height, width), not the chunks that it says of: " + chunking_text(*graph_.chunks));
  }
  if (!merge_of(graph_)) {
    add_node(graph_, "chunks", Merge{Merge::Kind::mean, 1}, {graph_.nodes.size() - 1});
    graph_.notes.push_back("the network classifies single chunks: a picture's logits are the mean of its chunks'");
  }
  check_chunks(graph_);
}

}  // namespace obscura::nn
