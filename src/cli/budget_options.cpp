#include "cli/budget_options.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "cli/options.h"
#include "compile/compile.h"

namespace obscura::cli {
namespace {

/// "600MB", "1.5 GB", "2GiB" or bytes, as bytes in `text`; else what is wrong with it.
std::string bytes_from(std::string& text) {
  constexpr std::pair<const char*, double> kUnits[] = {
      {"", 1},      {"B", 1},        {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
      {"TB", 1e12}, {"KIB", 0x1p10}, {"MIB", 0x1p20}, {"GIB", 0x1p30}, {"TIB", 0x1p40}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit = CLI::detail::trim_copy(text.substr(static_cast<std::size_t>(end - text.data())));
  for (char& c : unit) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const auto& [name, factor] : kUnits) {
    if (error != std::errc() || unit != name || !(number * factor >= 1 && number * factor < 1e18)) continue;
    text = fmt::format("{:.0f}", number * factor);
    return {};
  }
  return "'" + text + "' is no size, expected a number above 0 and a unit, as 600MB, 1.5GB or 2GiB";
}

CLI::Option* add_size(CLI::App& verb, const char* name, double& bytes, const char* what) {
  return verb.add_option(name, bytes, what)->transform(CLI::Validator(bytes_from, "SIZE"))->type_name("")->group(kRun);
}

}  // namespace

CLI::Option* add_max_keys(CLI::App& verb, double& bytes) {
  return add_size(verb, "--max-keys", bytes,
                  "The most that evaluation keys may take, as 600MB; without it keys, memory and time are weighed "
                  "together, so that three times the keys are not taken for a tenth less time");
}

CLI::Option* add_max_memory(CLI::App& verb, double& bytes) {
  return add_size(verb, "--max-memory", bytes,
                  "The most memory that a server may take for one query of one owner, as 6GB: keys, weights and "
                  "ciphertexts");
}

CLI::Option* add_precision_bits(CLI::App& verb, double& relative_error) {
  const auto take = [&relative_error](const double& bits) { relative_error = compile::relative_error_of(bits); };
  return verb
      .add_option_function<double>(
          "--precision-bits", take,
          "How precise logits are to be: off by 2^-BITS of the largest logit, or by up to four "
          "times that where it saves primes (default: 11); fewer bits make deep networks faster")
      ->check(CLI::Range(compile::kLeastPrecisionBits, compile::kMostPrecisionBits))
      ->group(kRun);
}

}  // namespace obscura::cli
