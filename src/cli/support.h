#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "compile/compile.h"

/// What several verbs print and ask the machine for.
namespace obscura::cli {

/// Seconds since it was made, or since the last lap.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double lap() {
    const double passed = seconds();
    start_ = Clock::now();
    return passed;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// One line on standard error: "obscura: note: ...".
void note(const std::string& text);

void print_json(const nlohmann::ordered_json& value);

/// "packed" or "batched".
std::string mode_name(message::Mode mode);
/// {log_n, log_q, log_qp, security_bits, levels, primes, special_primes}.
nlohmann::ordered_json parameters_json(const ckks::Parameters& parameters);
/// "182 bytes", "182.3 KB", "19.2 MB": powers of ten.
std::string bytes_text(std::size_t bytes);
/// "850 us", "12.3 ms", "4.56 s".
std::string duration_text(double seconds);

std::string cpu_model();
/// The most memory that this process has held so far, in millions of bytes.
double peak_memory_mb();

/// For a network that tells classes apart.
program::Program compile_network(const nn::Graph& graph, message::Mode mode);
program::Program compile_network(const nn::Graph& graph, const compile::CompileOptions& options);

/// Throws UnsupportedError for a program that needs more memory than the machine has: said before it swaps for hours.
void check_memory(const program::Program& program);

/// The same for a query of this program, at the owner.
void check_query_memory(const message::ClientSpec& client);

/// Throws IoError unless a file may be put there: said before hours of work, not after. Verbs ask check_outputs
/// (cli/output.h), which knows their inputs too.
void check_output(const std::filesystem::path& out);

/// The same for a network for pictures; throws UsageError if its name does not end as such files do.
void check_network_output(const std::filesystem::path& out);

/// The size of a file, 0 where there is none.
std::size_t size_of(const std::filesystem::path& file);

}  // namespace obscura::cli
