#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "compile/compile.h"
#include "compile/networks.h"

/// Random networks of chunks over all that they may be: pictures of any shape in chunks of any size, which need not
/// divide them; one, two or no activations before the merge; a mean, or chunks in their order; none to two behind it.
namespace obscura::support {

struct ChunkCase {
  nn::Graph graph;
  compile::CompileOptions options;
  std::string text;
};

inline std::size_t between(networks::Random& random, std::size_t least, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>(least, most)(random);
}

/// A picture with flat and busy parts, so that gradients differ from chunk to chunk: planar, in 0..1.
inline std::vector<float> uneven_picture(const Shape& shape, std::uint64_t seed) {
  networks::Random random(seed);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<float> picture(shape.size());
  const float level = uniform(random);
  const std::size_t busy = between(random, 0, 3);
  for (std::size_t i = 0; i < picture.size(); ++i) {
    const std::size_t y = i / shape.width % shape.height, x = i % shape.width;
    const bool in = (2 * y >= shape.height ? 2U : 0U) + (2 * x >= shape.width ? 1U : 0U) <= busy;
    picture[i] = in ? uniform(random) : level;
  }
  return picture;
}

inline Chunking random_cut(networks::Random& random) {
  Chunking cut;
  cut.picture = {between(random, 0, 3) == 0 ? std::size_t{3} : std::size_t{1}, between(random, 3, 34),
                 between(random, 3, 34)};
  // From a chunk that is the picture down to such that there are dozens.
  cut.height = std::max(between(random, 3, cut.picture.height), (cut.picture.height + 5) / 6);
  cut.width = std::max(between(random, 3, cut.picture.width), (cut.picture.width + 5) / 6);
  return cut;
}

inline nn::Graph random_chunk_graph(networks::Random& random, const Chunking& cut, bool concat) {
  nn::Graph graph = nn::make_chunk_graph("chunks", cut);
  const auto add = [&](const std::string& name, nn::Layer layer) {
    nn::add_node(graph, name, std::move(layer), {graph.nodes.size() - 1});
  };
  const auto shape = [&] { return graph.output_shape(); };
  const std::size_t before = between(random, 0, 2);
  if (before > 0) {
    add("conv", networks::conv(random, shape().channels, between(random, 1, 4), 3, between(random, 1, 2), 0));
    add("square", nn::Square{});
    add("flatten", nn::Flatten{});
  } else if (shape().size() != shape().channels) {
    add("flatten", nn::Flatten{});
  }
  if (before > 1) {
    add("fc1", networks::linear(random, shape().size(), between(random, 2, 12)));
    add("quadratic", nn::Polynomial{{{0.1, 0.5, 0.25}}});
  }
  if (between(random, 0, 1) == 1) add("fc2", networks::linear(random, shape().size(), between(random, 2, 9)));
  add("merge", nn::Merge{concat ? nn::Merge::Kind::concat : nn::Merge::Kind::mean, concat ? cut.count() : 1});
  const std::size_t behind = between(random, 0, 2);
  for (std::size_t i = 0; i < behind; ++i) {
    add("head" + std::to_string(i), networks::linear(random, shape().size(), between(random, 2, 8)));
    if (i + 1 < behind) add("headsquare" + std::to_string(i), nn::Square{});
  }
  if (shape().size() == 1 || behind == 0) add("classes", networks::linear(random, shape().size(), 3));
  return graph;
}

/// Preprocessing that is not the identity: thresholds are of pixels, whatever numbers they became.
inline void preprocess_somehow(networks::Random& random, nn::Graph& graph) {
  Preprocessing& how = graph.preprocessing;
  std::uniform_real_distribution<float> uniform(0.2F, 0.6F);
  for (float& v : how.mean) v = uniform(random);
  for (float& v : how.std) v = uniform(random);
  if (graph.input_shape().channels == 3 && between(random, 0, 1) == 1) how.colour = "bgr";
  how.stated = true;
}

/// As a network takes it.
inline std::vector<float> network_picture(const nn::Graph& graph, std::uint64_t seed) {
  std::vector<float> picture = uneven_picture(graph.input_shape(), seed);
  const std::size_t plane = picture.size() / graph.input_shape().channels;
  for (std::size_t i = 0; i < picture.size(); ++i) {
    picture[i] = (picture[i] - graph.preprocessing.mean[i / plane]) / graph.preprocessing.std[i / plane];
  }
  return picture;
}

inline ChunkCase random_chunk_case(std::uint64_t seed) {
  networks::Random random(seed);
  const Chunking cut = random_cut(random);
  const bool concat = between(random, 0, 4) == 0;
  ChunkCase drawn{random_chunk_graph(random, cut, concat), {}, {}};
  preprocess_somehow(random, drawn.graph);
  using message::Policy;
  const std::vector<Policy> policies =
      concat ? std::vector{Policy::whole, Policy::all}
             : std::vector{Policy::whole, Policy::all, Policy::features, Policy::features, Policy::hidden};
  drawn.options.policy = policies[between(random, 0, policies.size() - 1)];
  if (drawn.options.policy == Policy::hidden) drawn.graph.chunks->kept = between(random, 1, cut.count());
  drawn.options.threshold = std::vector<double>{0, 50, 150, 300, kMaxGradient}[between(random, 0, 4)];
  drawn.options.score = between(random, 0, 1) == 0 ? ChunkScore::mean : ChunkScore::maximum;
  const bool batched = !concat && drawn.options.policy != Policy::features && between(random, 0, 2) == 0;
  drawn.options.mode = batched ? message::Mode::batched : message::Mode::packed;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const auto picture = network_picture(drawn.graph, 1000 * seed + i);
    drawn.options.samples.emplace_back(picture.begin(), picture.end());
  }
  drawn.text = "seed " + std::to_string(seed) + ", " + chunking_text(*drawn.graph.chunks) + ", policy " +
               message::to_string(drawn.options.policy) + (batched ? ", batched" : ", packed") +
               (concat ? ", concat" : "") + ", threshold " + std::to_string(drawn.options.threshold);
  return drawn;
}

}  // namespace obscura::support
