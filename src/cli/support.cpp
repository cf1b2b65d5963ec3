#include "cli/support.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/file_kind.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

double physical_memory() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void note(const std::string& text) {
  fmt::print(stderr, "obscura: note: {}\n", text);
}

void print_json(const nlohmann::ordered_json& value) {
  fmt::print("{}\n", value.dump(2));
}

std::string mode_name(message::Mode mode) {
  return mode == message::Mode::packed ? "packed" : "batched";
}

nlohmann::ordered_json parameters_json(const ckks::Parameters& parameters) {
  const double log_q = ckks::log2_product(parameters.q);
  const double log_qp = log_q + ckks::log2_product(parameters.p);
  return {{"log_n", parameters.log_degree},
          {"log_q", rounded(log_q, 10)},
          {"log_qp", rounded(log_qp, 10)},
          {"security_bits", ckks::estimate_security_bits(parameters.log_degree, log_qp)},
          {"levels", parameters.q.size() - 1},
          {"primes", parameters.q.size()},
          {"special_primes", parameters.p.size()}};
}

std::string bytes_text(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  if (bytes < 1000000) return fmt::format("{:.1f} KB", value / 1e3);
  return fmt::format("{:.2f} MB", value / 1e6);
}

std::string duration_text(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.1f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return rounded(static_cast<double>(usage.ru_maxrss) * 1024 / 1e6, 10);
}

void check_query_memory(const message::ClientSpec& client) {
  const double words = static_cast<double>(client.queries()) * static_cast<double>(client.input_limbs) *
                       std::exp2(client.parameters.log_degree);
  const double needs = 8 * words, has = physical_memory();
  if (needs <= has) return;
  throw UnsupportedError(fmt::format("a query for {} takes {:.0f} GB of memory, and this machine has {:.0f}",
                                     client.network, needs / 1e9, has / 1e9));
}

void check_memory(const program::Program& program) {
  const double has = physical_memory();
  const double needs = compile::sizes(program).server;
  if (needs <= has) return;
  const bool batched = program.client.mode == message::Mode::batched;
  throw UnsupportedError(fmt::format("{} needs about {:.0f} GB {}, and this machine has {:.0f}{}",
                                     program.client.network, needs / 1e9, mode_name(program.client.mode), has / 1e9,
                                     batched ? ": use --mode packed" : ""));
}

void check_output(const fs::path& out) {
  std::error_code ec;
  const auto folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, ec)) throw IoError("cannot write " + out.string() + ": no such folder");
  if (fs::is_directory(out, ec)) throw IoError("cannot write " + out.string() + ": it is a folder");
  if (is_secret(kind_of(out))) throw IoError("cannot write " + out.string() + ": it is " + kind_text(kind_of(out)));
}

void check_network_output(const std::filesystem::path& out) {
  if (out.extension() != ".safetensors") {
    throw UsageError("a network for pictures is written as a .safetensors file: name it so, not " + out.string());
  }
  check_output(out);
}

std::size_t size_of(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : static_cast<std::size_t>(size);
}

}  // namespace obscura::cli
