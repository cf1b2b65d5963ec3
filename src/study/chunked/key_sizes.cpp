#include "study/chunked/key_sizes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "ckks/wire.h"
#include "ckks/wire_parts.h"
#include "compile/compile.h"
#include "study/policy.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// Primes by bits; the last one is the special one.
struct Chain {
  int log_degree;
  std::vector<int> bits;
  bool tutorial;
};

/// SEAL's CoeffModulus::BFVDefault for 128 bits of security, and the chain of TenSEAL's tutorial on an encrypted MNIST
/// network, which is the network of one chunk.
std::vector<Chain> chains() {
  std::vector<Chain> all = {{12, {36, 36, 37}, false}};
  const std::vector<int> tutorial = {31, 26, 26, 26, 26, 26, 26, 31};
  all.push_back({13, tutorial, true});
  all.push_back({13, {43, 43, 44, 44, 44}, false});
  all.push_back({14, tutorial, true});
  all.push_back({14, {48, 48, 48, 49, 49, 49, 49, 49, 49}, false});
  all.push_back({15, tutorial, true});
  std::vector<int> largest(15, 55);
  largest.push_back(56);
  all.push_back({15, largest, false});
  return all;
}

std::size_t degree_of(const ckks::Parameters& parameters) {
  return std::size_t{1} << parameters.log_degree;
}

double log_qp_of(const ckks::Parameters& parameters) {
  return ckks::log2_product(parameters.q) + ckks::log2_product(parameters.p);
}

std::size_t switching_key_bytes(const ckks::Parameters& parameters, std::size_t limbs) {
  const std::size_t digits = (limbs + parameters.digit_size - 1) / parameters.digit_size;
  const auto rows = ckks::wire::key_rows(parameters, limbs);
  return 2 + sizeof(ring::Seed) + digits * ckks::wire::residues_bytes(degree_of(parameters), rows);
}

ordered_json chain_json(const Chain& chain) {
  const std::vector<int> q(chain.bits.begin(), chain.bits.end() - 1);
  const auto parameters = ckks::make_parameters(chain.log_degree, q, {chain.bits.back()});
  const auto rotations = usual_rotations(parameters);
  ckks::KeyRequest relinearisation;
  relinearisation.relinearisation(parameters.q.size());
  const double log_qp = log_qp_of(parameters);
  return {{"log_n", chain.log_degree},
          {"bits", chain.bits},
          {"log_qp", log_qp},
          {"security_bits", ckks::estimate_security_bits(chain.log_degree, log_qp)},
          {"tutorial", chain.tutorial},
          {"slots", degree_of(parameters) / 2},
          {"secret_key", secret_key_bytes(parameters)},
          {"public_key", public_key_bytes(parameters)},
          {"relinearisation_key", evaluation_key_bytes(parameters, relinearisation)},
          {"rotation_key", switching_key_bytes(parameters, parameters.q.size())},
          {"rotation_keys", rotations.galois.size()},
          {"rotation_keys_bytes", evaluation_key_bytes(parameters, rotations)}};
}

ordered_json program_json(const nn::Graph& graph, const compile::CompileOptions& options) {
  const auto client = compile::compile(graph, options).client;
  const auto& parameters = client.parameters;
  const double log_qp = log_qp_of(parameters);
  return {{"log_n", parameters.log_degree},
          {"log_qp", log_qp},
          {"security_bits", ckks::estimate_security_bits(parameters.log_degree, log_qp)},
          {"primes", parameters.q.size() + parameters.p.size()},
          {"rotation_keys", client.keys.galois.size()},
          {"secret_key", secret_key_bytes(parameters)},
          {"public_key", public_key_bytes(parameters)},
          {"evaluation_keys", evaluation_key_bytes(parameters, client.keys)}};
}

/// With what it is of; where it cannot be compiled, why.
ordered_json named_program(const Shape& image, const std::string& what, const nn::Graph& graph,
                           const PolicyWishes& wishes) {
  ordered_json object = {{"image", fmt::format("{}x{}", image.width, image.height)}, {"what", what}, {"problem", ""}};
  try {
    nn::Graph own = graph;
    compile::CompileOptions options;
    apply_policy(wishes, own, options, Notes());
    object.update(program_json(own, options));
  } catch (const Error& e) {
    object["problem"] = e.what();
  }
  return object;
}

}  // namespace

std::size_t secret_key_bytes(const ckks::Parameters& parameters) {
  return ckks::kEnvelopeBytes + ckks::wire::parameters_bytes(parameters) + degree_of(parameters) / 4;
}

std::size_t public_key_bytes(const ckks::Parameters& parameters) {
  return ckks::kEnvelopeBytes + ckks::wire::parameters_bytes(parameters) + sizeof(ckks::KeyId) + sizeof(ring::Seed) +
         ckks::wire::residues_bytes(degree_of(parameters), parameters.q);
}

std::size_t evaluation_key_bytes(const ckks::Parameters& parameters, const ckks::KeyRequest& request) {
  std::size_t bytes = ckks::kEnvelopeBytes + ckks::wire::parameters_bytes(parameters) + sizeof(ckks::KeyId) + 1 + 4;
  if (request.relin_limbs > 0) bytes += switching_key_bytes(parameters, request.relin_limbs);
  for (const auto& [element, limbs] : request.galois) bytes += 4 + switching_key_bytes(parameters, limbs);
  return bytes;
}

ckks::KeyRequest usual_rotations(const ckks::Parameters& parameters) {
  ckks::KeyRequest request;
  const std::size_t degree = degree_of(parameters), limbs = parameters.q.size();
  for (std::int64_t steps = 1; steps < static_cast<std::int64_t>(degree / 2); steps *= 2) {
    request.rotation(steps, limbs, degree);
    request.rotation(-steps, limbs, degree);
  }
  request.conjugation(limbs, degree);
  return request;
}

ordered_json paper_key_sizes() {
  ordered_json list = ordered_json::array();
  for (const Chain& chain : chains()) list.push_back(chain_json(chain));
  return list;
}

ordered_json program_key_sizes(const nn::Graph& graph) {
  ordered_json list = ordered_json::array();
  list.push_back(named_program(graph.chunks->chunk(), "one chunk alone", nn::split_at_merge(graph).trunk, {}));
  for (const char* policy : {"features", "all", "whole", "hidden"}) {
    PolicyWishes wishes;
    wishes.policy = policy;
    list.push_back(named_program(graph.chunks->picture, policy, graph, wishes));
  }
  return list;
}

}  // namespace obscura::study
