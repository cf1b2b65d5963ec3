#include "tensor/preprocessing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace obscura {
namespace {

constexpr std::size_t kNamesShown = 10;

std::string numbers_text(const std::vector<float>& values) {
  const bool equal = std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
  if (equal && !values.empty()) return fmt::format("{}", values[0]);
  return fmt::format("{}", fmt::join(values, ","));
}

std::string classes_text(const std::vector<std::string>& classes) {
  if (classes.empty()) return "no class names";
  const std::vector<std::string> shown(classes.begin(),
                                       classes.begin() + static_cast<long>(std::min(classes.size(), kNamesShown)));
  return fmt::format("{} class{}: {}{}", classes.size(), classes.size() == 1 ? "" : "es", fmt::join(shown, ", "),
                     classes.size() > kNamesShown ? fmt::format(", ... {}", classes.back()) : "");
}

void check_colour(const Preprocessing& how, std::size_t channels) {
  if (how.colour != "grey" && how.colour != "rgb" && how.colour != "bgr") {
    throw FormatError("colour is '" + how.colour + "', expected grey, rgb or bgr");
  }
  if ((how.colour == "grey") == (channels == 3)) {
    // Networks of other numbers of channels are no images: grey says nothing of them.
    if (how.colour == "grey" || channels == 1) {
      throw FormatError(fmt::format("colour {} contradicts an input of {} channel{}: expected {}", how.colour, channels,
                                    channels == 1 ? "" : "s", channels == 1 ? "grey" : "rgb or bgr"));
    }
  }
  if (how.colour != "grey" && channels != 3) {
    throw FormatError(fmt::format("colour {} contradicts an input of {} channels", how.colour, channels));
  }
}

}  // namespace

Preprocessing default_preprocessing(const Shape& input) {
  Preprocessing preprocessing;
  preprocessing.mean.assign(input.channels, 0.0F);
  preprocessing.std.assign(input.channels, 1.0F);
  preprocessing.colour = input.channels == 3 ? "rgb" : "grey";
  return preprocessing;
}

void check_preprocessing(const Preprocessing& how, const Shape& input) {
  const auto [low, high] = how.range;
  if (!(std::isfinite(low) && std::isfinite(high) && low < high)) {
    throw FormatError("the range of pixels " + range_text(how) + " has no lower and upper end, as 0..1 has");
  }
  check_colour(how, input.channels);
  if (how.equalise && input.channels != 1) {
    throw FormatError(fmt::format("histograms are equalised of grey pictures, not of {} channels", input.channels));
  }
  const float width = high - low;
  const char* advice = "state the range that mean and std are of: 0..1, 0..255 or -1..1";
  for (const float v : how.std) {
    if (!(v > 0)) throw FormatError(fmt::format("std is {}: it must be above zero", v));
    if (v > 2 * width) {
      throw FormatError(fmt::format("std {} contradicts pixels as {}: {}", v, range_text(how), advice));
    }
  }
  for (const float v : how.mean) {
    if (!(v >= low && v <= high)) {
      throw FormatError(fmt::format("mean {} lies outside pixels as {}: {}", v, range_text(how), advice));
    }
  }
  const bool small_mean = std::all_of(how.mean.begin(), how.mean.end(), [](float v) { return v > 0 && v <= 1; });
  const bool small_std = std::all_of(how.std.begin(), how.std.end(), [](float v) { return v < 1; });
  if (width > 10 && small_mean && small_std) {
    throw FormatError(fmt::format("mean {} and std {} are of pixels as 0..1 and contradict {}: {}", how.mean[0],
                                  how.std[0], range_text(how), advice));
  }
}

Preprocessing in_unit_range(const Preprocessing& how) {
  Preprocessing out = how;
  const float low = how.range[0], width = how.range[1] - how.range[0];
  for (float& v : out.mean) v = (v - low) / width;
  for (float& v : out.std) v /= width;
  out.range = {0.0F, 1.0F};
  return out;
}

std::string range_text(const Preprocessing& how) {
  return fmt::format("{}..{}", how.range[0], how.range[1]);
}

std::string preprocessing_text(const Preprocessing& how, const Shape& input) {
  const std::string colour =
      input.channels == 1 || input.channels == 3 ? how.colour : fmt::format("in {} channels", input.channels);
  return fmt::format("{}x{} {}, {}pixels as {}, mean {}, std {}, {}", input.width, input.height, colour,
                     how.equalise ? "histogram equalised, " : "", range_text(how), numbers_text(how.mean),
                     numbers_text(how.std), classes_text(how.classes));
}

std::vector<float> preprocess(std::span<const std::uint8_t> planar, const Preprocessing& how) {
  const std::size_t channels = how.mean.size();
  if (channels == 0 || how.std.size() != channels || planar.size() % channels != 0) {
    throw MismatchError("an image of " + std::to_string(planar.size()) + " bytes does not fit a network of " +
                        std::to_string(channels) + " channels");
  }
  const std::size_t plane = planar.size() / channels;
  const float low = how.range[0], width = how.range[1] - how.range[0];
  const bool backward = how.colour == "bgr";
  std::vector<std::uint8_t> spread;
  if (how.equalise) {
    if (channels != 1) throw MismatchError("histograms are equalised of grey pictures only");
    spread = equalised(planar);
    planar = spread;
  }
  std::vector<float> values(planar.size());
  for (std::size_t c = 0; c < channels; ++c) {
    const auto from = planar.subspan((backward ? channels - 1 - c : c) * plane, plane);
    for (std::size_t i = 0; i < plane; ++i) {
      values[c * plane + i] = (low + static_cast<float>(from[i]) / 255.0F * width - how.mean[c]) / how.std[c];
    }
  }
  return values;
}

std::vector<std::uint8_t> equalised(std::span<const std::uint8_t> grey) {
  std::array<std::size_t, 256> counts{};
  for (const std::uint8_t v : grey) ++counts[v];
  const auto darkest = std::ranges::find_if(counts, [](std::size_t n) { return n != 0; });
  const std::size_t first = darkest == counts.end() ? 0 : *darkest;
  if (first == grey.size()) return {grey.begin(), grey.end()};
  // In single precision and rounded to even, as OpenCV does it.
  const float scale = 255.0F / static_cast<float>(grey.size() - first);
  std::array<std::uint8_t, 256> level{};
  std::size_t sum = 0;
  for (auto i = static_cast<std::size_t>(darkest - counts.begin()) + 1; i < counts.size(); ++i) {
    sum += counts[i];
    level[i] = static_cast<std::uint8_t>(std::lrint(static_cast<float>(sum) * scale));
  }
  std::vector<std::uint8_t> out(grey.size());
  std::ranges::transform(grey, out.begin(), [&](std::uint8_t v) { return level[v]; });
  return out;
}

}  // namespace obscura
