#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "report/plot_file.h"
#include "report/text.h"
#include "ring/isa.h"
#include "study/bench/bench_parts.h"
#include "study/bench/growth.h"
#include "study/shipped.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

constexpr const char* kNetwork = "models/tenseal-mnist.onnx";

struct BenchArguments {
  fs::path network;
  double seconds = 0.4;
  std::string only;
  std::string growth;  ///< "side" or "depth"; empty: the figures of the engine
  std::vector<std::size_t> steps;
  fs::path plot;
  bool force = false;
  bool json = false;
};

void print_table(const study::BenchTable& table) {
  fmt::print("obscura {} ({}) on {}, kernels {}, one thread\n", kVersion, kBuildType, cpu_model(),
             ring::isa_name(ring::selected_isa()));
  fmt::print("{:<30} {:>6} {:>7} {:>12} {:>12} {:>8}\n", "", "log N", "primes", "median us", "least us", "runs");
  for (const study::BenchResult& r : table.results()) {
    fmt::print("{:<30} {:>6} {:>7} {:>12.2f} {:>12.2f} {:>8}", r.name, r.log_n, r.primes, r.median_us, r.least_us,
               r.runs);
    if (r.images > 1) fmt::print("   {:.0f} images/s", 1e6 * static_cast<double>(r.images) / r.median_us);
    fmt::print("\n");
  }
}

void print_table_json(const study::BenchTable& table) {
  ordered_json list = ordered_json::array();
  for (const study::BenchResult& r : table.results()) {
    ordered_json one = {{"name", r.name},           {"log_n", r.log_n},       {"primes", r.primes},
                        {"median_us", r.median_us}, {"least_us", r.least_us}, {"runs", r.runs}};
    if (r.images != 0) one["images"] = r.images;
    list.push_back(one);
  }
  print_json(list);
}

void print_growth(const study::Growth& growth) {
  const char* what = growth.what == study::Growing::side ? "side" : "depth";
  fmt::print("obscura {} ({}) on {}, kernels {}, one thread, random weights\n", kVersion, kBuildType, cpu_model(),
             ring::isa_name(ring::selected_isa()));
  fmt::print("{:>5} {:>6} {:>7} {:>12} {:>10} {:>10} {:>11} {:>11} {:>5}\n", what, "log N", "primes", "ciphertexts",
             "diagonals", "keys", "predicted", "measured", "runs");
  for (const study::GrowthPoint& p : growth.points) {
    fmt::print("{:>5} {:>6} {:>7} {:>12} {:>10} {:>10} {:>11} {:>11} {:>5}\n", p.at, p.log_degree, p.primes,
               p.ciphertexts, report::count_text(static_cast<double>(p.diagonals)), report::bytes_text(p.key_bytes),
               report::duration_text(p.predicted), report::duration_text(p.seconds), p.runs);
  }
  const std::string from = growth.from == 0 ? "" : fmt::format(", from {} {} on", what, growth.from);
  fmt::print("an answer takes {} to the power of {:.2f} (predicted: {:.2f}){}\n", what, growth.exponent,
             growth.predicted_exponent, from);
}

/// A number that JSON has no word for is null.
ordered_json number_or_null(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json();
}

void print_growth_json(const study::Growth& growth) {
  ordered_json points = ordered_json::array();
  for (const study::GrowthPoint& p : growth.points) {
    points.push_back({{"at", p.at},
                      {"log_n", p.log_degree},
                      {"primes", p.primes},
                      {"ciphertexts", p.ciphertexts},
                      {"diagonals", p.diagonals},
                      {"key_bytes", p.key_bytes},
                      {"predicted_s", p.predicted},
                      {"measured_s", p.seconds},
                      {"runs", p.runs}});
  }
  print_json({{"growth", growth.what == study::Growing::side ? "side" : "depth"},
              {"points", points},
              {"exponent", number_or_null(growth.exponent)},
              {"predicted_exponent", number_or_null(growth.predicted_exponent)},
              {"from", growth.from}});
}

void run_growth(const BenchArguments& a) {
  const auto what = study::growing_of(a.growth);
  if (!what) throw UsageError(fmt::format("--growth takes side or depth, not '{}'", a.growth));
  if (!a.only.empty() || !a.network.empty()) {
    throw UsageError("--only and --network choose among the engine's figures: not with --growth");
  }
  check_outputs({{a.plot, study::FileKind::svg}}, {}, a.force);
  const auto steps = a.steps.empty() ? study::growth_steps(*what) : a.steps;
  const study::Growth growth =
      study::measure_growth(*what, steps, a.seconds, Notes([](const std::string& line) { note(line); }));
  if (!a.plot.empty()) write_file(a.plot, report::plot_file_svg(study::growth_plot(growth)));
  if (a.json) {
    print_growth_json(growth);
  } else {
    print_growth(growth);
  }
}

void run_bench(const BenchArguments& a) {
  if (!a.growth.empty()) return run_growth(a);
  if (!a.steps.empty() || !a.plot.empty()) throw UsageError("--at and --plot are for --growth side or depth");
  study::BenchTable table(a.seconds, a.only);
  study::bench_ring(table);
  study::bench_ckks(table);
  const fs::path network = a.network.empty() ? study::shipped(kNetwork) : a.network;
  if (network.empty()) {
    note(fmt::format("no {} here: the network is left out (--network names one)", kNetwork));
  } else {
    study::bench_network(table, network);
  }
  if (a.json) {
    print_table_json(table);
  } else {
    print_table(table);
  }
}

}  // namespace

void add_bench_verb(CLI::App& verb) {
  const auto args = std::make_shared<BenchArguments>();
  verb.add_option("--network", args->network, fmt::format("Network to time (default: {})", kNetwork))->group(kFiles);
  verb.add_option("--only", args->only, "Only what has this text in its name")->group(kRun);
  verb.add_option("--seconds", args->seconds, "Seconds for each figure; five runs at least")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str()
      ->group(kRun);
  verb.add_option("--growth", args->growth,
                  "Instead: how an answer's cost grows with the 'side' of the picture or the 'depth' of the network")
      ->group(kRun);
  verb.add_option("--at", args->steps, "With --growth: the sides or depths, such as 28,56,112")
      ->delimiter(',')
      ->group(kRun);
  verb.add_option("--plot", args->plot, "With --growth: file to write the plot to (SVG)")->group(kFiles);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura bench\n  obscura bench --only rotate --json\n"
      "  obscura bench --growth side --plot side.svg");
  verb.callback([args] { run_bench(*args); });
}

}  // namespace obscura::cli
