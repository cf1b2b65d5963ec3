#include "ckks_vector.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"
#include "ckks_parameters_binding.h"
#include "ring/automorphism.h"

namespace obscura::python {
namespace {

/// Keys take hundreds of megabytes expanded: the parameters alone are read first.
ckks::ContextPtr context_of_keys(std::span<const std::uint8_t> file, std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                 std::set<std::uint64_t>& elements) {
  const auto read = ckks::read_evaluation_keys(file);
  auto context = ckks::Context::create(read.parameters);
  keys = std::make_shared<const ckks::EvaluationKeys>(*context, read.keys);
  for (const auto& [element, key] : read.keys.galois) elements.insert(element);
  return context;
}

}  // namespace

Arithmetic::Arithmetic(ckks::ContextPtr context)
    : context_(std::move(context)), encoder_(context_), evaluator_(context_), scales_(scale_ladder(*context_)) {}

Arithmetic::Arithmetic(std::span<const std::uint8_t> keys)
    : context_(context_of_keys(keys, keys_, elements_)),
      encoder_(context_),
      evaluator_(context_, keys_),
      scales_(scale_ladder(*context_)) {}

Vector Arithmetic::read(std::span<const std::uint8_t> bytes, std::size_t size) const {
  const auto kind = ckks::open_envelope(bytes, "ciphertext").kind;
  Vector out;
  out.ciphertext = kind == ckks::Kind::seeded_ciphertext
                       ? ckks::expand(*context_, ckks::read_seeded_ciphertext(*context_, bytes))
                       : ckks::read_ciphertext(*context_, bytes);
  if (!ckks::same_scale(out.ciphertext.scale, scales_[out.ciphertext.limbs()])) {
    throw MismatchError("ciphertext: its scale is 2^" + std::to_string(std::log2(out.ciphertext.scale)) +
                        ", expected that of its level, 2^" +
                        std::to_string(std::log2(scales_[out.ciphertext.limbs()])));
  }
  if (out.ciphertext.parts.size() != 2) throw MismatchError("ciphertext: three parts, expected two: relinearise it");
  if (size > slots()) {
    throw MismatchError("a vector of " + std::to_string(size) + " numbers, where a ciphertext has " +
                        std::to_string(slots()) + " slots");
  }
  out.size = size == 0 ? slots() : size;
  out.clean = out.size == slots();
  return out;
}

ckks::Bytes Arithmetic::write(const Vector& a) const {
  return ckks::write_ciphertext(*context_, a.ciphertext);
}

void Arithmetic::need_level(const Vector& a) const {
  if (a.ciphertext.limbs() > 1) return;
  throw ParameterError("no level is left for another product: make parameters with more levels than " +
                       std::to_string(context_->max_limbs() - 1));
}

void Arithmetic::need_size(const Vector& a, std::size_t size) const {
  if (a.size == size) return;
  throw MismatchError("a vector of " + std::to_string(a.size) + " numbers and one of " + std::to_string(size));
}

ckks::Plaintext Arithmetic::encode(std::span<const double> values, std::size_t limbs, double scale) const {
  return encoder_.encode(values, scale, limbs);
}

/// The same values with so many primes, at their very scale.
Vector Arithmetic::to_level(const Vector& a, std::size_t limbs) const {
  if (a.ciphertext.limbs() == limbs) return a;
  Vector out = a;
  out.ciphertext = evaluator_.drop_to(a.ciphertext, limbs + 1);
  const double prime = static_cast<double>(context_->q(limbs).value());
  out.ciphertext = evaluator_.multiply_scalar(out.ciphertext, 1, scales_[limbs] * prime / a.ciphertext.scale);
  out.ciphertext = evaluator_.rescale(out.ciphertext);
  out.ciphertext.scale = scales_[limbs];
  return out;
}

std::pair<Vector, Vector> Arithmetic::aligned(const Vector& a, const Vector& b) const {
  need_size(a, b.size);
  const std::size_t limbs = std::min(a.ciphertext.limbs(), b.ciphertext.limbs());
  return {to_level(a, limbs), to_level(b, limbs)};
}

Vector Arithmetic::add(const Vector& a, const Vector& b) const {
  const auto [x, y] = aligned(a, b);
  return {evaluator_.add(x.ciphertext, y.ciphertext), a.size, a.clean && b.clean};
}

Vector Arithmetic::sub(const Vector& a, const Vector& b) const {
  const auto [x, y] = aligned(a, b);
  return {evaluator_.sub(x.ciphertext, y.ciphertext), a.size, a.clean && b.clean};
}

Vector Arithmetic::negate(const Vector& a) const {
  return {evaluator_.negate(a.ciphertext), a.size, a.clean};
}

Vector Arithmetic::multiply(const Vector& a, const Vector& b) const {
  const auto [x, y] = aligned(a, b);
  need_level(x);
  auto product = evaluator_.relinearize(evaluator_.multiply(x.ciphertext, y.ciphertext));
  product = evaluator_.rescale(product);
  product.scale = scales_[product.limbs()];
  return {std::move(product), a.size, a.clean || b.clean};
}

Vector Arithmetic::add(const Vector& a, std::span<const double> b) const {
  need_size(a, b.size());
  const std::size_t limbs = a.ciphertext.limbs();
  return {evaluator_.add_plain(a.ciphertext, encode(b, limbs, a.ciphertext.scale)), a.size, a.clean};
}

Vector Arithmetic::multiply(const Vector& a, std::span<const double> b) const {
  need_size(a, b.size());
  need_level(a);
  const std::size_t limbs = a.ciphertext.limbs();
  auto product = evaluator_.rescale(evaluator_.multiply_plain(a.ciphertext, encode(b, limbs, scales_[limbs])));
  product.scale = scales_[limbs - 1];
  return {std::move(product), a.size, true};
}

Vector Arithmetic::multiply(const Vector& a, std::int64_t factor) const {
  return {evaluator_.multiply_integer(a.ciphertext, factor), a.size, a.clean};
}

ckks::Ciphertext Arithmetic::step(const ckks::Ciphertext& a, std::int64_t steps) const {
  if (!keys_) throw MismatchError("a rotation needs evaluation keys, and this context has none");
  if (!elements_.contains(ring::galois_element(steps, context_->degree()))) {
    throw MismatchError("there is no key for a rotation by " + std::to_string(steps) +
                        ": the owner makes them, evaluation_keys(rotations=...)");
  }
  return evaluator_.rotate(a, steps);
}

Vector Arithmetic::rotate(const Vector& a, std::int64_t steps) const {
  const auto all = static_cast<std::int64_t>(slots());
  const std::int64_t left = (steps % all + all) % all;
  Vector out{a.ciphertext, a.size, left == 0 && a.clean};
  if (left == 0) return out;
  if (elements_.contains(ring::galois_element(left, context_->degree()))) {
    out.ciphertext = step(a.ciphertext, left);
    return out;
  }
  for (std::int64_t bit = 1; bit < all; bit *= 2) {
    if (left & bit) out.ciphertext = step(out.ciphertext, bit);
  }
  return out;
}

Vector Arithmetic::masked(const Vector& a) const {
  return a.clean ? a : multiply(a, std::vector<double>(a.size, 1.0));
}

Vector Arithmetic::sum(const Vector& a) const {
  Vector out = masked(a);
  for (std::size_t half = 1; half < a.size; half *= 2) {
    out.ciphertext = evaluator_.add(out.ciphertext, step(out.ciphertext, static_cast<std::int64_t>(half)));
  }
  out.size = 1;
  out.clean = false;
  return out;
}

Vector Arithmetic::times_matrix(const Vector& a, std::span<const double> matrix, std::size_t columns) const {
  if (columns == 0 || columns > slots()) throw MismatchError("a matrix of " + std::to_string(columns) + " columns");
  if (matrix.size() != a.size * columns) {
    throw MismatchError("a matrix of " + std::to_string(matrix.size() / columns) + " rows for a vector of " +
                        std::to_string(a.size) + " numbers");
  }
  if (a.size + columns > slots() + 1) {
    throw MismatchError("a vector of " + std::to_string(a.size) + " numbers and a matrix of " +
                        std::to_string(columns) + " columns need " + std::to_string(a.size + columns - 1) +
                        " slots, and there are " + std::to_string(slots()));
  }
  const Vector clean = masked(a);
  need_level(clean);
  const auto rows = static_cast<std::int64_t>(a.size), last = static_cast<std::int64_t>(columns) - 1;
  const std::size_t limbs = clean.ciphertext.limbs();
  ckks::Ciphertext turned = rotate(clean, -last).ciphertext, total;
  std::vector<double> diagonal(columns);
  for (std::int64_t shift = -last; shift < rows; ++shift) {
    if (shift > -last) turned = step(turned, 1);
    for (std::int64_t j = 0; j <= last; ++j) {
      const std::int64_t i = j + shift;
      const bool inside = i >= 0 && i < rows;
      diagonal[static_cast<std::size_t>(j)] =
          inside ? matrix[static_cast<std::size_t>(i) * columns + static_cast<std::size_t>(j)] : 0;
    }
    auto part = evaluator_.multiply_plain(turned, encode(diagonal, limbs, scales_[limbs]));
    total = total.parts.empty() ? std::move(part) : evaluator_.add(total, part);
  }
  total = evaluator_.rescale(total);
  total.scale = scales_[limbs - 1];
  return {std::move(total), columns, true};
}

Vector Arithmetic::polynomial(const Vector& a, std::span<const double> coefficients) const {
  std::size_t degree = coefficients.size();
  while (degree > 1 && coefficients[degree - 1] == 0) --degree;
  if (degree < 2) throw MismatchError("a polynomial of degree 0: expected coefficients from the constant on");
  --degree;
  std::vector<Vector> powers(degree + 1);  // of x, [0] is left out
  powers[1] = a;
  for (std::size_t k = 2; k <= degree; ++k) powers[k] = multiply(powers[(k + 1) / 2], powers[k / 2]);
  const Vector& highest = powers[degree];
  need_level(highest);
  const std::size_t limbs = highest.ciphertext.limbs() - 1;
  const double prime = static_cast<double>(context_->q(limbs).value());
  ckks::Ciphertext total;
  for (std::size_t k = 1; k <= degree; ++k) {
    if (coefficients[k] == 0) continue;
    auto term = evaluator_.drop_to(powers[k].ciphertext, limbs + 1);
    term = evaluator_.multiply_scalar(term, coefficients[k], scales_[limbs] * prime / term.scale);
    term.scale = scales_[limbs] * prime;
    total = total.parts.empty() ? std::move(term) : evaluator_.add(total, term);
  }
  total = evaluator_.rescale(total);
  total.scale = scales_[limbs];
  return add({std::move(total), a.size, a.clean}, std::vector<double>(a.size, coefficients[0]));
}

}  // namespace obscura::python
