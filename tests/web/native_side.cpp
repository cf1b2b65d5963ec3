// The native half of the browser's tests (client.test.mjs): networks that are drawn, a server of files, and an owner
// with a folder of keys. One command a run; everything goes by files.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "message/client_wire.h"
#include "nn/reference.h"
#include "obscura/compile.h"
#include "obscura/owner.h"
#include "obscura/server.h"
#include "program/program_wire.h"
#include "support/chunk_networks.h"
#include "support/random_graph.h"

namespace obscura {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

constexpr std::size_t kPictures = 3;

/// A network and how it is compiled. Of chunks: all policies, with chunks in the clear among them.
support::ChunkCase drawn(std::uint64_t seed, const std::string& kind) {
  if (kind == "chunks") return support::random_chunk_case(seed);
  support::RandomGraphOptions options;
  options.blocks = 1;
  options.max_side = 10;
  options.max_degree = 2;
  nn::Graph graph = support::RandomGraph(seed, options).draw();
  while (graph.input_shape().channels == 2) graph = support::RandomGraph(seed += 1000, options).draw();
  support::ChunkCase made{std::move(graph), {}, "seed " + std::to_string(seed) + ", " + kind};
  made.options.mode = kind == "batched" ? compile::Mode::batched : compile::Mode::packed;
  made.options.images_per_ciphertext = kind == "several" ? 4 : 1;
  return made;
}

/// Interleaved samples of pictures, as canvases give them.
Bytes drawn_pictures(const Shape& shape, std::uint64_t seed) {
  Bytes bytes;
  for (std::size_t p = 0; p < kPictures; ++p) {
    const auto planar = support::uneven_picture(shape, 1000 * seed + p);
    const std::size_t plane = shape.width * shape.height;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      bytes.push_back(static_cast<std::uint8_t>(255 * planar[i % shape.channels * plane + i / shape.channels]));
    }
  }
  return bytes;
}

std::vector<float> values_of(const nn::Graph& graph, const std::uint8_t* interleaved) {
  const Shape shape = graph.input_shape();
  const std::size_t plane = shape.width * shape.height;
  std::vector<std::uint8_t> planar(shape.size());
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < shape.channels; ++c) planar[c * plane + i] = interleaved[i * shape.channels + c];
  }
  return preprocess(planar, graph.preprocessing);
}

template <typename T>
void write_numbers(const fs::path& file, const std::vector<T>& numbers) {
  Bytes bytes(numbers.size() * sizeof(T));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  write_file(file, bytes);
}

/// SEED packed|several|batched|chunks FOLDER: server.program, client.spec, three pictures, and what the network says of
/// them in the clear.
void draw(const Arguments& a) {
  const std::uint64_t seed = std::stoull(a.at(0));
  const std::string kind = a.at(1);
  const fs::path folder = a.at(2);
  fs::create_directories(folder);
  auto [graph, options, text] = drawn(seed, kind);
  const Bytes pictures = drawn_pictures(graph.input_shape(), seed);
  std::vector<double> said;
  for (std::size_t i = 0; i < kPictures; ++i) {
    const auto values = values_of(graph, pictures.data() + i * graph.input_shape().size());
    options.samples.emplace_back(values.begin(), values.end());
    const auto logits = nn::run_reference(graph, values);
    said.insert(said.end(), logits.begin(), logits.end());
  }
  const auto program = compile::compile(graph, options);
  write_file(folder / "server.program", program::write_program(program));
  write_file(folder / "client.spec", message::write_client_spec(program.client));
  write_file(folder / "about", text);
  write_file(folder / "pictures", pictures);
  write_numbers(folder / "logits", said);
}

/// NETWORK.onnx FOLDER
void compile_file(const Arguments& a) {
  fs::create_directories(a.at(1));
  const Compiled net = compile_network(a.at(0));
  write_file(fs::path(a[1]) / "server.program", net.program);
  write_file(fs::path(a[1]) / "client.spec", net.client_spec);
}

/// FOLDER EVALUATION_KEYS (QUERY ANSWER)...
void answer(const Arguments& a) {
  Server server(read_file(fs::path(a.at(0)) / "server.program"), {.threads = 1});
  const KeyId id = server.add_keys(read_file(a.at(1)));
  for (std::size_t i = 2; i + 1 < a.size(); i += 2) write_file(a[i + 1], server.answer(id, read_file(a[i])));
}

/// CLIENT_SPEC KEYS [PASSPHRASE]
void keys(const Arguments& a) {
  Owner owner(read_file(a.at(0)), 1);
  if (a.size() > 2) {
    owner.save(a.at(1), a[2]);
  } else {
    owner.save(a.at(1));
  }
}

Owner opened(const Arguments& a, std::size_t passphrase) {
  return a.size() > passphrase ? Owner::open(a.at(0), a[passphrase], 1) : Owner::open(a.at(0), 1);
}

/// KEYS PICTURES COUNT QUERY [PASSPHRASE]
void encrypt(const Arguments& a) {
  Owner owner = opened(a, 4);
  const NetworkFacts facts = owner.network();
  const Bytes samples = read_file(a.at(1));
  const std::size_t size = facts.width * facts.height * facts.channels;
  std::vector<Pixels> pictures;
  for (std::size_t i = 0; i < std::stoul(a.at(2)); ++i) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(i * size);
    pictures.push_back({facts.width, facts.height, facts.channels, {begin, begin + static_cast<std::ptrdiff_t>(size)}});
  }
  write_file(a.at(3), owner.encrypt(pictures));
}

/// KEYS ANSWER LOGITS [PASSPHRASE]: every logit of every picture; the count of decryptions is printed.
void read(const Arguments& a) {
  Owner owner = opened(a, 3);
  std::vector<double> logits;
  for (const Prediction& one : owner.read(read_file(a.at(1)))) {
    logits.insert(logits.end(), one.logits.begin(), one.logits.end());
  }
  write_numbers(a.at(2), logits);
  std::printf("%llu\n", static_cast<unsigned long long>(owner.decryptions()));
}

int run(const std::string& command, const Arguments& arguments) {
  const std::map<std::string, std::function<void(const Arguments&)>> commands{
      {"draw", draw}, {"compile", compile_file}, {"answer", answer},
      {"keys", keys}, {"encrypt", encrypt},      {"read", read}};
  commands.at(command)(arguments);
  return 0;
}

}  // namespace
}  // namespace obscura

int main(int argc, char** argv) {
  try {
    return obscura::run(argv[1], {argv + 2, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
