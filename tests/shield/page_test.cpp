// The shields once more, written from docs/shields.md alone: plain loops over libsodium, nothing of src/shield but the
// face that is tested.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "shield/shield.h"
#include "shield/support.h"

namespace obscura::shield {
namespace {

using Bytes = std::vector<unsigned char>;

void append(Bytes& to, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) to.push_back(static_cast<unsigned char>(number >> (8 * i)));
}

/// derive(parent, purpose, numbers...) of the page.
std::array<unsigned char, 32> derived(const Seed& parent, const std::string& purpose,
                                      const std::vector<std::uint64_t>& numbers) {
  Bytes text;
  append(text, purpose.size());
  text.insert(text.end(), purpose.begin(), purpose.end());
  for (const std::uint64_t n : numbers) append(text, n);
  std::array<unsigned char, 32> out{};
  crypto_generichash(out.data(), 32, text.data(), text.size(), parent.data(), 32);
  return out;
}

/// What is read from the stream of a seed.
class Stream {
 public:
  explicit Stream(const std::array<unsigned char, 32>& seed) : bytes_(1 << 20) {
    const std::array<unsigned char, 8> nonce{};
    crypto_stream_chacha20(bytes_.data(), bytes_.size(), nonce.data(), seed.data());
  }
  unsigned byte() { return bytes_.at(at_++); }
  std::uint32_t below(std::uint64_t n) {
    for (;;) {
      std::uint64_t w = 0;
      for (int i = 0; i < 4; ++i) w |= std::uint64_t{byte()} << (8 * i);
      const std::uint64_t range = std::uint64_t{1} << 32;
      if (w * n % range >= range % n) return static_cast<std::uint32_t>(w * n / range);
    }
  }
  double real() {
    std::uint64_t w = 0;
    for (int i = 0; i < 8; ++i) w |= std::uint64_t{byte()} << (8 * i);
    return static_cast<double>(w >> 11) / 4503599627370496.0 - 1;  // 2^52
  }
  std::vector<std::size_t> permutation(std::size_t n) {
    std::vector<std::size_t> out(n);
    std::iota(out.begin(), out.end(), 0);
    for (std::size_t i = n; i >= 2; --i) std::swap(out[i - 1], out[below(i)]);
    return out;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

image::Image block_of(const image::Image& image, std::size_t k, std::size_t b) {
  image::Image out(3, k, k);
  const std::size_t top = b / (image.width / k) * k, left = b % (image.width / k) * k;
  for (std::size_t y = 0; y < k; ++y) {
    for (std::size_t x = 0; x < k; ++x) {
      for (std::size_t c = 0; c < 3; ++c) out.at(y, x, c) = image.at(top + y, left + x, c);
    }
  }
  return out;
}

void put(image::Image& image, const image::Image& block, std::size_t b) {
  const std::size_t k = block.width, top = b / (image.width / k) * k, left = b % (image.width / k) * k;
  for (std::size_t y = 0; y < k; ++y) {
    for (std::size_t x = 0; x < k; ++x) {
      for (std::size_t c = 0; c < 3; ++c) image.at(top + y, left + x, c) = block.at(y, x, c);
    }
  }
}

image::Image half_bytes(const image::Image& block, const std::vector<std::size_t>& p) {
  const std::size_t k = block.width, samples = 3 * k * k;
  std::vector<int> half(2 * samples), out(2 * samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const int v = block.at(i / 3 / k, i / 3 % k, i % 3);
    half[i] = v % 16;
    half[samples + i] = v / 16;
  }
  const auto turned = [&](std::size_t j) { return p[j] > samples; };
  for (std::size_t j = 0; j < half.size(); ++j) half[j] = turned(j) ? 15 - half[j] : half[j];
  for (std::size_t j = 0; j < half.size(); ++j) out[j] = turned(j) ? 15 - half[p[j]] : half[p[j]];
  image::Image result(3, k, k);
  for (std::size_t i = 0; i < samples; ++i) {
    result.at(i / 3 / k, i / 3 % k, i % 3) = static_cast<std::uint8_t>(16 * out[samples + i] + out[i]);
  }
  return result;
}

image::Image etc_block(const image::Image& block, std::uint32_t number) {
  constexpr std::size_t kOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const std::size_t k = block.width;
  image::Image out(3, k, k);
  for (std::size_t y = 0; y < k; ++y) {
    for (std::size_t x = 0; x < k; ++x) {
      std::size_t v = number % 2 == 1 ? x : y, u = number % 2 == 1 ? y : x;
      if (number / 2 % 2 == 1) v = k - 1 - v;
      if (number / 4 % 2 == 1) u = k - 1 - u;
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint8_t plain = block.at(v, u, kOrders[number / 16][c]);
        out.at(y, x, c) = number / 8 % 2 == 1 ? static_cast<std::uint8_t>(255 - plain) : plain;
      }
    }
  }
  return out;
}

/// Red, green and blue side by side, then as etc without its colours.
image::Image etc_grayscale(const Seed& seed, std::size_t k, const image::Image& image) {
  const std::size_t width = 3 * image.width, columns = width / k, rows = image.height / k;
  std::vector<std::vector<unsigned>> grey(image.height, std::vector<unsigned>(width));
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < width; ++x) grey[y][x] = image.at(y, x % image.width, x / image.width);
  }
  Stream stream(derived(seed, "etc-grayscale", {k, rows, columns}));
  const auto shuffle = stream.permutation(rows * columns);
  image::Image out(1, image.height, width);
  for (std::size_t b = 0; b < rows * columns; ++b) {
    const std::uint32_t number = stream.below(16);
    for (std::size_t y = 0; y < k; ++y) {
      for (std::size_t x = 0; x < k; ++x) {
        std::size_t v = number % 2 == 1 ? x : y, u = number % 2 == 1 ? y : x;
        if (number / 2 % 2 == 1) v = k - 1 - v;
        if (number / 4 % 2 == 1) u = k - 1 - u;
        const unsigned plain = grey[b / columns * k + v][b % columns * k + u];
        out.at(shuffle[b] / columns * k + y, shuffle[b] % columns * k + x) =
            static_cast<std::uint8_t>(number / 8 == 1 ? 255 - plain : plain);
      }
    }
  }
  return out;
}

