#include "search/feature_selection.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"

namespace obscura::search {
namespace {

constexpr std::size_t kChecksumBytes = 16;
constexpr std::size_t kMostMethod = 200;

std::array<std::uint8_t, kChecksumBytes> checksum_of(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, kChecksumBytes> sum{};
  crypto_generichash(sum.data(), sum.size(), bytes.data(), bytes.size(), nullptr, 0);
  return sum;
}

/// So many numbers of four bytes, if they are there.
std::size_t count_of(ByteReader& in) {
  const std::size_t count = in.u32();
  if (count > in.left() / 4) in.fail("is truncated");
  return count;
}

void check_columns(const FeatureSelection& selection, std::size_t dimension) {
  const auto& columns = selection.columns;
  if (columns.size() != dimension) {
    throw ParameterError(
        fmt::format("a selection of {} features for vectors of {} numbers", columns.size(), dimension));
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] >= selection.features) {
      throw ParameterError(fmt::format("feature {} is selected of {}", columns[i], selection.features));
    }
    if (i > 0 && columns[i] <= columns[i - 1]) throw ParameterError("selected features are not in ascending order");
  }
}

std::vector<float> selected(const FeatureSelection& selection, std::span<const float> features) {
  if (selection.features != 0 && selection.features != features.size()) {
    throw MismatchError(fmt::format("the network gives {} numbers, vectors of the gallery are made of {}",
                                    features.size(), selection.features));
  }
  if (selection.columns.empty()) return {features.begin(), features.end()};
  std::vector<float> out;
  for (const std::uint32_t column : selection.columns) out.push_back(features[column]);
  return out;
}

void make_code(const FeatureSelection& selection, std::vector<float>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float threshold = selection.thresholds.empty() ? 0.0F : selection.thresholds[i];
    values[i] = values[i] > threshold ? 1.0F : -1.0F;
  }
}

void make_length_one(std::vector<float>& values) {
  double squares = 0;
  for (const float v : values) squares += static_cast<double>(v) * v;
  if (squares == 0) throw MismatchError("the network says nothing of a picture: its output is zero");
  for (float& v : values) v = static_cast<float>(v / std::sqrt(squares));
}

}  // namespace

void check_selection(const FeatureSelection& selection, VectorKind kind, std::size_t dimension) {
  if (!selection.columns.empty()) {
    check_columns(selection, dimension);
  } else if (selection.features != 0 && selection.features != dimension) {
    throw ParameterError(fmt::format("vectors of {} numbers from all of {} features", dimension, selection.features));
  }
  const auto& thresholds = selection.thresholds;
  if (thresholds.empty()) return;
  if (kind != VectorKind::code) throw ParameterError("thresholds are for codes, and vectors of length 1 are none");
  if (thresholds.size() != dimension) {
    throw ParameterError(fmt::format("{} thresholds for codes of {} bits", thresholds.size(), dimension));
  }
  if (!std::ranges::all_of(thresholds, [](float t) { return std::isfinite(t); })) {
    throw ParameterError("a threshold is not finite");
  }
}

std::vector<float> vector_of(const FeatureSelection& selection, VectorKind kind, std::span<const float> features) {
  auto values = selected(selection, features);
  if (!std::ranges::all_of(values, [](float v) { return std::isfinite(v); })) {
    throw MismatchError("the network gives no finite number of a picture");
  }
  kind == VectorKind::code ? make_code(selection, values) : make_length_one(values);
  return values;
}

std::vector<std::uint8_t> write_selection(const FeatureSelection& selection) {
  ByteWriter out;
  out.u64(selection.features);
  out.u64(selection.pictures);
  out.text(selection.method);
  out.u32(static_cast<std::uint32_t>(selection.columns.size()));
  for (const std::uint32_t column : selection.columns) out.u32(column);
  out.u32(static_cast<std::uint32_t>(selection.thresholds.size()));
  for (const float threshold : selection.thresholds) out.u32(std::bit_cast<std::uint32_t>(threshold));
  out.raw(checksum_of(out.bytes()));
  return out.take();
}

FeatureSelection read_selection(std::span<const std::uint8_t> bytes, const std::string& what) {
  ByteReader in(bytes, what);
  if (bytes.size() < kChecksumBytes) in.fail("is truncated");
  const auto sum = checksum_of(bytes.first(bytes.size() - kChecksumBytes));
  if (!std::ranges::equal(sum, bytes.last(kChecksumBytes))) in.fail("is damaged: index the gallery again");
  FeatureSelection selection;
  selection.features = in.u64(), selection.pictures = in.u64(), selection.method = in.text(kMostMethod);
  const std::size_t columns = count_of(in);
  for (std::size_t i = 0; i < columns; ++i) selection.columns.push_back(in.u32());
  const std::size_t thresholds = count_of(in);
  for (std::size_t i = 0; i < thresholds; ++i) selection.thresholds.push_back(std::bit_cast<float>(in.u32()));
  in.raw(kChecksumBytes);
  in.finish();
  return selection;
}

}  // namespace obscura::search
