#include "cli/from_network.h"

#include <optional>

#include "base/error.h"
#include "cli/console.h"
#include "nn/onnx_read.h"
#include "study/compile_network.h"
#include "study/preprocessing.h"

namespace obscura::cli {

message::ClientSpec client_of_network(const std::string& network, const compile::CompileOptions& options) {
  const auto graph = nn::read_onnx(network);
  for (const auto& line : graph.notes) note(line);
  study::note_unstated(graph.preprocessing, network, notes());
  return study::compile_network(graph, options).client;
}

std::vector<program::Program> programs_of_network(const std::string& network, std::size_t images_per_ciphertext,
                                                  const ckks::Digest& parameters, const std::string& keys) {
  const auto graph = nn::read_onnx(network);
  std::vector<program::Program> programs;
  std::optional<UnsupportedError> refused;
  bool compiled = false;
  for (const auto mode : {message::Mode::packed, message::Mode::batched}) {
    try {
      compile::CompileOptions options;
      options.mode = mode;
      options.images_per_ciphertext = images_per_ciphertext;
      auto program = study::compile_network(graph, options);
      compiled = true;
      if (ckks::digest_of(program.client.parameters) == parameters) programs.push_back(std::move(program));
    } catch (const UnsupportedError& e) {
      if (!refused) refused = e;
    }
  }
  if (!compiled) throw UnsupportedError(*refused);
  if (programs.empty()) throw MismatchError(keys + " was made for another network than " + network);
  return programs;
}

study::NetworkSummary summary_of_network(const std::filesystem::path& network) {
  const auto graph = nn::read_onnx(network);
  return {graph.name,          graph.nodes.size() - 1, graph.output_shape().size(),
          graph.input_shape(), graph.preprocessing,    graph.chunks};
}

}  // namespace obscura::cli
