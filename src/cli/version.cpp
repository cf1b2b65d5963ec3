#include "cli/version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/build_facts.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/version.h"
#include "ckks/parameters.h"
#include "ckks/wire.h"
#include "cli/console.h"
#include "cli/loaded_libraries.h"
#include "cli/parts.h"
#include "ring/isa.h"
#include "study/blas_name.h"

namespace obscura::cli {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json kernels() {
  Json available = Json::array();
  for (const auto isa : {ring::Isa::scalar, ring::Isa::avx2, ring::Isa::ifma}) {
    if (isa <= ring::best_isa()) available.push_back(ring::isa_name(isa));
  }
  return {{"available", available},
          {"chosen", ring::isa_name(ring::selected_isa())},
          {"asked", text_or_null(environment("OBSCURA_ISA"))}};
}

/// Which parts of the program are here.
Json parts() {
  Json out;
  for (const Tier tier : kAllTiers) out[part_name(tier)] = !part_file(tier).empty();
  return out;
}

Json named_versions(const Material* list) {
  Json out = Json::array();
  for (; list->name != nullptr; ++list) out.push_back({{"name", list->name}, {"version", list->version}});
  return out;
}

Json wire_format() {
  Json kinds = Json::array();
  for (int number = 1; number <= static_cast<int>(ckks::Kind::sealed_secret_key); ++number) {
    const auto kind = static_cast<ckks::Kind>(number);
    kinds.push_back({{"kind", number}, {"name", ckks::kind_name(kind)}, {"version", ckks::wire_version(kind)}});
  }
  return {{"kinds", kinds}};
}

/// The largest moduli of 128 bits of security.
Json security() {
  Json most = Json::array();
  for (int log_n = 10; log_n <= 17; ++log_n) {
    most.push_back({{"log_n", log_n}, {"log_qp", ckks::max_log_qp(log_n, 128)}});
  }
  return {{"table", "ePrint 2024/463"}, {"bits", 128}, {"largest", most}};
}

}  // namespace

std::string version_line() {
  const std::string blas = study::blas_name();
  return fmt::format("obscura {} ({}, {}), kernels {}{}", kVersion, kBuildType, kCompiler,
                     ring::isa_name(ring::selected_isa()), blas == "none" ? "" : ", BLAS " + blas);
}

bool wants_version_json(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "", second = argc > 2 ? argv[2] : "";
  if (argc == 3 && first == "--json" && second == "--version") return true;
  if (first != "--version" || argc == 2) return false;
  if (argc == 3 && second == "--json") return true;
  throw UsageError("--version takes --json and nothing else");
}

void print_version_json(Tier part) {
  print_json({{"name", "obscura"},
              {"version", kVersion},
              {"commit", text_or_null(kCommit)},
              {"program", part_name(part)},
              {"build", kBuildType},
              {"compiler", kCompiler},
              {"isa", ring::isa_name(ring::selected_isa())},
              {"kernels", kernels()},
              {"blas", study::blas_name()},
              {"components",
               {{"learning", kHasLearning}, {"service", kHasService}, {"tiff", kHasTiff}, {"python", kHasPython}}},
              {"programs", parts()},
              {"wire_format", wire_format()},
              {"security", security()},
              {"libraries", named_versions(kLibraries)},
              {"loaded", loaded_libraries()},
              {"packages", named_versions(kMaterials)}});
}

}  // namespace obscura::cli