image::Image by_the_page(const std::string& shield, const Seed& seed, std::size_t k, const image::Image& image) {
  if (shield == "etc-grayscale") return etc_grayscale(seed, k, image);
  const std::uint64_t rows = image.height / k, columns = image.width / k;
  image::Image out(3, image.height, image.width);
  if (shield == "le") {
    const auto key = Stream(derived(seed, "le", {k})).permutation(6 * k * k);
    for (std::size_t b = 0; b < rows * columns; ++b) put(out, half_bytes(block_of(image, k, b), key), b);
    return out;
  }
  Stream stream(derived(seed, shield, {k, rows, columns}));
  const auto shuffle = stream.permutation(rows * columns);
  for (std::size_t b = 0; b < rows * columns; ++b) {
    const image::Image block = block_of(image, k, b);
    put(out, shield == "ele" ? half_bytes(block, stream.permutation(6 * k * k)) : etc_block(block, stream.below(96)),
        shuffle[b]);
  }
  return out;
}

TEST(ShieldsPage, IsEnoughToWriteLeEleAndEtcAgain) {
  ASSERT_GE(sodium_init(), 0);
  for (const char* name : {"le", "ele", "etc", "etc-grayscale"}) {
    for (const std::size_t k : {2U, 4U, 8U}) {
      for (std::uint8_t n = 0; n < 3; ++n) {
        const image::Image image = noise(3, 16, 24, n);
        const auto shield = make_shield({name, k, Arithmetic::modular}, test_seed(n));
        const auto picture = std::get<image::Image>(shield->protect(image).picture);
        EXPECT_EQ(picture, by_the_page(name, test_seed(n), k, image)) << name << " " << k;
      }
    }
  }
}

