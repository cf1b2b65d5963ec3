#include "study/audit/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "message/client_wire.h"
#include "nn/onnx_read.h"
#include "search/encrypted_plan.h"
#include "search/fetch_shape.h"
#include "search/score_plan.h"
#include "search/trusted_messages.h"
#include "study/compile_network.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

const double kBinomialError = std::sqrt(10.5);            // of 21 coins a side, as ring::sample_error draws
constexpr std::size_t kSomeCode = 600, kSomeVector = 64;  // lengths; parameters are the same for all

NamedInstance of_network(const ParameterOptions& options, const Notes& note) {
  const auto graph = nn::read_onnx(options.network);
  const bool batched = options.mode == "batched";
  note(fmt::format("compiling {} to see what parameters it gets", options.network));
  const auto program = compile_network(graph, batched ? message::Mode::batched : message::Mode::packed);
  return {fmt::format("{}, {}", fs::path(options.network).filename().string(), batched ? "batched" : "packed"),
          to_lwe(program.client.parameters)};
}

NamedInstance of_client(const fs::path& path) {
  const bool folder = fs::is_directory(path);
  const fs::path file = folder ? path / "client.spec" : path;
  const auto client = message::read_client_spec(read_file(file), file.string());
  return {fmt::format("{}{}", client.network, folder ? ", keys in " + path.string() : std::string()),
          to_lwe(client.parameters)};
}

NamedInstance typed(const ParameterOptions& options) {
  security::Lwe lwe;
  lwe.dimension = std::exp2(options.log_n);
  lwe.log_q = options.log_qp;
  lwe.secret = security::parse_secret(options.secret);
  lwe.error = options.sigma;
  if (options.samples > 0) lwe.samples = options.samples;
  return {"typed parameters", lwe};
}

void refuse_half(const ParameterOptions& options) {
  const bool by_hand = options.log_n != 0 || options.log_qp != 0;
  const int named = !options.network.empty() + !options.client.empty() + by_hand;
  if (named > 1)
    throw UsageError("--network, --client and --log-n with --log-qp name parameters each: give one of them");
  if (by_hand && (options.log_n == 0 || options.log_qp == 0)) {
    throw UsageError("--log-n and --log-qp belong together: log2 of the degree, and of the product of all primes");
  }
}

}  // namespace

security::Lwe to_lwe(const ckks::Parameters& parameters) {
  security::Lwe lwe;
  lwe.dimension = std::exp2(parameters.log_degree);
  lwe.log_q = ckks::log2_product(parameters.q) + ckks::log2_product(parameters.p);
  lwe.error = kBinomialError;
  return lwe;
}

std::vector<NamedInstance> own_parameters() {
  using search::VectorKind;
  const double fetch_bits = search::kFetchModulusBits;
  security::Lwe fetch{static_cast<double>(search::kFetchDegree), fetch_bits, {}, kBinomialError};
  return {
      {"encrypted search, codes", to_lwe(search::plan_scores(VectorKind::code, kSomeCode).parameters)},
      {"encrypted search, vectors", to_lwe(search::plan_scores(VectorKind::unit, kSomeVector).parameters)},
      {"encrypted galleries", to_lwe(search::plan_encrypted_scores(VectorKind::unit, kSomeVector).parameters)},
      {"private fetching", fetch},
      {"mode trusted", to_lwe(search::trusted_parameters())},
  };
}

bool ParameterAudit::meets() const {
  const double bits = cheapest().bits;
  if (!enforced().not_for_it.empty()) return bits >= kWantedBits;
  return enforced().level >= kWantedBits && bits >= kWantedBits - kAgreement;
}

bool ParametersAudit::meets() const {
  return std::all_of(sets.begin(), sets.end(), [](const ParameterAudit& set) { return set.meets(); });
}

ParameterAudit audit_set(const std::string& name, const security::Lwe& lwe) {
  return {name, lwe, security::look_up_all(lwe), security::estimates(lwe)};
}

ParametersAudit audit_parameters(const ParameterOptions& options, const Notes& note) {
  refuse_half(options);
  ParametersAudit audit{options, {}, std::nullopt};
  std::vector<NamedInstance> sets;
  if (!options.network.empty()) {
    sets.push_back(of_network(options, note));
  } else if (!options.client.empty()) {
    sets.push_back(of_client(options.client));
  } else if (options.log_n != 0) {
    sets.push_back(typed(options));
  } else if (!options.toy) {
    sets = own_parameters();
  }
  for (const auto& [name, lwe] : sets) audit.sets.push_back(audit_set(name, lwe));
  if (options.toy) audit.toy = demonstrate_toy(note);
  return audit;
}

}  // namespace obscura::study
