#include "cli/preprocessing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/options.h"
#include "cli/support.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr std::size_t kMostClassBytes = std::size_t{1} << 22;

/// What the file holds, if it names one, else the word itself.
std::string classes_of(const std::string& word) {
  std::error_code ec;
  if (!fs::is_regular_file(word, ec)) return word;
  const auto bytes = read_file(word, kMostClassBytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void add_preprocessing_options(CLI::App& verb, StatedPreprocessing& stated, bool with_colour) {
  const char* group = "Preprocessing, where the file does not say it";
  verb.add_option("--mean", stated.mean, "Taken from every pixel: one number, or one a channel with commas")
      ->group(group);
  verb.add_option("--std", stated.std, "What is left is divided by it: one number, or one a channel")->group(group);
  verb.add_option("--input-range", stated.range,
                  "What pixels of 0 to 255 are before that: 0..1 (default), 0..255 or -1..1")
      ->group(group);
  if (with_colour) verb.add_option("--colour", stated.colour, "grey, rgb or bgr")->group(group);
  verb.add_option("--classes", stated.classes,
                  "Names of the classes in the order of outputs: A,B,C or a file (one a line, or a JSON list)")
      ->group(group);
}

std::map<std::string, std::string> stated_entries(const StatedPreprocessing& stated) {
  std::map<std::string, std::string> entries;
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) entries[key] = value;
  };
  put("mean", stated.mean);
  put("std", stated.std);
  put("range", stated.range);
  put("colour", stated.colour);
  put("classes", classes_of(stated.classes));
  return entries;
}

void note_unstated(const Preprocessing& how, const std::string& network) {
  if (!how.stated) {
    note(
        fmt::format("{} does not say how pixels become its numbers: pixels as {}, {}, mean 0 and std 1 are assumed, "
                    "and if it was trained otherwise its answers are wrong ({})",
                    network, range_text(how), how.colour,
                    "obscura compile NETWORK --mean M --std S --input-range 0..1 --save READY.onnx states it"));
  }
  if (how.classes.empty()) {
    note(fmt::format("{} does not name its classes: they are numbers from 0 on (compile --classes A,B,... --save)",
                     network));
  }
}

nlohmann::ordered_json preprocessing_json(const Preprocessing& how, const Shape& input) {
  return {{"width", input.width}, {"height", input.height}, {"channels", input.channels},
          {"colour", how.colour}, {"range", how.range},     {"mean", how.mean},
          {"std", how.std},       {"stated", how.stated}};
}

}  // namespace obscura::cli
