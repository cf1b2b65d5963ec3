#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "ckks/digit_row.h"
#include "ckks/key_switcher.h"
#include "ckks/raised_digits.h"
#include "ring/packed_stream.h"

/// Key switching prime by prime: what a whole switch needs of one prime fits the second-level cache, what it needs of
/// all of them does not (21 MB of digits at N = 2^15 with 14 limbs).
namespace obscura::ckks {
namespace {

/// Words of digits in work at once; more rows share the work of a conversion, fewer stay in the cache.
constexpr std::size_t kWorkingSet = std::size_t{1} << 17;
constexpr std::size_t kLeastRows = 4, kMostRows = 8;

}  // namespace

/// All digits modulo a few primes at a time.
class KeySwitcher::Digits {
 public:
  Digits(const ring::RnsBasis& extended, std::size_t digits) : basis(extended), count(digits) {}
  virtual ~Digits() = default;
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;
  /// Makes rows first ... first + rows - 1 ready; they stay until the next call.
  virtual void load(std::size_t first, std::size_t rows) = 0;
  virtual const std::uint64_t* row(std::size_t digit, std::size_t row) const = 0;

  const ring::RnsBasis basis;
  const std::size_t count;
};

class KeySwitcher::StoredDigits final : public Digits {
 public:
  explicit StoredDigits(const Decomposition& digits) : Digits(digits.basis(), digits.digits()), digits_(digits) {}
  void load(std::size_t, std::size_t) override {}
  const std::uint64_t* row(std::size_t digit, std::size_t row) const override {
    return digits_.digits_[digit].limb(row);
  }

 private:
  const Decomposition& digits_;
};

/// Raised from the coefficients when they are asked for; a digit's own primes are rows of the polynomial itself.
class KeySwitcher::FreshDigits final : public Digits {
 public:
  FreshDigits(const Context& context, const ring::Polynomial& poly, std::size_t at_once)
      : Digits(context.extended(poly.limbs()), context.digits(poly.limbs())),
        context_(context),
        degree_(poly.degree()),
        at_once_(at_once),
        sources_(context, poly.limbs()),
        raised_(context.scratch().take(count * at_once * poly.degree())) {
    const bool as_is = context.left_out_inverse(basis.limbs()).empty();
    if (!as_is) scaled_.emplace(context.scratch().take(poly.limbs() * degree_));
    for (std::size_t i = 0; i < basis.limbs(); ++i) {
      if (!as_is) digit_row(context, basis.limbs(), i, poly.limb(i), scaled_->data() + i * degree_);
      own_.push_back(as_is ? poly.limb(i) : scaled_->data() + i * degree_);
      sources_.prepare(i, own_[i]);
    }
  }

  void load(std::size_t first, std::size_t rows) override {
    first_ = first;
    for (std::size_t j = 0; j < count; ++j) {
      raise(j, first, std::min(first + rows, begin(j)));
      raise(j, std::max(first, end(j)), first + rows);
    }
  }

  const std::uint64_t* row(std::size_t digit, std::size_t row) const override {
    return row >= begin(digit) && row < end(digit) ? own_[row] : slot(digit, row);
  }

 private:
  std::size_t begin(std::size_t digit) const { return digit * context_.parameters().digit_size; }
  std::size_t end(std::size_t digit) const {
    return std::min(begin(digit) + context_.parameters().digit_size, basis.limbs());
  }
  std::uint64_t* slot(std::size_t digit, std::size_t row) const {
    return raised_words_ + (digit * at_once_ + row - first_) * degree_;
  }

  /// Rows [from, to), none of them of the digit itself.
  void raise(std::size_t digit, std::size_t from, std::size_t to) {
    if (from >= to) return;
    std::array<std::uint64_t*, 160> targets{};
    for (std::size_t r = from; r < to; ++r) targets[r - from] = slot(digit, r);
    // The converter's targets are all rows but the digit's own.
    const std::size_t at = from < begin(digit) ? from : from - (end(digit) - begin(digit));
    sources_.convert(digit, at, to - from, targets.data());
    for (std::size_t r = from; r < to; ++r) context_.ring(basis, r).forward(slot(digit, r));
  }

