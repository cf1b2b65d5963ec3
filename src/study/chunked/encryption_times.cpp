#include "study/chunked/encryption_times.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/stopwatch.h"
#include "owner/owner.h"
#include "study/compile_network.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// The owner's side of one policy, and what was measured of it.
struct Side {
  std::string policy;
  std::unique_ptr<owner::Owner> owner;
  std::vector<double> seconds;
  std::vector<std::size_t> encrypted, ciphertexts, bytes;
};

Side side_of(const std::string& policy, const Prepared& prepared) {
  PolicyWishes wishes;
  wishes.policy = policy;
  nn::Graph graph = prepared.graph;
  compile::CompileOptions options = prepared.options;
  apply_policy(wishes, graph, options, Notes());
  Side side;
  side.policy = policy;
  side.owner = std::make_unique<owner::Owner>(compile_network(graph, options).client);
  return side;
}

/// Seconds of the fastest of several.
double time_one(const owner::Owner& owner, std::span<const std::vector<float>> picture) {
  double best = 0;
  for (std::size_t i = 0; i < kEncryptionRepeats; ++i) {
    const Stopwatch watch;
    message::write_query(*owner.context(), owner.encrypt(picture));
    best = i == 0 ? watch.seconds() : std::min(best, watch.seconds());
  }
  return best;
}

void measure(Side& side, std::span<const std::vector<float>> picture) {
  const auto& client = side.owner->client();
  const auto query = side.owner->encrypt(picture);
  side.seconds.push_back(time_one(*side.owner, picture));
  side.ciphertexts.push_back(query.ciphertexts.size());
  side.bytes.push_back(message::write_query(*side.owner->context(), query).size());
  side.encrypted.push_back(
      message::choose_chunks(*client.chunks, picture.front(), client.preprocessing).encrypted.size());
}

ordered_json side_json(const Side& side) {
  return {{"policy", side.policy},           {"side_by_side", side.owner->client().chunks->wide},
          {"seconds", side.seconds},         {"encrypted", side.encrypted},
          {"ciphertexts", side.ciphertexts}, {"bytes", side.bytes}};
}

}  // namespace

ordered_json encryption_times_json(const Prepared& prepared) {
  std::vector<Side> sides;
  for (const char* policy : {"whole", "all", "features", "hidden"}) sides.push_back(side_of(policy, prepared));
  const auto images = std::span(prepared.images.values);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (Side& side : sides) measure(side, images.subspan(i, 1));
  }
  ordered_json policies = ordered_json::array();
  for (const Side& side : sides) policies.push_back(side_json(side));
  return {{"images", images.size()},
          {"chunks", prepared.graph.chunks->count()},
          {"repeats", kEncryptionRepeats},
          {"policies", policies}};
}

}  // namespace obscura::study
