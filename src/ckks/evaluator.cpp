#include "ckks/evaluator.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "ring/automorphism.h"

namespace obscura::ckks {
namespace {

using ring::Polynomial;

std::string text(double scale) {
  return "2^" + std::to_string(std::log2(scale));
}

void check_scales(double a, double b) {
  if (!same_scale(a, b)) throw MismatchError("scales differ: " + text(a) + " and " + text(b));
}

void check_pair(const Context& context, const Ciphertext& a, const Ciphertext& b) {
  check_ciphertext(context, a);
  check_ciphertext(context, b);
  if (a.limbs() != b.limbs()) {
    throw MismatchError("levels differ: " + std::to_string(a.limbs()) + " and " + std::to_string(b.limbs()) + " limbs");
  }
}

void check_plain(const Context& context, const Ciphertext& a, const Plaintext& b) {
  check_ciphertext(context, a);
  check_plaintext(context, b);
  if (b.limbs() >= a.limbs()) return;
  throw MismatchError("plaintext of " + std::to_string(b.limbs()) + " limbs meets a ciphertext of " +
                      std::to_string(a.limbs()));
}

/// round(value * scale), which must fit the modulus of the level.
double scaled_constant(const Context& context, double value, double scale, std::size_t limbs) {
  const double scaled = std::round(value * scale);
  if (std::abs(scaled) < 0x1p30 || std::log2(std::abs(scaled)) < context.log_q(limbs) - 1) return scaled;
  throw ParameterError("constant " + std::to_string(value) + " at scale " + text(scale) + " does not fit " +
                       std::to_string(limbs) + " limbs");
}

/// An integer of any size modulo q: mantissa times a power of two, exactly.
std::uint64_t residue(const ring::Modulus& q, double integer) {
  if (std::abs(integer) < 0x1p62) return q.reduce_signed(static_cast<std::int64_t>(integer));
  int exponent = 0;
  const double mantissa = std::ldexp(std::frexp(integer, &exponent), 62);
  return q.mul(q.reduce_signed(static_cast<std::int64_t>(mantissa)),
               q.pow(2, static_cast<std::uint64_t>(exponent - 62)));
}

void check_two_parts(const Ciphertext& a, const char* operation) {
  if (a.parts.size() != 2) {
    throw MismatchError(std::string(operation) + " needs a relinearised ciphertext of two parts, not " +
                        std::to_string(a.parts.size()));
  }
}

/// A ciphertext of the same level and scale with room for `parts` polynomials.
Ciphertext like(const Ciphertext& a, std::size_t parts) {
  Ciphertext result;
  result.context = a.context;
  result.scale = a.scale;
  for (std::size_t i = 0; i < parts; ++i) result.parts.emplace_back(a.degree(), a.limbs());
  return result;
}

}  // namespace

bool same_scale(double a, double b) {
  return std::abs(a / b - 1) < 0x1p-30;
}

Evaluator::Evaluator(ContextPtr context, std::shared_ptr<const EvaluationKeys> keys)
    : context_(std::move(context)), keys_(std::move(keys)), switcher_(context_) {
  if (keys_) require_context(*context_, keys_->context(), "set of evaluation keys");
}

const EvaluationKeys& Evaluator::keys() const {
  if (!keys_) throw MismatchError("this needs evaluation keys, and none were given");
  return *keys_;
}

Ciphertext Evaluator::add(const Ciphertext& a, const Ciphertext& b) const {
  check_pair(*context_, a, b);
  check_scales(a.scale, b.scale);
  const Ciphertext& longer = a.parts.size() >= b.parts.size() ? a : b;
  const std::size_t shared = std::min(a.parts.size(), b.parts.size());
  Ciphertext r = like(a, shared);
  for (std::size_t p = 0; p < shared; ++p) {
    for_rows(*context_, a.basis(),
             [&](const auto& q, std::size_t i) { q.add(r.parts[p].limb(i), a.parts[p].limb(i), b.parts[p].limb(i)); });
  }
  for (std::size_t p = shared; p < longer.parts.size(); ++p) r.parts.push_back(longer.parts[p]);
  return r;
}

Ciphertext Evaluator::sub(const Ciphertext& a, const Ciphertext& b) const {
  return add(a, negate(b));
}

Ciphertext Evaluator::negate(const Ciphertext& a) const {
  check_ciphertext(*context_, a);
  Ciphertext r = like(a, a.parts.size());
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    for_rows(*context_, a.basis(),
             [&](const auto& q, std::size_t i) { q.negate(r.parts[p].limb(i), a.parts[p].limb(i)); });
  }
  return r;
}

