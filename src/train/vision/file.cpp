#include "train/vision/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace obscura::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "obscura vision network";

Json spec_json(const VisionSpec& s) {
  return {{"network", s.network},     {"channels", s.channels},
          {"height", s.height},       {"width", s.width},
          {"classes", s.classes},     {"patch", s.patch},
          {"positions", s.positions}, {"adaptation", to_string(s.adaptation)},
          {"block", s.block},         {"adaptation_padding", s.adaptation_padding}};
}

/// A whole number from 0 on, which JSON may write in other ways, or beyond any type.
std::size_t size_of(const Json& json, const char* name) {
  const Json& value = json.at(name);
  if (!value.is_number_unsigned()) throw FormatError(fmt::format("\"{}\" is no size", name));
  return value.get<std::size_t>();
}

VisionSpec spec_of(const Json& json) {
  VisionSpec s;
  s.network = json.at("network").get<std::string>();
  s.channels = size_of(json, "channels");
  s.height = size_of(json, "height");
  s.width = size_of(json, "width");
  s.classes = size_of(json, "classes");
  s.patch = size_of(json, "patch");
  s.positions = json.at("positions").get<bool>();
  s.adaptation = parse_adaptation(json.at("adaptation").get<std::string>());
  s.block = size_of(json, "block");
  s.adaptation_padding = size_of(json, "adaptation_padding");
  return s;
}

void check_numbers(const VisionFile& file, const std::string& what) {
  bool good = file.mean.size() == file.spec.channels && file.std.size() == file.spec.channels;
  for (const float v : file.mean) good = good && std::isfinite(v);
  for (const float v : file.std) good = good && std::isfinite(v) && v > 0 && std::isfinite(1 / v);
  if (!good) throw FormatError(what + " states no usable mean and std a channel");
  if (file.classes.size() != file.spec.classes)
    throw FormatError(what + " names another number of classes than it has");
}

}  // namespace

weights::WeightFile to_weights(const VisionFile& file) {
  weights::WeightFile out;
  out.tensors = file.tensors;
  out.metadata = file.notes;
  const Json json = {{"spec", spec_json(file.spec)}, {"mean", file.mean}, {"std", file.std}, {"classes", file.classes}};
  out.metadata["format"] = kFormat;
  out.metadata["network"] = json.dump();
  return out;
}

VisionFile to_vision(const weights::WeightFile& weights, const std::string& what) {
  const auto format = weights.metadata.find("format");
  const auto network = weights.metadata.find("network");
  if (format == weights.metadata.end() || format->second != kFormat || network == weights.metadata.end()) {
    throw FormatError(what + " holds weights, but is no network that `obscura train` wrote");
  }
  VisionFile file;
  file.tensors = weights.tensors;
  for (const auto& [name, text] : weights.metadata) {
    if (name != "format" && name != "network") file.notes[name] = text;
  }
  try {
    const Json json = Json::parse(network->second);
    file.spec = spec_of(json.at("spec"));
    file.mean = json.at("mean").get<std::vector<float>>();
    file.std = json.at("std").get<std::vector<float>>();
    file.classes = json.at("classes").get<std::vector<std::string>>();
    check_vision(file.spec);
  } catch (const Json::exception& e) {
    throw FormatError(fmt::format("{} does not say which network it is: {}", what, e.what()));
  } catch (const Error& e) {
    throw FormatError(fmt::format("{}: {}", what, e.what()));
  }
  check_numbers(file, what);
  return file;
}

void write_vision(const VisionFile& file, const std::filesystem::path& path) {
  weights::write_safetensors(to_weights(file), path);
}

VisionFile read_vision(const std::filesystem::path& path) {
  return to_vision(weights::read_weights(path), path.string());
}

std::vector<std::int64_t> predict(const VisionClassifier& network, const Pictures& pictures) {
  constexpr std::size_t kBatch = 250;
  const VisionSpec& spec = network.spec();
  const PictureShape shape = pictures.shape();
  if (shape != PictureShape{spec.channels, spec.height, spec.width}) {
    throw MismatchError(fmt::format("the network takes pictures of {}x{}x{} (channels, height, width), {} has {}x{}x{}",
                                    spec.channels, spec.height, spec.width, pictures.name(), shape.channels,
                                    shape.height, shape.width));
  }
  std::vector<std::int64_t> out;
  for (std::size_t first = 0; first < pictures.count(); first += kBatch) {
    std::vector<std::int64_t> index(std::min(kBatch, pictures.count() - first));
    for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<std::int64_t>(first + i);
    std::vector<float> values(index.size() * shape.size());
    pictures.read(index, values);
    const auto logits = network.logits(values);
    for (auto row = logits.begin(); row != logits.end(); row += static_cast<long>(spec.classes)) {
      out.push_back(std::max_element(row, row + static_cast<long>(spec.classes)) - row);
    }
  }
  return out;
}

double accuracy(std::span<const std::int64_t> predicted, const Pictures& pictures) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == pictures.labels()[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(predicted.size(), 1));
}

}  // namespace obscura::train
