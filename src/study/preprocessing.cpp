#include "study/preprocessing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/notes.h"
#include "tensor/chunking.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kMostClassBytes = std::size_t{1} << 22;

/// What the file holds, if it names one, else the word itself.
std::string classes_of(const std::string& word) {
  std::error_code ec;
  if (!fs::is_regular_file(word, ec)) return word;
  const auto bytes = read_file(word, kMostClassBytes);
  return {bytes.begin(), bytes.end()};
}

/// "112x112" of "112", too.
std::string picture_of(const std::string& word) {
  const ChunkSize size = parse_chunk_size(word, "--picture");
  return fmt::format("{}x{}", size.width, size.height);
}

}  // namespace

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
  put("histogram", stated.histogram);
  put("chunks", stated.picture.empty() ? std::string() : "of " + picture_of(stated.picture));
  return entries;
}

void note_unstated_pixels(const Preprocessing& how, const std::string& network, const Notes& note,
                          const std::string& remedy) {
  if (how.stated) return;
  note(
      fmt::format("{} does not say how pixels become its numbers: pixels as {}, {}, mean 0 and std 1 are assumed, and "
                  "if it was trained otherwise its answers are wrong ({})",
                  network, range_text(how), how.colour, remedy));
}

void note_unstated(const Preprocessing& how, const std::string& network, const Notes& note) {
  note_unstated_pixels(how, network, note,
                       "obscura compile NETWORK --mean M --std S --input-range 0..1 --save READY.onnx states it");
  if (how.classes.empty()) {
    note(fmt::format("{} does not name its classes: they are numbers from 0 on (compile --classes A,B,... --save)",
                     network));
  }
}

nlohmann::ordered_json preprocessing_json(const Preprocessing& how, const Shape& input) {
  return {{"width", input.width}, {"height", input.height}, {"channels", input.channels},
          {"colour", how.colour}, {"range", how.range},     {"mean", how.mean},
          {"std", how.std},       {"stated", how.stated},   {"equalised", how.equalise}};
}

}  // namespace obscura::study
