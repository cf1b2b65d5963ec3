#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// An option of a verb is described once, in a row of a table. That it can be typed and is explained (--help), that it
/// is refused where it would change nothing, and that a result's "command" repeats it, all follow from the row.
namespace obscura::cli {

/// What a result's command says of an option.
enum class Echo {
  changed,    ///< the value, where it is not the default
  always,     ///< the value
  file_name,  ///< its file name, where it is not the default: folders are another machine's
  never,
};

/// All of a row but where its value goes.
struct OptionFacts {
  std::string names;  ///< "--block,--patch": the first is the name in messages and commands
  std::string help, group;
  std::vector<CLI::Validator> checks;
  Echo echo = Echo::changed;
  int only = 0;  ///< the mode of the verb that reads it, as the verb numbers them; 0: every mode does
  bool required = false, shows_default = false, word_optional = false, commas = false, is_flag = false;

  /// "--block" of "--block,--patch".
  std::string name() const { return names.substr(0, names.find(',')); }
};

/// Puts checks, group and the like to an option that was added.
void finish_option(CLI::Option& option, const OptionFacts& facts);

/// Throws UsageError, "NAME REASON", if one of these options was typed.
void refuse_typed(const CLI::App& verb, const std::vector<std::string>& names, const std::string& reason);

/// " --name value", or what else is to be said of a value.
std::string echo_text(const OptionFacts& facts, const std::string& value, bool is_default);

/// A value as it is typed.
inline std::string typed_text(const std::filesystem::path& value) {
  return value.string();
}
inline std::string typed_text(const std::vector<std::string>& value) {
  return fmt::format("{}", fmt::join(value, ","));
}
template <typename T>
std::string typed_text(const T& value) {
  return fmt::format("{}", value);
}
template <typename T>
std::string typed_text(const std::optional<T>& value) {
  return value ? typed_text(*value) : std::string();
}

template <typename Values>
class OptionTable {
 public:
  /// A row, to be completed: table.value("--limit", &V::limit, "...").check(whole_number()).shows_default().
  class Row {
   public:
    Row& check(CLI::Validator validator) {
      facts_.checks.push_back(std::move(validator));
      return *this;
    }
    Row& required(bool is = true) { return set(facts_.required, is); }
    Row& shows_default() { return set(facts_.shows_default, true); }
    /// The word after it may be missing.
    Row& word_optional() { return set(facts_.word_optional, true); }
    /// A list with commas between its words.
    Row& commas() { return set(facts_.commas, true); }
    Row& echo(Echo how) { return set(facts_.echo, how); }
    Row& only(int mode) { return set(facts_.only, mode); }

   private:
    friend class OptionTable;
    template <typename>
    friend class OptionTable;

    template <typename T>
    Row& set(T& field, T value) {
      field = value;
      return *this;
    }

    OptionFacts facts_;
    std::function<CLI::Option*(CLI::App&, Values&)> add_;
    std::function<std::string(const OptionFacts&, const Values&)> echo_;
  };

  /// Of the rows that follow.
  void group(std::string name) { group_ = std::move(name); }

  /// An option with a value: a number, a text, a path, a list of texts, or one of these that may be missing.
  template <typename T>
  Row& value(std::string names, T Values::*member, std::string help) {
    Row& row = add_row(std::move(names), std::move(help));
    row.add_ = [member, names = row.facts_.names, help = row.facts_.help](CLI::App& verb, Values& values) {
      return verb.add_option(names, values.*member, help);
    };
    row.echo_ = [member](const OptionFacts& facts, const Values& values) {
      return echo_text(facts, typed_text(values.*member), values.*member == Values{}.*member);
    };
    return row;
  }

  Row& flag(std::string names, bool Values::*member, std::string help) {
    Row& row = add_row(std::move(names), std::move(help));
    row.facts_.is_flag = true;
    row.add_ = [member, names = row.facts_.names, help = row.facts_.help](CLI::App& verb, Values& values) {
      return static_cast<CLI::Option*>(verb.add_flag(names, values.*member, help));
    };
    row.echo_ = [member](const OptionFacts& facts, const Values& values) {
      return echo_text(facts, "", !(values.*member));
    };
    return row;
  }

  /// An option that is added otherwise, and not repeated in commands.
  Row& other(std::string names, std::function<CLI::Option*(CLI::App&, Values&)> add) {
    Row& row = add_row(std::move(names), "");
    row.add_ = std::move(add);
    row.echo_ = [](const OptionFacts&, const Values&) { return std::string(); };
    return row;
  }

  /// All rows of a table for a part of the values. `only`: of those rows that say nothing else.
  template <typename Part>
  void part(const OptionTable<Part>& table, Part Values::*member, int only = 0) {
    for (const auto& from : table.rows_) {
      Row& row = rows_.emplace_back();
      row.facts_ = from.facts_;
      if (row.facts_.only == 0) row.facts_.only = only;
      row.add_ = [member, add = from.add_](CLI::App& verb, Values& values) { return add(verb, values.*member); };
      row.echo_ = [member, echo = from.echo_](const OptionFacts& facts, const Values& values) {
        return echo(facts, values.*member);
      };
    }
  }

  /// The row of that name, to be changed: one that came with a part.
  Row& row(const std::string& name) {
    for (Row& one : rows_) {
      if (one.facts_.name() == name) return one;
    }
    throw std::logic_error("no option " + name);
  }

  /// `values` must outlive the verb.
  void add_to(CLI::App& verb, Values& values) const {
    for (const Row& row : rows_) finish_option(*row.add_(verb, values), row.facts_);
  }

  /// Throws UsageError if an option of that mode was typed: in another it would change nothing, and whoever typed it
  /// thinks that it does.
  void refuse(const CLI::App& verb, int mode, const std::string& reason) const {
    std::vector<std::string> names;
    for (const Row& row : rows_) {
      if (row.facts_.only == mode) names.push_back(row.facts_.name());
    }
    refuse_typed(verb, names, reason);
  }

  /// " --epochs 3 --quick": what was typed of the options that this mode reads.
  std::string echo(const Values& values, int mode = 0) const {
    std::string line;
    for (const Row& row : rows_) {
      if (row.facts_.only == 0 || mode == 0 || row.facts_.only == mode) line += row.echo_(row.facts_, values);
    }
    return line;
  }

 private:
  template <typename>
  friend class OptionTable;

  Row& add_row(std::string names, std::string help) {
    Row& row = rows_.emplace_back();
    row.facts_.names = std::move(names);
    row.facts_.help = std::move(help);
    row.facts_.group = group_;
    return row;
  }

  std::string group_ = "Options";
  std::vector<Row> rows_;
};

}  // namespace obscura::cli