Ciphertext Evaluator::add_plain(const Ciphertext& a, const Plaintext& b) const {
  check_plain(*context_, a, b);
  check_scales(a.scale, b.scale);
  Ciphertext r = a;
  for_rows(*context_, a.basis(),
           [&](const auto& q, std::size_t i) { q.add(r.parts[0].limb(i), r.parts[0].limb(i), b.poly.limb(i)); });
  return r;
}

Ciphertext Evaluator::sub_plain(const Ciphertext& a, const Plaintext& b) const {
  check_plain(*context_, a, b);
  check_scales(a.scale, b.scale);
  Ciphertext r = a;
  for_rows(*context_, a.basis(),
           [&](const auto& q, std::size_t i) { q.sub(r.parts[0].limb(i), r.parts[0].limb(i), b.poly.limb(i)); });
  return r;
}

Ciphertext Evaluator::add_scalar(const Ciphertext& a, double value) const {
  check_ciphertext(*context_, a);
  scaled_constant(*context_, value, a.scale, a.limbs());  // throws for one that does not fit
  return add_scalar_modulo(a, value);
}

Ciphertext Evaluator::add_scalar_modulo(const Ciphertext& a, double value) const {
  check_ciphertext(*context_, a);
  const double scaled = std::round(value * a.scale);
  if (!std::isfinite(scaled)) {
    throw ParameterError("constant " + std::to_string(value) + " at scale " + text(a.scale) + " is not finite");
  }
  // A constant in every slot is the constant polynomial, which is the same number at every point of the NTT.
  Ciphertext r = a;
  for_rows(*context_, a.basis(), [&](const auto& q, std::size_t i) {
    q.add_scalar(r.parts[0].limb(i), r.parts[0].limb(i), residue(q.modulus(), scaled));
  });
  return r;
}

Ciphertext Evaluator::multiply_plain(const Ciphertext& a, const Plaintext& b) const {
  check_plain(*context_, a, b);
  Ciphertext r = like(a, a.parts.size());
  r.scale = a.scale * b.scale;
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    for_rows(*context_, a.basis(),
             [&](const auto& q, std::size_t i) { q.mul(r.parts[p].limb(i), a.parts[p].limb(i), b.poly.limb(i)); });
  }
  return r;
}

Ciphertext Evaluator::multiply_scalar(const Ciphertext& a, double value, double scale) const {
  check_ciphertext(*context_, a);
  const double scaled = scaled_constant(*context_, value, scale, a.limbs());
  Ciphertext r = like(a, a.parts.size());
  r.scale = a.scale * scale;
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    for_rows(*context_, a.basis(), [&](const auto& q, std::size_t i) {
      q.mul_scalar(r.parts[p].limb(i), a.parts[p].limb(i), residue(q.modulus(), scaled));
    });
  }
  return r;
}

Ciphertext Evaluator::multiply_integer(const Ciphertext& a, std::int64_t value) const {
  check_ciphertext(*context_, a);
  Ciphertext r = like(a, a.parts.size());
  for (std::size_t p = 0; p < a.parts.size(); ++p) {
    for_rows(*context_, a.basis(), [&](const auto& q, std::size_t i) {
      q.mul_scalar(r.parts[p].limb(i), a.parts[p].limb(i), q.modulus().reduce_signed(value));
    });
  }
  return r;
}

Ciphertext Evaluator::multiply(const Ciphertext& a, const Ciphertext& b) const {
  check_pair(*context_, a, b);
  check_two_parts(a, "multiply");
  check_two_parts(b, "multiply");
  Ciphertext r = like(a, 3);
  r.scale = a.scale * b.scale;
  for_rows(*context_, a.basis(), [&](const auto& q, std::size_t i) {
    q.mul(r.parts[0].limb(i), a.parts[0].limb(i), b.parts[0].limb(i));
    q.mul(r.parts[2].limb(i), a.parts[1].limb(i), b.parts[1].limb(i));
    q.mul(r.parts[1].limb(i), a.parts[0].limb(i), b.parts[1].limb(i));
    q.mul_add(r.parts[1].limb(i), a.parts[1].limb(i), b.parts[0].limb(i));
  });
  return r;
}

Ciphertext Evaluator::square(const Ciphertext& a) const {
  check_ciphertext(*context_, a);
  check_two_parts(a, "square");
  Ciphertext r = like(a, 3);
  r.scale = a.scale * a.scale;
  for_rows(*context_, a.basis(), [&](const auto& q, std::size_t i) {
    q.mul(r.parts[0].limb(i), a.parts[0].limb(i), a.parts[0].limb(i));
    q.mul(r.parts[2].limb(i), a.parts[1].limb(i), a.parts[1].limb(i));
    q.mul(r.parts[1].limb(i), a.parts[0].limb(i), a.parts[1].limb(i));
    q.add(r.parts[1].limb(i), r.parts[1].limb(i), r.parts[1].limb(i));
  });
  return r;
}