image::Image vit(const Seed& seed, std::size_t k, const image::Image& image) {
  const std::size_t channels = image.channels, n = channels * k * k, columns = image.width / k;
  Stream samples(derived(seed, "vit: samples", {channels, k}));
  const auto from = samples.permutation(n);
  std::vector<bool> negative;
  for (std::size_t i = 0; i < n; ++i) negative.push_back(samples.below(2) == 1);
  const auto to =
      Stream(derived(seed, "vit: blocks", {k, image.height / k, columns})).permutation(image.height / k * columns);
  image::Image out(channels, image.height, image.width);
  for (std::size_t b = 0; b < to.size(); ++b) {
    const auto place = [&](std::size_t block, std::size_t i) {
      const std::size_t pixel = i % (k * k);
      return std::array<std::size_t, 3>{block / columns * k + pixel / k, block % columns * k + pixel % k, i / (k * k)};
    };
    for (std::size_t i = 0; i < n; ++i) {
      const auto [y, x, c] = place(b, from[i]);
      const auto [v, u, d] = place(to[b], i);
      const std::uint8_t plain = image.at(y, x, c);
      out.at(v, u, d) = negative[i] ? static_cast<std::uint8_t>(255 - plain) : plain;
    }
  }
  return out;
}

TEST(ShieldsPage, IsEnoughToWriteVitAgain) {
  ASSERT_GE(sodium_init(), 0);
  for (const std::size_t channels : {1U, 3U}) {
    for (const std::size_t k : {2U, 4U, 8U}) {
      for (std::uint8_t n = 0; n < 3; ++n) {
        const image::Image image = noise(channels, 16, 24, n);
        const auto shield = make_shield({"vit", k, Arithmetic::modular}, test_seed(n));
        EXPECT_EQ(std::get<image::Image>(shield->protect(image).picture), vit(test_seed(n), k, image)) << k;
      }
    }
  }
}

TEST(ShieldsPage, IsEnoughToWritePeAgain) {
  ASSERT_GE(sodium_init(), 0);
  constexpr std::size_t kOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (std::uint8_t n = 0; n < 3; ++n) {
    const image::Image image = noise(3, 9, 14, n);
    Stream stream(derived(test_seed(n), "pe", {image.height, image.width}));
    image::Image expected(3, image.height, image.width);
    for (std::size_t y = 0; y < image.height; ++y) {
      for (std::size_t x = 0; x < image.width; ++x) {
        const std::uint32_t number = stream.below(48);
        for (std::size_t c = 0; c < 3; ++c) {
          const std::size_t from = kOrders[number / 8][c];
          const std::uint8_t plain = image.at(y, x, from);
          expected.at(y, x, c) = (number >> from) % 2 == 1 ? static_cast<std::uint8_t>(255 - plain) : plain;
        }
      }
    }
    const auto shield = make_shield({"pe", 1, Arithmetic::modular}, test_seed(n));
    EXPECT_EQ(std::get<image::Image>(shield->protect(image).picture), expected) << int{n};
  }
}

/// The product of a matrix's Frobenius norm and its inverse's, by elimination with pivots; infinite for a singular one.
long double frobenius_condition(const std::vector<double>& m, std::size_t n) {
  std::vector<long double> a(m.begin(), m.end()), b(n * n);
  for (std::size_t i = 0; i < n; ++i) b[i * n + i] = 1;
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c; r < n; ++r) pivot = std::abs(a[r * n + c]) > std::abs(a[pivot * n + c]) ? r : pivot;
    if (a[pivot * n + c] == 0) return std::numeric_limits<long double>::infinity();
    for (std::size_t i = 0; i < n; ++i)
      std::swap(a[pivot * n + i], a[c * n + i]), std::swap(b[pivot * n + i], b[c * n + i]);
    const long double scale = a[c * n + c];
    for (std::size_t i = 0; i < n; ++i) a[c * n + i] /= scale, b[c * n + i] /= scale;
    for (std::size_t r = 0; r < n; ++r) {
      const long double factor = a[r * n + c];
      if (r == c || factor == 0) continue;
      for (std::size_t i = 0; i < n; ++i) a[r * n + i] -= factor * a[c * n + i], b[r * n + i] -= factor * b[c * n + i];
    }
  }
  long double own = 0, other = 0;
  for (const double v : m) own += static_cast<long double>(v) * v;
  for (const long double v : b) other += v * v;
  return std::sqrt(own) * std::sqrt(other);
}

