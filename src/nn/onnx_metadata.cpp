#include "nn/onnx_metadata.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "nn/class_list.h"
#include "nn/onnx_chunks.h"

namespace obscura::nn {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t end = text.find(separator); end != std::string::npos; end = text.find(separator, start)) {
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n[]()");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n[]()") - first + 1);
}

/// What is said of preprocessing, by hand or by the file.
class Statements {
 public:
  using Map = std::map<std::string, std::string>;
  Statements(const Map& file, const Map& stated) : file_(file), stated_(stated) {}

  const std::string* find(const std::string& key) const {
    for (const Map* map : {&stated_, &file_}) {
      if (const auto entry = map->find(key); entry != map->end()) return &entry->second;
    }
    return nullptr;
  }
  bool by_hand(const std::string& key) const { return stated_.contains(key); }
  bool any_by_hand() const { return !stated_.empty(); }
  /// Both, and not the same.
  bool replaces(const std::string& key) const {
    const auto ours = stated_.find(key), theirs = file_.find(key);
    return ours != stated_.end() && theirs != file_.end() && ours->second != theirs->second;
  }
  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    if (by_hand(key)) throw UsageError("the " + key + " that was stated " + what);
    throw FormatError("metadata '" + key + "' " + what);
  }

 private:
  const Map& file_;
  const Map& stated_;
};

/// Throws FormatError.
float parse_number(const std::string& text) {
  const std::string word = trimmed(text);
  float value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(value)) throw FormatError("no number");
  return value;
}

/// Numbers separated by commas, one for all channels or one a channel; brackets are allowed.
std::vector<float> parse_numbers(const Statements& said, const std::string& key, std::size_t channels) {
  std::vector<float> values;
  for (const auto& part : split(*said.find(key), ',')) {
    try {
      values.push_back(parse_number(part));
    } catch (const FormatError&) {
      said.fail(key, "is no list of numbers");
    }
  }
  if (values.size() == 1) values.resize(channels, values[0]);
  if (values.size() != channels) {
    said.fail(key, "has " + std::to_string(values.size()) + " numbers for " + std::to_string(channels) + " channel" +
                       (channels == 1 ? "" : "s"));
  }
  return values;
}

/// "0..255", "-1..1"; also "0,255" and "0 to 255".
std::array<float, 2> parse_range(const Statements& said) {
  const std::string& text = *said.find("range");
  for (const char* between : {"..", ",", "to"}) {
    const auto at = text.find(between);
    if (at == std::string::npos) continue;
    try {
      return {parse_number(text.substr(0, at)), parse_number(text.substr(at + std::string(between).size()))};
    } catch (const FormatError&) {
      break;
    }
  }
  said.fail("range", "is '" + text + "', expected what pixels of 0 to 255 become: 0..1, 0..255 or -1..1");
}

bool fits(const std::vector<std::string>& classes, std::size_t outputs) {
  return classes.size() == outputs || classes.size() == class_count(outputs);
}

std::vector<std::string> parse_classes(const Statements& said, std::size_t outputs) {
  std::vector<std::string> classes;
  try {
    classes = parse_class_list(*said.find("classes"), false);
    if (outputs == 1 && !fits(classes, outputs)) classes = parse_class_list(*said.find("classes"), true);
  } catch (const FormatError& e) {
    said.fail("classes", std::string("cannot be read: ") + e.what());
  }
  if (!fits(classes, outputs)) {
    said.fail("classes",
              "has " + std::to_string(classes.size()) + " names for " + std::to_string(outputs) + " outputs");
  }
  return classes;
}

/// Class names as other programs write them, where there are none of ours.
void take_foreign_classes(const Statements& said, std::size_t outputs, Preprocessing& how,
                          std::vector<std::string>& notes) {
  for (const char* key : {"names", "class_names", "id2label"}) {
    const std::string* text = said.find(key);
    if (text == nullptr) continue;
    try {
      auto classes = parse_class_list(*text);
      if (fits(classes, outputs)) {
        how.classes = std::move(classes);
        return;
      }
      notes.push_back(std::string("metadata '") + key + "' has " + std::to_string(classes.size()) + " names for " +
                      std::to_string(outputs) + " outputs and is not taken for the names of classes");
    } catch (const FormatError& e) {
      notes.push_back(std::string("metadata '") + key + "' is not taken for the names of classes: " + e.what());
    }
  }
}

}  // namespace