Ciphertext Evaluator::relinearize(const Ciphertext& a) const {
  check_ciphertext(*context_, a);
  if (a.parts.size() == 2) return a;
  const KeySwitchKey& key = keys().relin(a.limbs());
  Ciphertext r = like(a, 2);
  switcher_.apply(a.parts[2], key, [&](std::size_t i, const std::uint64_t* u0, const std::uint64_t* u1) {
    context_->q(i).add(r.parts[0].limb(i), a.parts[0].limb(i), u0);
    context_->q(i).add(r.parts[1].limb(i), a.parts[1].limb(i), u1);
  });
  return r;
}

Ciphertext Evaluator::rescale(const Ciphertext& a) const {
  check_ciphertext(*context_, a);
  const std::size_t limbs = a.limbs(), n = a.degree();
  if (limbs < 2) throw MismatchError("no prime is left to rescale by");
  Ciphertext r;
  r.context = a.context;
  r.scale = a.scale / static_cast<double>(context_->q(limbs - 1).value());
  auto last = context_->scratch().take(n);
  std::vector<const std::uint64_t*> from(limbs - 1);
  std::vector<std::uint64_t*> to(limbs - 1);
  std::uint64_t* dropped = last.data();
  for (const Polynomial& part : a.parts) {
    Polynomial& out = r.parts.emplace_back(n, limbs - 1);
    std::memcpy(dropped, part.limb(limbs - 1), n * sizeof(std::uint64_t));
    for (std::size_t i = 0; i + 1 < limbs; ++i) from[i] = part.limb(i), to[i] = out.limb(i);
    context_->rescale(limbs).apply(from.data(), &dropped, to.data(), context_->scratch());
  }
  return r;
}

Ciphertext Evaluator::drop_to(const Ciphertext& a, std::size_t limbs) const {
  check_ciphertext(*context_, a);
  if (limbs == 0 || limbs > a.limbs()) {
    throw MismatchError("cannot go from " + std::to_string(a.limbs()) + " to " + std::to_string(limbs) + " limbs");
  }
  Ciphertext r = a;
  for (Polynomial& part : r.parts) part.shrink(limbs);
  return r;
}

Ciphertext Evaluator::rotate(const Ciphertext& a, std::int64_t steps) const {
  const auto element = ring::galois_element(steps, context_->degree());
  return element == 1 ? a : apply_galois(a, element);
}

Ciphertext Evaluator::conjugate(const Ciphertext& a) const {
  return apply_galois(a, ring::conjugation_element(context_->degree()));
}

template <typename Source>
Ciphertext Evaluator::switch_rotated(const Ciphertext& a, const Source& source, const GaloisKey& key) const {
  Ciphertext r = like(a, 2);
  switcher_.apply(source, key.key, [&](std::size_t i, std::uint64_t* u0, const std::uint64_t* u1) {
    const auto& q = context_->q(i);
    q.add(u0, u0, a.parts[0].limb(i));
    q.permute(r.parts[0].limb(i), u0, key.permutation.data());
    q.permute(r.parts[1].limb(i), u1, key.permutation.data());
  });
  return r;
}

Ciphertext Evaluator::apply_galois(const Ciphertext& a, std::uint64_t element) const {
  check_ciphertext(*context_, a);
  check_two_parts(a, "a rotation");
  return switch_rotated(a, a.parts[1], keys().galois(element, a.limbs()));
}

std::vector<Ciphertext> Evaluator::rotate_hoisted(const Ciphertext& a, std::span<const std::int64_t> steps) const {
  check_ciphertext(*context_, a);
  check_two_parts(a, "a rotation");
  const Decomposition digits = switcher_.decompose(a.parts[1]);
  std::vector<Ciphertext> results;
  results.reserve(steps.size());
  for (const std::int64_t step : steps) results.push_back(rotate(a, digits, step));
  return results;
}

Ciphertext Evaluator::rotate(const Ciphertext& a, const Decomposition& digits, std::int64_t steps) const {
  check_ciphertext(*context_, a);
  check_two_parts(a, "a rotation");
  if (digits.limbs() != a.limbs()) {
    throw MismatchError("digits of " + std::to_string(digits.limbs()) + " limbs for a ciphertext of " +
                        std::to_string(a.limbs()));
  }
  const auto element = ring::galois_element(steps, context_->degree());
  if (element == 1) return a;
  return switch_rotated(a, digits, keys().galois(element, a.limbs()));
}

}  // namespace obscura::ckks
