// Exact rankings against FAISS's exact indices: another implementation of the same definition.
#include <gtest/gtest.h>

#if OBSCURA_FAISS
#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexFlat.h>

#include <cmath>
#include <cstring>
#include <random>

#include "search/distances.h"

namespace obscura::search {
namespace {

std::vector<float> unit_rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * columns);
  for (std::size_t r = 0; r < rows; ++r) {
    double squares = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      values[r * columns + c] = normal(random);
      squares += static_cast<double>(values[r * columns + c]) * values[r * columns + c];
    }
    for (std::size_t c = 0; c < columns; ++c) values[r * columns + c] /= static_cast<float>(std::sqrt(squares));
  }
  return values;
}

struct Shape {
  std::size_t rows, columns;
};

class Faiss : public testing::TestWithParam<Shape> {};

TEST_P(Faiss, RanksUnitVectorsAlike) {
  const auto [rows, columns] = GetParam();
  const auto gallery = unit_rows(rows, columns, 1), queries = unit_rows(5, columns, 2);
  faiss::IndexFlatIP index(static_cast<std::int64_t>(columns));
  index.add(static_cast<std::int64_t>(rows), gallery.data());
  std::vector<float> products(5 * rows);
  std::vector<std::int64_t> order(5 * rows);
  index.search(5, queries.data(), static_cast<std::int64_t>(rows), products.data(), order.data());
  for (std::size_t q = 0; q < 5; ++q) {
    const auto distances = cosine_distances({gallery, columns}, std::span(queries).subspan(q * columns, columns));
    const auto ranking = ranked(distances);
    std::size_t elsewhere = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto theirs = static_cast<std::size_t>(order[q * rows + i]);
      ASSERT_NEAR(distances[theirs], 1 - products[q * rows + i], 2e-6);
      // They sum in single precision: what is nearer together than that may change places.
      ASSERT_NEAR(distances[theirs], distances[ranking[i]], 4e-6) << i;
      elsewhere += theirs == ranking[i] ? 0 : 1;
    }
    EXPECT_LE(elsewhere, 2 + rows / 10);
  }
}

TEST_P(Faiss, RanksCodesAlike) {
  const auto [rows, columns] = GetParam();
  const std::size_t bits = (columns + 7) / 8 * 8;  // FAISS takes whole bytes
  const auto values = unit_rows(rows, bits, 3), asked = unit_rows(5, bits, 4);
  const std::vector<float> thresholds(bits, 0);
  const CodeTable gallery = binary_codes({values, bits}, thresholds), queries = binary_codes({asked, bits}, thresholds);
  const auto bytes_of = [bits = bits](const CodeTable& codes) {
    std::vector<std::uint8_t> bytes(codes.rows() * bits / 8);
    for (std::size_t r = 0; r < codes.rows(); ++r) std::memcpy(&bytes[r * bits / 8], codes.row(r).data(), bits / 8);
    return bytes;
  };
  faiss::IndexBinaryFlat index(static_cast<std::int64_t>(bits));
  index.add(static_cast<std::int64_t>(rows), bytes_of(gallery).data());
  std::vector<std::int32_t> theirs(5 * rows);
  std::vector<std::int64_t> order(5 * rows);
  index.search(5, bytes_of(queries).data(), static_cast<std::int64_t>(rows), theirs.data(), order.data());
  for (std::size_t q = 0; q < 5; ++q) {
    const auto distances = hamming_distances(gallery, queries.row(q));
    const auto ranking = ranked(distances);
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_EQ(distances[ranking[i]], static_cast<float>(theirs[q * rows + i])) << i;
      ASSERT_EQ(distances[static_cast<std::size_t>(order[q * rows + i])], distances[ranking[i]]) << i;
    }
  }
}

std::string shape_name(const testing::TestParamInfo<Shape>& shape) {
  return std::to_string(shape.param.rows) + "x" + std::to_string(shape.param.columns);
}

INSTANTIATE_TEST_SUITE_P(Galleries, Faiss,
                         testing::Values(Shape{1, 1}, Shape{7, 3}, Shape{300, 10}, Shape{2000, 64}, Shape{1000, 600}),
                         shape_name);

}  // namespace
}  // namespace obscura::search
#else
TEST(Faiss, RanksAlike) {
  GTEST_SKIP() << "built without FAISS (Debian's libfaiss-dev)";
}
#endif