std::vector<double> parse_calibration(const std::map<std::string, std::string>& metadata) {
  const auto entry = metadata.find("calibration");
  std::vector<double> numbers;
  if (entry == metadata.end()) return numbers;
  for (const auto& part : split(entry->second, ',')) {
    const std::string word = trimmed(part);
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || !(value > 0) || value > 1e30) {
      throw FormatError("metadata 'calibration' is no list of positive numbers");
    }
    numbers.push_back(value);
  }
  return numbers;
}

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// "RGB", "gray" and the like as we spell them.
std::string spelled_colour(const std::string& text) {
  const std::string word = lower(trimmed(text));
  return word == "gray" || word == "greyscale" || word == "grayscale" ? "grey" : word;
}

/// The entries that ONNX itself defines for images (MetadataProps), as ours where there are none of ours.
std::map<std::string, std::string> with_standard_entries(std::map<std::string, std::string> metadata,
                                                         std::vector<std::string>& notes) {
  static const std::map<std::string, std::string> formats{{"Gray8", "grey"}, {"Rgb8", "rgb"}, {"Bgr8", "bgr"}};
  static const std::map<std::string, std::string> ranges{
      {"NominalRange_0_255", "0..255"}, {"Normalized_0_1", "0..1"}, {"Normalized_1_1", "-1..1"}};
  const auto translate = [&](const char* key, const char* ours, const auto& words) {
    const auto entry = metadata.find(key);
    if (entry == metadata.end() || metadata.contains(ours)) return;
    if (const auto word = words.find(entry->second); word != words.end()) {
      metadata[ours] = word->second;
    } else {
      notes.push_back(std::string("metadata '") + key + "' is " + entry->second + ", which is not understood");
    }
  };
  translate("Image.BitmapPixelFormat", "colour", formats);
  translate("Image.NominalPixelRange", "range", ranges);
  return metadata;
}

}  // namespace

Preprocessing parse_preprocessing(const std::map<std::string, std::string>& file,
                                  const std::map<std::string, std::string>& stated, const Shape& input,
                                  std::size_t outputs, std::vector<std::string>& notes) {
  const auto metadata = with_standard_entries(file, notes);
  const Statements said(metadata, stated);
  Preprocessing how = default_preprocessing(input);
  if (said.find("mean") != nullptr) how.mean = parse_numbers(said, "mean", input.channels);
  if (said.find("std") != nullptr) how.std = parse_numbers(said, "std", input.channels);
  if (said.find("range") != nullptr) how.range = parse_range(said);
  if (const auto* text = said.find("colour")) how.colour = spelled_colour(*text);
  if (const auto* text = said.find(kHistogramKey)) how.equalise = parse_histogram(*text);
  if (said.find("classes") != nullptr) {
    how.classes = parse_classes(said, outputs);
  } else {
    take_foreign_classes(said, outputs, how, notes);
  }
  how.stated = said.find("mean") != nullptr || said.find("std") != nullptr || said.find("range") != nullptr;
  for (const char* key : {"mean", "std", "range", "colour", "classes", kHistogramKey}) {
    if (said.replaces(key)) notes.push_back(std::string("the ") + key + " that was stated replaces that of the file");
  }
  try {
    check_preprocessing(how, input);
  } catch (const FormatError& e) {
    if (said.any_by_hand()) throw UsageError(e.what());
    throw FormatError(std::string("metadata of the preprocessing: ") + e.what());
  }
  return how;
}

namespace {

/// Whether a picture becomes the same numbers, but for rounding.
bool same_numbers(const Preprocessing& a, const Preprocessing& b) {
  constexpr float kRounding = 1e-5F;
  const auto near = [](const std::vector<float>& x, const std::vector<float>& y) {
    return std::ranges::equal(x, y, [](float v, float w) { return std::abs(v - w) <= kRounding; });
  };
  const Preprocessing p = in_unit_range(a), q = in_unit_range(b);
  return near(p.mean, q.mean) && near(p.std, q.std) && a.colour == b.colour && a.equalise == b.equalise;
}

}  // namespace

std::vector<double> calibration_of(const std::map<std::string, std::string>& metadata,
                                   const std::map<std::string, std::string>& stated, Graph& graph) {
  auto numbers = parse_calibration(metadata);
  if (numbers.empty() || stated.empty()) return numbers;
  std::vector<std::string> heard;
  try {
    const auto own = parse_preprocessing(metadata, {}, graph.input_shape(), graph.output_shape().size(), heard);
    if (same_numbers(own, graph.preprocessing)) return numbers;
  } catch (const FormatError&) {
    // What the file says of itself is no preprocessing: what is stated is another.
  }
  graph.notes.push_back(
      "the file's ranges of values were measured with other preprocessing than is stated, and are left out: "
      "--calibrate measures them again");
  if (graph.origin.fit_error > 0) {
    graph.notes.push_back("so were those that its polynomials were fitted for: compile the original, " +
                          graph.origin.name + ", with what is stated");
  }
  return {};
}

}  // namespace obscura::nn
