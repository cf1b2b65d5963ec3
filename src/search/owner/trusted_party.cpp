#include "search/owner/trusted_party.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/public_encryptor.h"

namespace obscura::search {
namespace {

constexpr int kScaleBits = 36;
/// Of what decryption gives: the answer is used at once, by who holds the key.
constexpr ckks::DecryptOptions kRounding{64, 0, 30};
/// No error of a number is as large; noise of a wrong key is beyond it nearly always.
constexpr double kByteError = 0.25;

}  // namespace

TrustedParty::TrustedParty(const ckks::ContextPtr& context)
    : key_(context), encoder_(context), decryptor_(key_), published_(ckks::make_public_key(key_)) {}

std::vector<ckks::Ciphertext> TrustedParty::encrypt_for(const ckks::PublicKey& key,
                                                        std::span<const double> numbers) const {
  const ckks::PublicEncryptor encryptor(key_.context(), key);
  std::vector<ckks::Ciphertext> sent;
  while (!numbers.empty()) {
    const auto some = numbers.first(std::min(numbers.size(), key_.context()->slots()));
    sent.push_back(encryptor.encrypt(encoder_.encode(some, std::exp2(kScaleBits), ring::RnsBasis{1, 0})));
    numbers = numbers.subspan(some.size());
  }
  return sent;
}

std::vector<double> TrustedParty::open(std::span<const ckks::Ciphertext> sent, std::size_t count) const {
  if (sent.size() != trusted_ciphertexts(*key_.context(), count)) {
    throw MismatchError("what was sent has " + std::to_string(sent.size()) + " ciphertexts, expected " +
                        std::to_string(trusted_ciphertexts(*key_.context(), count)));
  }
  std::vector<double> numbers;
  for (const auto& ciphertext : sent) {
    const std::size_t some = std::min(count - numbers.size(), key_.context()->slots());
    const auto read = decryptor_.decrypt_real(ciphertext, kRounding, some);
    numbers.insert(numbers.end(), read.begin(), read.begin() + static_cast<std::ptrdiff_t>(some));
  }
  return numbers;
}

std::vector<std::uint8_t> TrustedParty::open_bytes(std::span<const ckks::Ciphertext> sent, std::size_t count) const {
  std::vector<std::uint8_t> bytes;
  for (const double number : open(sent, count)) {
    const double whole = std::round(number);
    if (!(std::abs(number - whole) < kByteError) || whole < 0 || whole > 255) {
      throw MismatchError("what was sent decrypts to noise: it is encrypted under another key, or was altered");
    }
    bytes.push_back(static_cast<std::uint8_t>(whole));
  }
  return bytes;
}

}  // namespace obscura::search