  const Context& context_;
  std::size_t degree_;
  std::size_t at_once_;
  std::size_t first_ = 0;
  std::optional<ScratchPool::Lease> scaled_;
  std::vector<const std::uint64_t*> own_;  // of the polynomial, as the digits have them
  RaisedDigits sources_;
  ScratchPool::Lease raised_;
  std::uint64_t* raised_words_ = raised_.data();
};

std::size_t KeySwitcher::rows_at_once(std::size_t digits) const {
  return std::clamp(kWorkingSet / (digits * context_->degree()), kLeastRows, kMostRows);
}

void KeySwitcher::product_groups(Digits& digits, const KeySwitchKey& key, std::size_t first, std::size_t last,
                                 const GroupSink& sink) const {
  const std::size_t n = context_->degree(), at_once = rows_at_once(digits.count);
  auto scratch = context_->scratch().take(2 * at_once * n);
  std::uint64_t *const u0 = scratch.data(), *const u1 = u0 + at_once * n;
  std::array<const std::uint64_t*, 128> d{};
  for (std::size_t at = first; at < last; at += at_once) {
    const std::size_t rows = std::min(at_once, last - at);
    digits.load(at, rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t r = at + i;
      for (std::size_t j = 0; j < digits.count; ++j) d[j] = digits.row(j, r);
      const ring::RnsPrime prime = digits.basis.prime(r);
      ring::key_product(context_->ring(prime), u0 + i * n, u1 + i * n, d.data(), digits.count, key.stream(prime),
                        key.digits());
    }
    sink(at, rows, u0, u1);
  }
}

void KeySwitcher::divided(Digits& digits, const KeySwitchKey& key, bool both, const RowSink& sink) const {
  check_key(key, digits.basis);
  const std::size_t n = context_->degree(), limbs = digits.basis.limbs(), rows_in_all = digits.basis.rows();
  const std::size_t special = digits.basis.special(), stride = n + kOffStride;
  const ring::ModDown& down = context_->mod_down(limbs);
  // Of either product the special rows, and their overflow behind them.
  auto remainders = context_->scratch().take(2 * (special + 1) * stride);
  std::array<std::uint64_t*, 33> p0{}, p1{};
  for (std::size_t k = 0; k <= special; ++k) {
    p0[k] = remainders.data() + 2 * k * stride;
    p1[k] = p0[k] + stride;
  }
  // The special primes first: the remainders modulo P are what every other row needs.
  product_groups(digits, key, limbs, rows_in_all,
                 [&](std::size_t first, std::size_t rows, std::uint64_t* u0, const std::uint64_t* u1) {
                   for (std::size_t i = 0; i < rows; ++i) {
                     const std::size_t k = first + i - limbs;
                     down.prepare(k, u1 + i * n, p1.data(), p1[special]);
                     if (both) {
                       down.prepare(k, u0 + i * n, p0.data(), p0[special]);
                     } else {
                       sink(first + i, u0 + i * n, nullptr);
                     }
                   }
                 });
  const auto divide = [&](std::size_t first, std::size_t rows, std::uint64_t* u, std::uint64_t* const* p) {
    std::array<std::uint64_t*, kMostRows> to{};
    for (std::size_t i = 0; i < rows; ++i) to[i] = u + i * n;
    down.apply_range(to.data(), p, p[special], first, rows, to.data(), context_->scratch());
  };
  product_groups(digits, key, 0, limbs, [&](std::size_t first, std::size_t rows, std::uint64_t* u0, std::uint64_t* u1) {
    if (both) divide(first, rows, u0, p0.data());
    divide(first, rows, u1, p1.data());
    for (std::size_t i = 0; i < rows; ++i) sink(first + i, u0 + i * n, u1 + i * n);
  });
}

void KeySwitcher::apply(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const {
  FreshDigits digits(*context_, poly, rows_at_once(context_->digits(poly.limbs())));
  divided(digits, key, true, sink);
}

void KeySwitcher::apply(const Decomposition& decomposition, const KeySwitchKey& key, const RowSink& sink) const {
  check_digits(decomposition);
  StoredDigits digits(decomposition);
  divided(digits, key, true, sink);
}

void KeySwitcher::apply_half_extended(const ring::Polynomial& poly, const KeySwitchKey& key,
                                      const RowSink& sink) const {
  FreshDigits digits(*context_, poly, rows_at_once(context_->digits(poly.limbs())));
  divided(digits, key, false, sink);
}

void KeySwitcher::apply_extended(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const {
  FreshDigits digits(*context_, poly, rows_at_once(context_->digits(poly.limbs())));
  check_key(key, digits.basis);
  const std::size_t n = context_->degree();
  product_groups(digits, key, 0, digits.basis.rows(),
                 [&](std::size_t first, std::size_t rows, std::uint64_t* u0, std::uint64_t* u1) {
                   for (std::size_t i = 0; i < rows; ++i) sink(first + i, u0 + i * n, u1 + i * n);
                 });
}

}  // namespace obscura::ckks