TEST(ShieldsPage, IsEnoughToWriteRealHillAgain) {
  ASSERT_GE(sodium_init(), 0);
  for (const std::size_t k : {2U, 4U, 8U}) {
    for (std::uint8_t seed = 0; seed < 3; ++seed) {
      const image::Image image = noise(3, 16, 24, seed);
      std::vector<float> expected(image.pixels.size());
      for (std::size_t c = 0; c < 3; ++c) {
        Stream stream(derived(test_seed(seed), "hill: real", {k, c}));
        const std::size_t n = k * k;
        std::vector<double> key(n * n);
        do {
          for (double& v : key) v = stream.real();
        } while (frobenius_condition(key, n) >= 4 * static_cast<long double>(k * k * k));
        for (std::size_t b = 0; b < image.height / k * (image.width / k); ++b) {
          const std::size_t top = b / (image.width / k) * k, left = b % (image.width / k) * k;
          for (std::size_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) sum += image.at(top + i / k, left + i % k, c) * key[i * n + j];
            expected[(c * image.height + top + j / k) * image.width + left + j % k] = static_cast<float>(sum);
          }
        }
      }
      const auto shield = make_shield({"hill", k, Arithmetic::real}, test_seed(seed));
      EXPECT_EQ(std::get<RealImage>(shield->protect(image).picture).values, expected) << k;
    }
  }
}

/// Over the field of two elements.
bool has_odd_determinant(std::vector<unsigned> m, std::size_t n) {
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t r = c;
    while (r < n && m[r * n + c] % 2 == 0) ++r;
    if (r == n) return false;
    for (std::size_t i = 0; i < n; ++i) std::swap(m[r * n + i], m[c * n + i]);
    for (std::size_t below = c + 1; below < n; ++below) {
      if (m[below * n + c] % 2 == 0) continue;
      for (std::size_t i = 0; i < n; ++i) m[below * n + i] += m[c * n + i];
    }
  }
  return true;
}

TEST(ShieldsPage, IsEnoughToWriteModularHillAgain) {
  ASSERT_GE(sodium_init(), 0);
  for (const std::size_t k : {2U, 4U}) {
    const image::Image image = noise(3, 8, 16);
    image::Image expected(3, 8, 16);
    for (std::size_t c = 0; c < 3; ++c) {
      Stream stream(derived(test_seed(5), "hill: modulo 256", {k, c}));
      const std::size_t n = k * k;
      std::vector<unsigned> key(n * n);
      do {
        for (unsigned& v : key) v = stream.byte();
      } while (!has_odd_determinant(key, n));
      for (std::size_t b = 0; b < image.height / k * (image.width / k); ++b) {
        const std::size_t top = b / (image.width / k) * k, left = b % (image.width / k) * k;
        for (std::size_t j = 0; j < n; ++j) {
          unsigned sum = 0;
          for (std::size_t i = 0; i < n; ++i) sum += image.at(top + i / k, left + i % k, c) * key[i * n + j];
          expected.at(top + j / k, left + j % k, c) = static_cast<std::uint8_t>(sum % 256);
        }
      }
    }
    const auto shield = make_shield({"hill", k, Arithmetic::modular}, test_seed(5));
    EXPECT_EQ(std::get<image::Image>(shield->protect(image).picture), expected) << k;
  }
}

}  // namespace
}  // namespace obscura::shield
