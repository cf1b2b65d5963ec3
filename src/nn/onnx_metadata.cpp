#include "nn/onnx_metadata.h"

#include <charconv>
#include <cmath>

#include "base/error.h"

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

/// Numbers separated by commas, one for all channels or one a channel; brackets are allowed.
std::vector<float> parse_numbers(const std::string& key, const std::string& text, std::size_t channels) {
  std::vector<float> values;
  for (const auto& part : split(text, ',')) {
    const std::string word = trimmed(part);
    float value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(value)) {
      throw FormatError("metadata '" + key + "' is no list of numbers");
    }
    values.push_back(value);
  }
  if (values.size() == 1) values.resize(channels, values[0]);
  if (values.size() != channels) {
    throw FormatError("metadata '" + key + "' has " + std::to_string(values.size()) + " numbers for " +
                      std::to_string(channels) + " channels");
  }
  return values;
}

/// One a line; a single line is split at its commas. One output has two names, those of no and yes, or that of yes.
std::vector<std::string> parse_classes(const std::string& text, std::size_t outputs) {
  auto classes = split(text, '\n');
  if (classes.size() == 1) {
    const auto parts = split(text, ',');
    if (outputs > 1 || parts.size() == class_count(outputs)) classes = parts;
  }
  for (auto& name : classes) name = trimmed(name);
  if (classes.size() != outputs && classes.size() != class_count(outputs)) {
    throw FormatError("metadata 'classes' has " + std::to_string(classes.size()) + " names for " +
                      std::to_string(outputs) + " outputs");
  }
  return classes;
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

Preprocessing parse_preprocessing(const std::map<std::string, std::string>& metadata, const Shape& input,
                                  std::size_t outputs) {
  Preprocessing how = default_preprocessing(input);
  const auto find = [&](const char* key) {
    const auto entry = metadata.find(key);
    return entry == metadata.end() ? nullptr : &entry->second;
  };
  if (const auto* text = find("mean")) how.mean = parse_numbers("mean", *text, input.channels);
  if (const auto* text = find("std")) how.std = parse_numbers("std", *text, input.channels);
  for (const float v : how.std) {
    if (!(v > 0)) throw FormatError("metadata 'std' must be above zero");
  }
  if (const auto* text = find("classes")) how.classes = parse_classes(*text, outputs);
  if (const auto* text = find("colour")) {
    if (*text != "grey" && *text != "rgb") throw FormatError("metadata 'colour' must be grey or rgb");
    how.colour = *text;
  }
  how.stated = find("mean") != nullptr || find("std") != nullptr;
  return how;
}

}  // namespace obscura::nn
