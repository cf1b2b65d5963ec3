// `obscura audit params`: how many bits of security parameters have, by published tables and by attacks.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "cli/audit/audit_verbs.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/show_table.h"
#include "study/audit/parameters_report.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct ParamsArguments {
  study::ParameterOptions options;
  fs::path html;
  bool force = false;
  bool json = false;
};

/// What an option is for alone.
enum : int { kParamsOfNetwork = 1, kParamsByHand = 2 };

const OptionTable<study::ParameterOptions>& params_options() {
  using V = study::ParameterOptions;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--network", &V::network, "The parameters that this network gets, an ONNX file").echo(Echo::file_name);
    t.value("--client", &V::client, "Those of a client spec, or of a folder of keys").echo(Echo::file_name);
    t.group(kRun);
    t.value("--mode", &V::mode, "Of a network: packed (default) or batched")
        .check(CLI::IsMember({"packed", "batched"}))
        .only(kParamsOfNetwork);
    t.value("--log-n", &V::log_n, "log2 of the ring's degree").check(CLI::Range(5, 17));
    t.value("--log-qp", &V::log_qp, "log2 of all primes, the special ones of key switching included")
        .check(CLI::Range(2.0, 65536.0));
    t.value("--secret", &V::secret, "ternary, sparse:WEIGHT, gaussian or gaussian:DEVIATION")
        .shows_default()
        .only(kParamsByHand);
    t.value("--sigma", &V::sigma, "Standard deviation of errors").shows_default().only(kParamsByHand);
    t.value("--samples", &V::samples, "Coefficients that an attacker has (default: as many as help)")
        .check(CLI::PositiveNumber)
        .only(kParamsByHand);
    t.flag("--toy", &V::toy, "Show ciphertexts that look random and whose key a lattice reduction finds");
    return t;
  }();
  return table;
}

void print_params_table(const report::Table& table) {
  constexpr std::size_t kLong = 24;  // what says that a row says nothing may stick out
  fmt::print("{}\n", table.title);
  print_table(table, kLong);
  fmt::print("\n");
}

void print_params(const study::ParametersAudit& audit) {
  if (audit.sets.size() > 1) {
    print_params_table(study::sets_table(audit));
  } else if (!audit.sets.empty()) {
    const auto& set = audit.sets.front();
    fmt::print("{}: {}\n\n", set.name, study::instance_text(set.lwe));
    print_params_table(study::standards_table(set));
    print_params_table(study::attacks_table(set));
    fmt::print("{}.\n\n", study::parameter_verdict(set));
  }
  if (audit.toy) fmt::print("{}\n", study::toy_text(*audit.toy));
  fmt::print("{}\n", study::parameters_caution());
}

void audit_params(const CLI::App& verb, const ParamsArguments& a) {
  if (a.options.network.empty()) params_options().refuse(verb, kParamsOfNetwork, "is for --network");
  if (a.options.log_n == 0) params_options().refuse(verb, kParamsByHand, "is for --log-n and --log-qp");
  check_outputs({{a.html, study::FileKind::html}}, {a.options.network, a.options.client}, a.force);
  const auto audit = study::audit_parameters(a.options, notes());
  const std::string command = "obscura audit params" + params_options().echo(a.options);
  if (!a.html.empty()) write_file(a.html, report::to_html(study::parameters_document(audit, command)));
  if (a.json) {
    print_json(study::parameters_json(audit, command));
    return;
  }
  print_params(audit);
  if (!a.html.empty()) fmt::print("report: {}\n", a.html.string());
}

}  // namespace

void add_audit_params(CLI::App& audit) {
  const auto a = std::make_shared<ParamsArguments>();
  CLI::App& verb = *audit.add_subcommand("params", kAuditParams);
  params_options().add_to(verb, a->options);
  verb.add_option("--html", a->html, "The report as a page")->group(kOutput);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.footer("Examples:\n  obscura audit params --log-n 13 --log-qp 214\n  obscura audit params --toy");
  verb.callback([a, &verb] { audit_params(verb, *a); });
}

}  // namespace obscura::cli
