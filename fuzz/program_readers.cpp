// Networks: compiled ones, and ONNX files.
#include <algorithm>

#include "ckks/wire.h"
#include "compile/compile.h"
#include "fuzz/envelope.h"
#include "fuzz/readers.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "program/compressed.h"
#include "program/program_wire.h"
#include "program/program_wire_parts.h"

namespace obscura::fuzz {
namespace {

std::vector<float> weights(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = 0.5F - static_cast<float>(i % 7) / 8;
  return values;
}

/// A convolution, a square and a dense layer.
nn::Graph small_network() {
  nn::Graph graph = nn::make_graph("small", {1, 4, 4});
  nn::Conv2d conv;
  conv.out_channels = 2;
  conv.kernel = {2, 2};
  conv.stride = {2, 2};
  conv.weights = weights(8);
  conv.bias = {0.5F, -0.25F};
  const auto add = [&](nn::Layer layer) {
    nn::add_node(graph, "layer" + std::to_string(graph.nodes.size()), std::move(layer), {graph.nodes.size() - 1});
  };
  add(conv);
  add(nn::Square{});
  add(nn::Flatten{});
  add(nn::Linear{2, weights(16), {0.5F, 0.25F}});
  return graph;
}

/// Two chunks, whose mean is classified.
nn::Graph chunk_network() {
  nn::Graph graph = nn::make_chunk_graph("chunks", {{1, 2, 4}, 2, 2});
  const auto add = [&](nn::Layer layer) {
    nn::add_node(graph, "layer" + std::to_string(graph.nodes.size()), std::move(layer), {graph.nodes.size() - 1});
  };
  add(nn::Flatten{});
  add(nn::Linear{3, weights(12), {}});
  add(nn::Square{});
  add(nn::Merge{nn::Merge::Kind::mean, 1});
  add(nn::Linear{2, weights(6), {}});
  return graph;
}

compile::CompileOptions options_of(message::Mode mode) {
  compile::CompileOptions options;
  options.mode = mode;
  return options;
}

constexpr std::size_t kMostBody = std::size_t{1} << 28;

/// Two frames can hold one body, and a program's name is that of its body: that is what has one encoding.
std::optional<Bytes> reread_program(ByteSpan in) {
  const auto program = program::read_program(in, "input");
  const auto payload = ckks::open_envelope(in, "input").payload;
  const auto body = program::decompress(payload.subspan(kProgramHead), kMostBody, "input");
  if (program::write_body(program) != body) throw Fault("program: a second encoding of its body");
  return nothing();
}

}  // namespace

Reader program_reader() {
  const std::vector<Bytes> seeds{
      program::write_program(compile::compile(small_network())),
      program::write_program(compile::compile(small_network(), options_of(message::Mode::batched))),
      program::write_program(compile::compile(chunk_network()))};
  std::size_t longest = 0;
  for (const Bytes& seed : seeds) longest = std::max(longest, seed.size());
  // A byte may decompress to 4,096, and a number of four bytes there become a place of eight.
  return {"program",      seeds,
          reread_program, kFormat | kMismatch | kParameter,
          Seal::program,  {4096 * 32, std::size_t{64} << 20},
          2 * longest,    200};
}

Reader onnx_reader() {
  nn::Graph fitted = small_network();
  fitted.calibration = {1, 2, 3};
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const nn::Graph graph = nn::read_onnx(in, "input");
    // What was read can be written, and read again.
    nn::read_onnx(nn::to_onnx(graph), "input");
    return nothing();
  };
  const std::vector<Bytes> seeds{nn::to_onnx(small_network()), nn::to_onnx(chunk_network()), nn::to_onnx(fitted)};
  return {
      "onnx", seeds, rewrite, kFormat | kMismatch | kUnsupported | kUsage, Seal::none, {512, std::size_t{300} << 20},
      4096,   500};
}

}  // namespace obscura::fuzz
