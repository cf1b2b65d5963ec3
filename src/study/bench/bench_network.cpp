#include <memory>
#include <vector>

#include "nn/onnx_read.h"
#include "owner/owner.h"
#include "runtime/runner.h"
#include "study/bench/bench_parts.h"
#include "study/compile_network.h"
#include "study/describe.h"

namespace obscura::study {
namespace {

/// A grey wedge: what an image shows does not change the time.
std::vector<std::vector<float>> some_images(const message::ClientSpec& client) {
  std::vector<float> image(client.input.size());
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i) / static_cast<float>(image.size());
  return std::vector<std::vector<float>>(client.images, image);
}

void bench_mode(BenchTable& table, const nn::Graph& graph, message::Mode mode) {
  const std::string name = "network_" + mode_name(mode);
  if (!table.wants_any({name + "_encrypt", name + "_evaluate", name + "_decrypt"})) return;
  program::Program program = compile_network(graph, mode);
  const owner::Owner owner(program.client);
  const auto images = some_images(owner.client());
  const auto seeded_keys = owner.evaluation_keys();
  const auto runner = runtime::make_runner(std::move(program));
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded_keys);

  message::Query query = owner.encrypt(images);
  std::vector<ckks::Ciphertext> values;
  for (const auto& x : query.ciphertexts) values.push_back(ckks::expand(*runner->context(), x));
  const message::Answer answer = message::answer_to(query, runner->run(keys, values));
  const message::Ticket ticket = message::ticket_of(query);
  query = {};

  const auto& parameters = owner.client().parameters;
  const auto add = [&](const char* step, const std::function<void()>& body) {
    table.add(name + step, parameters.log_degree, parameters.q.size(), body, images.size());
  };
  add("_evaluate", [&] { runner->run(keys, values); });
  add("_decrypt", [&] { owner.decrypt(answer, ticket); });
  values.clear();
  add("_encrypt", [&] { owner.encrypt(images); });
}

}  // namespace

void bench_network(BenchTable& table, const std::filesystem::path& network) {
  const auto graph = nn::read_onnx(network);
  bench_mode(table, graph, message::Mode::packed);
  bench_mode(table, graph, message::Mode::batched);
}

}  // namespace obscura::study
