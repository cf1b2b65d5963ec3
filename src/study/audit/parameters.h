#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "audit/security/estimate.h"
#include "audit/security/tables.h"
#include "base/notes.h"
#include "ckks/parameters.h"
#include "study/audit/toy_demonstration.h"

/// `obscura audit params`: how many bits of security parameters have, by published tables and by attacks.
namespace obscura::study {

inline constexpr int kWantedBits = 128;

struct ParameterOptions {
  std::string network;           ///< an ONNX file: the parameters that compiling chooses
  std::string mode;              ///< of a network: packed (default) or batched
  std::filesystem::path client;  ///< a client spec, or a folder of keys
  int log_n = 0;                 ///< log2 of the ring's degree; 0: not given
  double log_qp = 0;             ///< log2 of all primes; 0: not given
  std::string secret = "ternary";
  double sigma = 3.2;  ///< standard deviation of errors
  double samples = 0;  ///< coefficients that the attacker has; 0: as many as help
  bool toy = false;    ///< the demonstration, and it alone if nothing else is given
};

/// One set of parameters and what became of it.
struct ParameterAudit {
  std::string name;
  security::Lwe lwe;
  std::vector<security::TableVerdict> tables;
  std::vector<security::Estimate> attacks;

  /// Of the cheapest attack in the model that the tables of 2024 agree with.
  const security::Estimate& cheapest() const { return security::weakest(attacks, security::Model::matzov); }
  /// The classical table of 2024, which is what Obscura enforces.
  const security::TableVerdict& enforced() const { return tables.at(2); }
  /// 128 bits or more by that table, where it speaks of such parameters, and else by the cheapest attack; and no attack
  /// more than kAgreement below.
  bool meets() const;
};

/// Bits by which an estimate and a published one may differ.
inline constexpr double kAgreement = 2;

struct ParametersAudit {
  ParameterOptions options;
  std::vector<ParameterAudit> sets;
  std::optional<ToyDemonstration> toy;

  bool meets() const;  ///< all sets
};

/// What is named by the options: a network's, a client's, or typed parameters; with nothing named, every set that the
/// program uses by itself (own_parameters). Throws UsageError for options that say two things or half of one,
/// ParameterError for impossible numbers, and what reading and compiling throw.
ParametersAudit audit_parameters(const ParameterOptions& options, const Notes& note);

ParameterAudit audit_set(const std::string& name, const security::Lwe& lwe);

/// CKKS parameters as an instance: N, log2(Q P), uniform ternary secrets, centred binomial errors of sigma 3.24, any
/// number of samples.
security::Lwe to_lwe(const ckks::Parameters& parameters);

struct NamedInstance {
  std::string name;
  security::Lwe lwe;
};

/// Sets that are fixed in the program: of encrypted search, galleries, private fetching, mode trusted. A network's own
/// are chosen when it is compiled.
std::vector<NamedInstance> own_parameters();

}  // namespace obscura::study
