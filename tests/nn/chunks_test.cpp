// Networks of chunks: as graphs, as files, and run in the clear two ways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/onnx_chunks.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "support/chunk_networks.h"

namespace obscura::nn {
namespace {

using ::testing::HasSubstr;

std::string format_error(const std::string& text, const Shape& chunk = {1, 4, 4}) {
  try {
    parse_chunks(text, chunk);
  } catch (const FormatError& e) {
    return e.what();
  }
  return "read";
}

TEST(ChunkNetworks, ComeBackFromOnnxAndRunAlike) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto drawn = support::random_chunk_case(seed);
    SCOPED_TRACE(drawn.text);
    const Graph& graph = drawn.graph;
    const Graph read = read_onnx(to_onnx(graph), "file");
    EXPECT_EQ(read.chunks, graph.chunks);
    EXPECT_EQ(read.input_shape(), graph.input_shape());
    EXPECT_EQ(merge_of(read).has_value(), true);
    const auto picture = support::network_picture(graph, seed);
    const auto expected = run_reference(graph, picture);
    const auto again = run_reference(read, picture);
    Reference opencv(graph);
    const auto theirs = opencv.run(picture);
    ASSERT_EQ(theirs.size(), expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_NEAR(again[k], expected[k], 1e-4 * (1 + std::abs(expected[k])));
      EXPECT_NEAR(theirs[k], expected[k], 1e-4 * (1 + std::abs(expected[k])));
    }
  }
}

TEST(ChunkNetworks, AClassifierOfChunksBecomesOne) {
  networks::Random random(3);
  const Graph classifier = networks::chain({1, 6, 6}, {{"conv", networks::conv(random, 1, 2, 3, 1, 0)},
                                                       {"square", Square{}},
                                                       {"flatten", Flatten{}},
                                                       {"fc", networks::linear(random, 32, 3)}});
  const Graph graph = read_onnx(to_onnx(classifier), "file", {0, 1, 1}, {{"chunks", "of 15x12"}});
  ASSERT_TRUE(graph.chunks.has_value());
  EXPECT_EQ(graph.chunks->picture, (Shape{1, 12, 15}));
  EXPECT_EQ(graph.chunks->count(), 6u);
  EXPECT_THAT(graph.notes, ::testing::Contains(HasSubstr("mean of its chunks'")));
  const auto picture = support::uneven_picture({1, 12, 15}, 1);
  std::vector<double> mean(3, 0);
  for (std::size_t k = 0; k < 6; ++k) {
    const auto logits = run_reference(classifier, cut_chunk(*graph.chunks, picture, k));
    for (std::size_t i = 0; i < 3; ++i) mean[i] += logits[i] / 6;
  }
  const auto logits = run_reference(graph, picture);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(logits[i], mean[i], 1e-6);
}

TEST(ChunkNetworks, MetadataIsReadLikeAnythingElse) {
  EXPECT_EQ(chunks_metadata({{1, 112, 100}, 28, 26, 0}), "26x28 of 100x112");
  const Chunking kept{{1, 112, 100}, 28, 26, 3};
  EXPECT_EQ(parse_chunks(chunks_metadata(kept), {1, 28, 26}), kept);
  for (const char* bad :
       {"", "28", "28x28", "28x28 of", "28x28 of 112", "28x28 of 112x112 kept", "4x4 of 8x8 kept 5", "4x4 of 8x8 ",
        "x4 of 8x8", "-4x4 of 8x8", "99999999999x1 of 2x2", "of", "of 3", "8x8 of 4x4"}) {
    EXPECT_THAT(format_error(bad), HasSubstr("metadata 'chunks'")) << bad;
  }
  EXPECT_EQ(format_error("4x4 of 8x8"), "read");
}

TEST(ChunkNetworks, ContradictionsAreRefused) {
  networks::Random random(4);
  Graph graph = make_chunk_graph("chunks", {{1, 8, 8}, 4, 4});
  add_node(graph, "flatten", Flatten{}, {0});
  EXPECT_THROW(check_chunks(graph), FormatError);
  add_node(graph, "merge", Merge{}, {1});
  EXPECT_THROW(add_node(graph, "again", Merge{}, {2}), FormatError);
  EXPECT_THROW(add_node(graph, "add", Add{}, {1, 2}), FormatError);
  EXPECT_NO_THROW(check_chunks(graph));
  Graph concat = make_chunk_graph("chunks", {{1, 8, 8}, 4, 4});
  add_node(concat, "merge", Merge{Merge::Kind::concat, 3}, {0});
  EXPECT_THROW(check_chunks(concat), FormatError);
  Graph pictures = make_graph("pictures", {1, 4, 4});
  add_node(pictures, "merge", Merge{}, {0});
  EXPECT_THROW(check_chunks(pictures), FormatError);
  // A file whose network takes other chunks than it says.
  const Graph classifier = networks::dense(1, {1, 5, 5}, 4, 3);
  EXPECT_THROW(read_onnx(to_onnx(classifier), "file", {0, 1, 1}, {{"chunks", "4x4 of 8x8"}}), FormatError);
}

}  // namespace
}  // namespace obscura::nn
