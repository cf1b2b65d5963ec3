#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// Verbs in processes of their own: so that the memory that one reports is its own, and a training that runs out of it,
/// or crashes, takes nothing else with it.
namespace obscura::study {

struct ChildCall {
  std::filesystem::path program;   ///< `obscura`
  std::vector<std::string> words;  ///< the verb and its options
  std::filesystem::path output;    ///< where its standard output goes; empty: nowhere
};

/// How a child ended. What it says itself comes through a pipe that its environment names (kOutcomeVariable), as the
/// JSON object {"status": number, "error": text}.
struct ChildOutcome {
  int status = 0;     ///< its exit code; 128 + the signal that ended it
  std::string error;  ///< why it failed, in its own words; empty where it could say nothing

  bool done() const { return status == 0; }
  /// For people: its own words, else how it ended.
  std::string reason() const;
};

inline constexpr const char* kOutcomeVariable = "OBSCURA_OUTCOME_FD";

/// Runs it to its end; what it writes to standard error is seen as it comes. Throws IoError if it cannot be started,
/// FormatError if what it says of its end is no such object, or contradicts how it ended.
ChildOutcome run_child(const ChildCall& call);

/// The JSON object that a verb prints with --json, which has a number in each of these places ("seconds.total"). The
/// child's standard output goes into `scratch`, which is removed. Throws as run_child, Error, "WHAT: reason", if the
/// child fails, and FormatError if it prints something else.
nlohmann::ordered_json child_result(const ChildCall& call, const std::filesystem::path& scratch,
                                    const std::string& what, const std::vector<std::string>& numbers);

/// The JSON object of a file that a child has written, checked in the same way.
nlohmann::ordered_json checked_object(const std::filesystem::path& file, const std::string& what,
                                      const std::vector<std::string>& numbers);

}  // namespace obscura::study
