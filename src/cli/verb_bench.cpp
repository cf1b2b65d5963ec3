#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/machine.h"
#include "base/version.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "ring/isa.h"
#include "study/bench/bench_parts.h"
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

void run_bench(const BenchArguments& a) {
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
  add_json(verb, args->json);
  verb.footer("Examples:\n  obscura bench\n  obscura bench --only rotate --json");
  verb.callback([args] { run_bench(*args); });
}

}  // namespace obscura::cli
