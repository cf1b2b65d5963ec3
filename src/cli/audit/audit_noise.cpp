// `obscura audit noise`: predicted against measured error at every stage of an encrypted network.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/audit/audit_verbs.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_options.h"
#include "study/audit/noise_report.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct NoiseAuditArguments {
  study::NoiseAuditOptions options;
  std::string mode = "packed";
  fs::path html;
  bool force = false;
  bool json = false;
};

const OptionTable<study::NoiseAuditOptions>& noise_options() {
  using V = study::NoiseAuditOptions;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--network", &V::network, "The network, an ONNX file").required().echo(Echo::file_name);
    t.value("--dataset", &V::dataset, "Whose test images are run: a data set's name, samples, or a folder")
        .shows_default();
    t.value("--data", &V::data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)").echo(Echo::never);
    t.other("--images", [](CLI::App& verb, V& values) {
       return verb.add_option("--images", values.images, "Picture files or folders in the place of a data set");
     }).echo(Echo::never);
    t.group(kRun);
    t.value("--count", &V::count, "Images (default: 16 packed, 256 batched)").check(CLI::Range(1, 1000000));
    t.value("--seed", &V::seed, "Draw the images from all by this seed (default: the first)").check(whole_number());
    t.other("--images-per-ciphertext",
            [](CLI::App& verb, V& values) { return add_images_per_ciphertext(verb, values.images_per_ciphertext); });
    t.part(fit_options(), &V::fit);
    t.part(preprocessing_options(true), &V::stated);
    t.part(policy_options(), &V::policy);
    return t;
  }();
  return table;
}

void print_noise(const study::NoiseAudit& audit) {
  const auto& client = audit.client;
  fmt::print("{} ({}), {}; N = 2^{}, {} primes\n", client.network,
             client.mode == message::Mode::batched ? "batched" : "packed", audit.selection,
             client.parameters.log_degree, client.input_limbs);
  std::size_t width = 10;
  for (const auto& stage : audit.stages) width = std::max(width, stage.name.size());
  fmt::print("{:<{}} {:>7} {:>10} {:>10} {:>21} {:>6} {:>10} {:>6}  {}\n", "stage", width, "values", "predicted",
             "measured", "99 % interval", "ratio", "largest", "bits", "prediction");
  for (const auto& row : study::noise_table(audit).rows) {
    fmt::print("{:<{}} {:>7} {:>10} {:>10} {:>21} {:>6} {:>10} {:>6}  {}\n", row[0], width, row[1], row[2], row[3],
               row[4], row[5], row[6], row[7], row[8]);
  }
  fmt::print("{}\n", study::noise_verdict(audit));
}

void audit_noise(NoiseAuditArguments a) {
  a.options.mode = mode_of(a.mode);
  std::string command = "obscura audit noise" + noise_options().echo(a.options);
  if (a.mode != "packed") command += " --mode " + a.mode;
  auto inputs = a.options.images;
  inputs.emplace_back(a.options.network);
  check_outputs({{a.html, study::FileKind::html}}, inputs, a.force);
  const auto on_fit = [&a](const compile::FitReport& fitted) {
    if (!a.json) fmt::print("{}\n", fitted.text());
  };
  const auto audit = study::audit_noise(a.options, notes(), on_fit, !a.json);
  if (!a.html.empty()) write_file(a.html, report::to_html(study::noise_document(audit, command)));
  if (a.json) return print_json(study::noise_audit_json(audit, a.options, command));
  print_noise(audit);
}

}  // namespace

void add_audit_noise(CLI::App& audit) {
  const auto a = std::make_shared<NoiseAuditArguments>();
  CLI::App& verb = *audit.add_subcommand("noise", kAuditNoise);
  noise_options().add_to(verb, a->options);
  add_mode(verb, a->mode)->capture_default_str();
  verb.add_option("--html", a->html, "Write a page with a plot into this file")->group(kOutput);
  add_threads(verb, a->options.threads);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.footer(
      "The key is made for this run and thrown away: exact errors would tell it.\n"
      "Examples:\n  obscura audit noise --network models/tenseal-mnist.onnx --dataset mnist\n"
      "  obscura audit noise --network models/tenseal-mnist.onnx --dataset samples --mode batched --html noise.html");
  verb.callback([a, &verb] {
    if (!a->options.images.empty() && (verb.count("--dataset") > 0 || verb.count("--seed") > 0)) {
      throw UsageError("--images names the pictures: --dataset and --seed are for pictures of a data set");
    }
    audit_noise(*a);
  });
}

}  // namespace obscura::cli
