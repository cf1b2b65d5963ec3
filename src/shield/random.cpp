#include "shield/random.h"

#include <sodium.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace obscura::shield {
namespace {

void need_sodium() {
  if (sodium_init() < 0) throw Error("libsodium cannot start: no source of randomness");
}

Seed keyed_hash(const Seed& key, std::span<const std::uint8_t> message) {
  need_sodium();
  Seed out;
  crypto_generichash(out.data(), out.size(), message.data(), message.size(), key.data(), key.size());
  return out;
}

void append(std::vector<std::uint8_t>& out, std::uint64_t v) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}

}  // namespace

Nonce random_nonce() {
  need_sodium();
  Nonce nonce;
  randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

Seed derive(const Seed& parent, std::string_view purpose, std::span<const std::uint64_t> numbers) {
  // The length first, so that no two calls hash the same bytes.
  std::vector<std::uint8_t> message;
  append(message, purpose.size());
  message.insert(message.end(), purpose.begin(), purpose.end());
  for (const std::uint64_t v : numbers) append(message, v);
  return keyed_hash(parent, message);
}

Seed image_seed(const Seed& master, const Nonce& nonce) {
  std::array<std::uint64_t, 2> numbers{};
  for (std::size_t i = 0; i < nonce.size(); ++i) numbers[i / 8] |= std::uint64_t{nonce[i]} << (8 * (i % 8));
  return derive(master, "obscura shield: one image", numbers);
}

std::uint64_t fingerprint(const Seed& seed) {
  const Seed hash = derive(seed, "obscura shield: fingerprint");
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out |= std::uint64_t{hash[i]} << (8 * i);
  return out;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

bool from_hex(std::string_view text, std::span<std::uint8_t> out) {
  if (text.size() != 2 * out.size()) return false;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return true;
}

Draws::~Draws() {
  sodium_memzero(buffer_.data(), buffer_.size());
}

template <std::size_t bytes>
std::uint64_t Draws::word() {
  if (at_ + bytes > buffer_.size()) return split_word(bytes);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes; ++i) out |= std::uint64_t{buffer_[at_ + i]} << (8 * i);
  at_ += bytes;
  return out;
}

std::uint64_t Draws::split_word(std::size_t bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (at_ == buffer_.size()) {
      stream_.fill(buffer_);
      at_ = 0;
    }
    out |= std::uint64_t{buffer_[at_++]} << (8 * i);
  }
  return out;
}

std::uint8_t Draws::byte() {
  return static_cast<std::uint8_t>(word<1>());
}

std::uint32_t Draws::below(std::uint32_t n) {
  if (n == 0) throw ParameterError("there is no number below 0 to draw");
  std::uint64_t product = word<4>() * n;
  if (static_cast<std::uint32_t>(product) < n) {
    const std::uint32_t uneven = -n % n;
    while (static_cast<std::uint32_t>(product) < uneven) product = word<4>() * n;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

double Draws::signed_unit() {
  return static_cast<double>(word<8>() >> 11) * 0x1p-52 - 1;
}

double Draws::signed_unit_24() {
  return static_cast<double>(word<4>() >> 8) * 0x1p-23 - 1;
}

double Draws::normal() {
  if (spare_normal_) return *std::exchange(spare_normal_, std::nullopt);
  const double u = static_cast<double>((word<8>() >> 11) + 1) * 0x1p-53;  // never 0, whose logarithm there is not
  const double angle = 2 * std::numbers::pi * (static_cast<double>(word<8>() >> 11) * 0x1p-53);
  const double radius = std::sqrt(-2 * std::log(u));
  spare_normal_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

std::vector<std::uint32_t> Draws::permutation(std::size_t n) {
  std::vector<std::uint32_t> out(n);
  std::iota(out.begin(), out.end(), 0U);
  for (std::size_t i = n; i > 1; --i) std::swap(out[i - 1], out[below(static_cast<std::uint32_t>(i))]);
  return out;
}

std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& permutation) {
  std::vector<std::uint32_t> out(permutation.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[permutation[i]] = static_cast<std::uint32_t>(i);
  return out;
}

double log2_factorial(double n) {
  return std::lgamma(n + 1) / std::log(2.0);
}

}  // namespace obscura::shield
