#include "study/learning/chunk_queries.h"

#include <cmath>
#include <random>

#include "owner/owner.h"
#include "study/compile_network.h"
#include "train/encrypted/zoo.h"

namespace obscura::study {
namespace {

/// Which ciphertexts a picture becomes depends on the layers and not on their weights, as long as there are some.
void draw_weights(nn::Graph& graph) {
  std::minstd_rand draw(1);
  const auto fill = [&](std::vector<float>& weights, std::size_t inputs) {
    std::uniform_real_distribution<float> from(-1, 1);
    for (float& w : weights) w = from(draw) / std::sqrt(static_cast<float>(inputs));
  };
  for (auto& node : graph.nodes) {
    if (auto* conv = std::get_if<nn::Conv2d>(&node.layer))
      fill(conv->weights, conv->weights.size() / conv->out_channels);
    if (auto* dense = std::get_if<nn::Linear>(&node.layer))
      fill(dense->weights, dense->weights.size() / dense->out_features);
  }
}

owner::Owner make_owner(const ChunkQueries& queries) {
  const Chunking& cut = queries.cut;
  nn::Graph graph = train::make_model("chunk-seed", cut.picture, queries.classes, {}, {cut.height, cut.width}).graph;
  draw_weights(graph);
  graph.preprocessing.equalise = queries.equalise;
  compile::CompileOptions options;
  apply_policy(queries.wishes, graph, options, Notes());
  return owner::Owner(compile_network(graph, options).client);
}

}  // namespace

std::vector<audit::ServerView> server_views(const ChunkQueries& queries, std::span<const image::Image> pictures,
                                            ThreadPool& pool) {
  const owner::Owner owner = make_owner(queries);
  const message::ClientSpec& client = owner.client();
  std::vector<audit::ServerView> views(pictures.size());
  pool.parallel_for(pictures.size(), [&](std::size_t n) {
    const std::vector<std::vector<float>> values = {preprocess(pictures[n].pixels, client.preprocessing)};
    const ckks::Bytes sent = message::write_query(*owner.context(), owner.encrypt(values));
    const auto query = message::read_query(*owner.context(), client.program, sent);
    views[n] = audit::server_view(*client.chunks, client.preprocessing, query, sent.size());
  });
  return views;
}

}  // namespace obscura::study
