#include <algorithm>
#include <string>

#include "ckks/wire_parts.h"
#include "ring/primes.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kMostPrimes = 120;
constexpr std::size_t kMostDigitPrimes = 32;
constexpr std::size_t kFixedBytes = 21;  // of the section, before the primes
constexpr int kMostLogDegree = 17;
constexpr int kLeastLogDegree = 10;
constexpr int kLeastLogDegreeInsecure = 4;

[[noreturn]] void fail(std::string_view what, const std::string& problem) {
  throw ParameterError(std::string(what) + " " + problem);
}

void check_shape(const Parameters& parameters, std::string_view what) {
  const int least = parameters.insecure ? kLeastLogDegreeInsecure : kLeastLogDegree;
  if (parameters.log_degree < least || parameters.log_degree > kMostLogDegree) {
    fail(what, "of ring degree 2^" + std::to_string(parameters.log_degree) + ", expected 2^" + std::to_string(least) +
                   " to 2^" + std::to_string(kMostLogDegree));
  }
  if (parameters.q.empty() || parameters.p.empty() || parameters.q.size() > kMostPrimes ||
      parameters.p.size() > kMostPrimes - parameters.q.size()) {
    fail(what, "with " + std::to_string(parameters.q.size()) + " primes and " + std::to_string(parameters.p.size()) +
                   " special ones, expected one of each and at most " + std::to_string(kMostPrimes) + " in all");
  }
  if (parameters.digit_size == 0 || parameters.digit_size > kMostDigitPrimes) {
    fail(what, "with " + std::to_string(parameters.digit_size) + " primes a key-switching digit, expected 1 to " +
                   std::to_string(kMostDigitPrimes));
  }
}

Parameters get_fields(ByteReader& in) {
  Parameters parameters;
  const std::uint32_t log_degree = in.u32();
  if (log_degree > 64) in.fail("has ring degree 2^" + std::to_string(log_degree));
  parameters.log_degree = static_cast<int>(log_degree);
  parameters.digit_size = static_cast<std::size_t>(in.u64());
  const std::uint8_t insecure = in.u8();
  if (insecure > 1) in.fail("has a flag that is neither 0 nor 1");
  parameters.insecure = insecure == 1;
  const std::size_t q = in.u32(), p = in.u32();
  if (q > kMostPrimes || p > kMostPrimes || (q + p) * 8 > in.left()) {
    in.fail("announces " + std::to_string(q + p) + " primes, more than are there or than parameters have");
  }
  for (std::size_t i = 0; i < q; ++i) parameters.q.push_back(in.u64());
  for (std::size_t i = 0; i < p; ++i) parameters.p.push_back(in.u64());
  return parameters;
}

}  // namespace

void check_parameters(const Parameters& parameters, std::string_view what) {
  check_shape(parameters, what);
  std::vector<std::uint64_t> all = parameters.q;
  all.insert(all.end(), parameters.p.begin(), parameters.p.end());
  for (const std::uint64_t prime : all) {
    const std::uint64_t step = std::uint64_t{2} << parameters.log_degree;
    if (prime >= std::uint64_t{1} << 60 || prime % step != 1 || !ring::is_prime(prime)) {
      fail(what, "with " + std::to_string(prime) + ", expected primes = 1 mod " + std::to_string(step) + " below 2^60");
    }
  }
  std::ranges::sort(all);
  if (std::ranges::adjacent_find(all) != all.end()) fail(what, "in which a prime stands twice");
}

Bytes write_parameters(const Parameters& parameters) {
  check_parameters(parameters);
  return seal_envelope(Kind::parameters, digest_of(parameters), canonical_bytes(parameters));
}

Parameters read_parameters(ByteSpan bytes, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, Kind::parameters, what);
  ByteReader in(envelope.payload, std::string(what));
  Parameters parameters = wire::get_parameters(in, envelope.digest, what);
  in.finish();
  return parameters;
}

namespace wire {

std::size_t parameters_bytes(const Parameters& parameters) {
  return kFixedBytes + 8 * (parameters.q.size() + parameters.p.size());
}

Parameters get_parameters(ByteReader& in, const Digest& digest, std::string_view what) {
  Parameters parameters = get_fields(in);
  if (digest_of(parameters) != digest) in.fail("carries parameters that do not have the digest in its header");
  check_parameters(parameters, what);
  return parameters;
}

}  // namespace wire
}  // namespace obscura::ckks
