#include "ckks/context.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "ckks/digest.h"
#include "ring/primes.h"

namespace obscura::ckks {
namespace {

/// A digit may be this many bits larger than P: its noise then still drowns in that of the division by P.
constexpr double kDigitSlackBits = 4;

void check_primes(const Parameters& parameters) {
  std::vector<std::uint64_t> all = parameters.q;
  all.insert(all.end(), parameters.p.begin(), parameters.p.end());
  std::sort(all.begin(), all.end());
  if (parameters.q.empty() || parameters.p.empty() || all.size() > 120) {
    throw ParameterError("parameters need at least one prime and one special prime, and at most 120 in all");
  }
  if (std::adjacent_find(all.begin(), all.end()) != all.end())
    throw ParameterError("a prime stands twice in the parameters");
  for (const std::uint64_t q : all) {
    if (q >= (std::uint64_t{1} << 60) || !ring::is_prime(q) ||
        (q - 1) % (std::uint64_t{2} << parameters.log_degree) != 0) {
      throw ParameterError(std::to_string(q) + " is not a prime = 1 mod 2N below 2^60 (N = 2^" +
                           std::to_string(parameters.log_degree) + ")");
    }
  }
}

void check_digits(const Parameters& parameters) {
  if (parameters.digit_size == 0 || parameters.digit_size > 32 || parameters.p.size() > 32) {
    throw ParameterError("a key-switching digit has 1 to 32 primes");
  }
  const double log_p = log2_product(parameters.p);
  for (std::size_t at = 0; at < parameters.q.size(); at += parameters.digit_size) {
    const std::size_t end = std::min(at + parameters.digit_size, parameters.q.size());
    const double bits = log2_product({parameters.q.begin() + static_cast<std::ptrdiff_t>(at),
                                      parameters.q.begin() + static_cast<std::ptrdiff_t>(end)});
    if (bits > log_p + kDigitSlackBits) {
      throw ParameterError("key-switching digit " + std::to_string(at / parameters.digit_size) + " has " +
                           std::to_string(static_cast<int>(bits)) + " bits, more than the special modulus of " +
                           std::to_string(static_cast<int>(log_p)) + " bits can carry");
    }
  }
}

void check_security(const Parameters& parameters) {
  if (parameters.insecure) {
    if (parameters.log_degree < 4 || parameters.log_degree > 17)
      throw ParameterError("ring degree must be 2^4 to 2^17");
    return;
  }
  const double log_qp = log2_product(parameters.q) + log2_product(parameters.p);
  const int most = max_log_qp(parameters.log_degree, 128);
  if (log_qp > most) {
    throw ParameterError("log QP = " + std::to_string(static_cast<int>(std::ceil(log_qp))) + " bits at N = 2^" +
                         std::to_string(parameters.log_degree) + " is below 128-bit security (at most " +
                         std::to_string(most) + " bits)");
  }
}

std::vector<const ring::PrimeRing*> pointers(const std::vector<ring::PrimeRing>& rings, std::size_t first,
                                             std::size_t last) {
  std::vector<const ring::PrimeRing*> result;
  for (std::size_t i = first; i < last; ++i) result.push_back(&rings[i]);
  return result;
}

}  // namespace

ContextPtr Context::create(const Parameters& parameters) {
  check_security(parameters);
  check_primes(parameters);
  check_digits(parameters);
  return std::shared_ptr<const Context>(new Context(parameters));
}

Context::Context(const Parameters& parameters)
    : parameters_(parameters), digest_(digest_of(parameters)), degree_(std::size_t{1} << parameters.log_degree) {
  for (const std::uint64_t q : parameters.q) q_.emplace_back(degree_, q);
  for (const std::uint64_t p : parameters.p) p_.emplace_back(degree_, p);
  for (std::size_t i = 0; i < q_.size(); ++i) key_factor_.push_back(special_product(0, p_.size(), i));
  levels_.resize(q_.size() + 1);
  for (std::size_t limbs = q_.size(); limbs >= 1; --limbs) {
    Level& level = levels_[limbs] = make_level(limbs);
    if (limbs < q_.size() && levels_[limbs + 1].special == level.special) level.mod_down = levels_[limbs + 1].mod_down;
    if (level.mod_down == nullptr) {
      level.mod_down = std::make_shared<ring::ModDown>(pointers(q_, 0, limbs), pointers(p_, 0, level.special));
    }
  }
}

std::uint64_t Context::special_product(std::size_t first, std::size_t last, std::size_t i) const {
  const ring::Modulus& q = q_[i].modulus();
  std::uint64_t product = 1;
  for (std::size_t k = first; k < last; ++k) product = q.mul(product, q.reduce(p_[k].value()));
  return product;
}

Context::Level Context::make_level(std::size_t limbs) const {
  Level level;
  level.special = special_primes(parameters_, limbs);
  for (std::size_t i = 0; i < limbs; ++i) {
    level.p_mod_q.push_back(special_product(0, level.special, i));
    if (level.special == p_.size()) continue;
    level.left_out_inverse.push_back(q_[i].modulus().inverse(special_product(level.special, p_.size(), i)));
  }
  if (limbs > 1) {
    level.rescale = std::make_unique<ring::ModDown>(pointers(q_, 0, limbs - 1), pointers(q_, limbs - 1, limbs));
  }
  for (std::size_t first = 0; first < limbs; first += parameters_.digit_size) {
    const std::size_t last = std::min(first + parameters_.digit_size, limbs);
    auto to = pointers(q_, 0, first);
    const auto rest = pointers(q_, last, limbs), special = pointers(p_, 0, level.special);
    to.insert(to.end(), rest.begin(), rest.end());
    to.insert(to.end(), special.begin(), special.end());
    level.mod_up.push_back(std::make_unique<ring::BaseConverter>(pointers(q_, first, last), std::move(to)));
  }
  return level;
}

double Context::log_q(std::size_t limbs) const {
  return log2_product({parameters_.q.begin(), parameters_.q.begin() + static_cast<std::ptrdiff_t>(limbs)});
}

double Context::log_qp() const {
  return log2_product(parameters_.q) + log2_product(parameters_.p);
}

int Context::security_bits() const {
  return parameters_.log_degree < 10 ? 0 : estimate_security_bits(parameters_.log_degree, log_qp());
}

void require_context(const Context& context, const Digest& digest, std::string_view what) {
  if (digest == context.digest()) return;
  throw MismatchError(std::string(what) + " was made under other parameters (digest " + short_hex(digest) +
                      ", expected " + short_hex(context.digest()) + ")");
}

}  // namespace obscura::ckks
