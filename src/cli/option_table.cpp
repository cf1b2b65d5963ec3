#include "cli/option_table.h"

#include "base/error.h"

namespace obscura::cli {

void finish_option(CLI::Option& option, const OptionFacts& facts) {
  for (const CLI::Validator& check : facts.checks) option.check(check);
  if (facts.required) option.required();
  if (facts.shows_default) option.capture_default_str();
  if (facts.word_optional) option.expected(0, 1);
  if (facts.commas) option.delimiter(',');
  option.group(facts.group);
}

void refuse_typed(const CLI::App& verb, const std::vector<std::string>& names, const std::string& reason) {
  for (const std::string& name : names) {
    if (verb.count(name) > 0) throw UsageError(name + " " + reason);
  }
}

std::string echo_text(const OptionFacts& facts, const std::string& value, bool is_default) {
  if (facts.echo == Echo::never || (facts.echo != Echo::always && is_default)) return {};
  if (facts.is_flag) return " " + facts.name();
  return fmt::format(" {} {}", facts.name(),
                     facts.echo == Echo::file_name ? std::filesystem::path(value).filename().string() : value);
}

}  // namespace obscura::cli
