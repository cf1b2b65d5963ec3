#include "ring/rns.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "base/error.h"
#include "ring/primes.h"
#include "ring/rns_kernels.h"

namespace obscura::ring {
namespace {

using Words = std::vector<AlignedWords>;

mpz_class big(std::uint64_t x) {
  mpz_class r;
  mpz_import(r.get_mpz_t(), 1, 1, sizeof x, 0, 0, &x);
  return r;
}

std::uint64_t remainder(const mpz_class& x, std::uint64_t q) {
  mpz_class r;
  mpz_mod(r.get_mpz_t(), x.get_mpz_t(), big(q).get_mpz_t());
  std::uint64_t word = 0;
  mpz_export(&word, nullptr, -1, 8, 0, 0, r.get_mpz_t());
  return word;
}

std::vector<Isa> available() {
  std::vector<Isa> all;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::ifma}) {
    if (isa <= best_isa()) all.push_back(isa);
  }
  return all;
}

// Some primes and the big-integer side of their residues.
class Basis {
 public:
  Basis(std::size_t degree, const std::vector<std::uint64_t>& primes, Isa isa = selected_isa()) {
    for (const std::uint64_t p : primes) {
      rings_.push_back(std::make_unique<PrimeRing>(degree, p, isa));
      product_ *= big(p);
    }
  }
  std::vector<const PrimeRing*> rings() const {
    std::vector<const PrimeRing*> all;
    for (const auto& ring : rings_) all.push_back(ring.get());
    return all;
  }
  const mpz_class& product() const { return product_; }
  std::size_t size() const { return rings_.size(); }
  const PrimeRing& operator[](std::size_t i) const { return *rings_[i]; }

  Words residues(const std::vector<mpz_class>& x) const {
    Words words(size(), AlignedWords(x.size()));
    for (std::size_t i = 0; i < size(); ++i) {
      for (std::size_t c = 0; c < x.size(); ++c) words[i][c] = remainder(x[c], rings_[i]->value());
    }
    return words;
  }
  void forward(Words& words) const {
    for (std::size_t i = 0; i < words.size(); ++i) rings_[i]->forward(words[i].data());
  }

 private:
  std::vector<std::unique_ptr<PrimeRing>> rings_;
  mpz_class product_ = 1;
};

std::vector<std::uint64_t*> pointers(Words& words) {
  std::vector<std::uint64_t*> all;
  for (auto& w : words) all.push_back(w.data());
  return all;
}

// Numbers in [-limit, limit]: the ends, small ones of both signs, random ones.
std::vector<mpz_class> numbers(std::size_t count, const mpz_class& limit, unsigned long seed) {
  gmp_randclass random(gmp_randinit_mt);
  random.seed(seed);
  std::vector<mpz_class> x;
  for (std::size_t c = 0; c < count; ++c) {
    if (c < 8) {
      x.push_back(mpz_class(static_cast<long>(c) - 4));
    } else if (c < 10) {
      x.push_back(c == 8 ? limit : mpz_class(-limit));
    } else {
      x.push_back(random.get_z_range(2 * limit + 1) - limit);
    }
  }
  return x;
}

// Whether the conversion promises the right answer everywhere.
bool is_exact(const Basis& from) {
  return from.size() == 1 || (from.size() == 2 && from.product() < mpz_class(1) << 63);
}

mpz_class rounded(const mpz_class& x, const mpz_class& p) {
  mpz_class r;
  mpz_fdiv_q(r.get_mpz_t(), mpz_class(2 * x + p).get_mpz_t(), mpz_class(2 * p).get_mpz_t());
  return r;
}

/// Prepares the source in place, row after row; the overflow.
AlignedWords prepared(const BaseConverter& converter, Words& source) {
  AlignedWords overflow(source.front().size());
  const auto rows = pointers(source);
  for (std::size_t i = 0; i < source.size(); ++i) converter.prepare(i, rows.data(), overflow.data());
  return overflow;
}

/// To as many primes as there are rows from number `first` on.
void convert(const BaseConverter& converter, Words& source, const std::vector<std::uint64_t*>& out, std::size_t first,
             ScratchPool& pool) {
  const AlignedWords overflow = prepared(converter, source);
  converter.convert(pointers(source).data(), overflow.data(), first, out.size(), out.data(), pool);
}

struct Case {
  int from_bits, to_bits;
  std::size_t from, to, degree;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.from << " primes of " << c.from_bits << " bits and " << c.to << " of " << c.to_bits << ", degree "
       << c.degree;
}

const Case kCases[] = {
    {26, 26, 1, 4, 64},  {26, 30, 2, 7, 64},   {49, 26, 1, 5, 1024}, {49, 49, 2, 3, 256}, {45, 45, 4, 12, 4096},
    {50, 50, 3, 3, 64},  {50, 45, 8, 24, 8},   {60, 60, 1, 3, 64},   {60, 45, 2, 6, 256}, {45, 60, 3, 2, 4096},
    {59, 60, 4, 5, 512}, {30, 49, 32, 3, 128}, {60, 60, 20, 2, 64},  {24, 49, 2, 1, 32},  {31, 49, 2, 5, 512},
    {31, 20, 2, 4, 64},  {30, 60, 2, 2, 64},   {45, 50, 14, 4, 64},  {45, 50, 15, 4, 64}, {49, 49, 14, 7, 8192},
};

class RnsTest : public testing::TestWithParam<Case> {
 protected:
  std::vector<std::uint64_t> from_primes() const {
    return ntt_primes(GetParam().from_bits, GetParam().degree, GetParam().from);
  }
  std::vector<std::uint64_t> to_primes() const {
    return ntt_primes(GetParam().to_bits, GetParam().degree, GetParam().to, from_primes());
  }
  ScratchPool pool_;
};

TEST_P(RnsTest, converts_centred_numbers) {
  const std::size_t n = GetParam().degree;
  for (const Isa isa : available()) {
    const Basis from(n, from_primes(), isa), to(n, to_primes(), isa);
    // Short of the ends by 2^-38 Q, where the overflow count is promised to be right.
    const mpz_class half = from.product() / 2;
    const auto x = numbers(n, is_exact(from) ? half : mpz_class(half - (half >> 37)), 1);
    Words source = from.residues(x), out(to.size(), AlignedWords(n));
    convert(BaseConverter(from.rings(), to.rings()), source, pointers(out), 0, pool_);
    const Words expected = to.residues(x);
    for (std::size_t j = 0; j < to.size(); ++j) ASSERT_EQ(out[j], expected[j]) << "target " << j;
  }
}

TEST_P(RnsTest, converts_only_the_targets_asked_for) {
  const std::size_t n = GetParam().degree;
  const Basis from(n, from_primes()), to(n, to_primes());
  const auto x = numbers(n, from.product() / 4, 2);
  Words source = from.residues(x), out(to.size(), AlignedWords(n));
  for (auto& words : out) std::fill_n(words.data(), n, 7);
  const std::size_t half = to.size() / 2;
  const BaseConverter converter(from.rings(), to.rings());
  auto rows = pointers(out);
  // Range after range from what was prepared once.
  const AlignedWords overflow = prepared(converter, source);
  const auto prepared_rows = pointers(source);
  for (std::size_t j = half; j < to.size(); j += 3) {
    const std::size_t count = std::min<std::size_t>(3, to.size() - j);
    converter.convert(prepared_rows.data(), overflow.data(), j, count, rows.data() + j, pool_);
  }
  EXPECT_THROW(converter.convert(prepared_rows.data(), overflow.data(), 1, to.size(), rows.data(), pool_),
               ParameterError);
  const Words expected = to.residues(x);
  for (std::size_t j = 0; j < to.size(); ++j) {
    if (j >= half) {
      ASSERT_EQ(out[j], expected[j]);
    } else {
      ASSERT_EQ(std::count(out[j].data(), out[j].data() + n, 7), static_cast<std::ptrdiff_t>(n));
    }
  }
}

TEST_P(RnsTest, divides_and_rounds) {
  const std::size_t n = GetParam().degree;
  for (const Isa isa : available()) {
    const Basis q(n, to_primes(), isa), p(n, from_primes(), isa);
    const ModDown down(q.rings(), p.rings());
    // The ends less P/3, whose remainders are no boundary.
    auto x = numbers(n, (q.product() / 2) * p.product() + p.product() / 6, 3);
    // Both sides of a rounding boundary (P is odd: there is no tie), as close as the overflow count allows.
    const mpz_class half = p.product() / 2, margin = is_exact(p) ? mpz_class(0) : mpz_class(half >> 37);
    x[4] = half - margin, x[5] = half + 1 + margin, x[6] = -half + margin, x[7] = -half - 1 - margin;
    std::vector<mpz_class> quotient;
    quotient.reserve(x.size());
    for (const auto& value : x) quotient.push_back(rounded(value, p.product()));
    Words expected = q.residues(quotient);
    q.forward(expected);

    for (const std::size_t limbs : {std::size_t{0}, std::size_t{1}, q.size()}) {
      Words xq = q.residues(x), xp = p.residues(x);
      q.forward(xq);
      p.forward(xp);
      const Words before = xq;
      const auto rows = pointers(xq);
      down.apply(rows.data(), pointers(xp).data(), rows.data(), pool_, limbs);  // in place
      for (std::size_t i = 0; i < q.size(); ++i) {
        const bool done = limbs == 0 || i < limbs;
        ASSERT_EQ(xq[i], done ? expected[i] : before[i]) << "limb " << i << " of " << limbs;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, RnsTest, testing::ValuesIn(kCases));

TEST(BaseConverter, mixes_sizes_of_primes) {
  constexpr std::size_t kDegree = 256;
  const std::uint64_t p26 = ntt_primes(26, kDegree, 1)[0], p40 = ntt_primes(40, kDegree, 1)[0],
                      p50 = ntt_primes(50, kDegree, 1)[0], p60 = ntt_primes(60, kDegree, 1)[0];
  ScratchPool pool;
  const Basis from(kDegree, {p26, p60, p40}), to(kDegree, {p50, ntt_primes(30, kDegree, 1)[0]});
  const auto x = numbers(kDegree, from.product() / 2 - (from.product() >> 38), 4);
  Words source = from.residues(x), out(to.size(), AlignedWords(kDegree));
  convert(BaseConverter(from.rings(), to.rings()), source, pointers(out), 0, pool);
  EXPECT_EQ(out, to.residues(x));
}

TEST(BaseConverter, is_off_by_one_product_at_worst) {
  // At the very ends x may come out as x -+ Q, and as nothing else.
  constexpr std::size_t kDegree = 64;
  const auto primes = ntt_primes(49, kDegree, 8);
  const Basis from(kDegree, {primes.begin(), primes.begin() + 6}), to(kDegree, {primes[6], primes[7]});
  std::vector<mpz_class> x, other;
  for (std::size_t c = 0; c < kDegree; ++c) {
    const mpz_class end = from.product() / 2 - static_cast<unsigned long>(c / 2);
    x.push_back(c % 2 == 0 ? end : mpz_class(-end));
    other.push_back(c % 2 == 0 ? mpz_class(end - from.product()) : mpz_class(from.product() - end));
  }
  ScratchPool pool;
  Words source = from.residues(x), out(to.size(), AlignedWords(kDegree));
  convert(BaseConverter(from.rings(), to.rings()), source, pointers(out), 0, pool);
  const Words right = to.residues(x), wrong = to.residues(other);
  for (std::size_t c = 0; c < kDegree; ++c) {
    const bool is_right = out[0][c] == right[0][c] && out[1][c] == right[1][c];
    const bool is_other = out[0][c] == wrong[0][c] && out[1][c] == wrong[1][c];
    ASSERT_TRUE(is_right || is_other) << c;
  }
}

TEST(BaseConverter, gives_the_same_bits_on_every_instruction_set) {
  // Also at the ends, where what comes out depends on the rounding of doubles.
  constexpr std::size_t kDegree = 1024;
  for (const std::size_t k : {std::size_t{2}, std::size_t{5}, std::size_t{14}}) {
    const auto primes = ntt_primes(50, kDegree, k + 3);
    const std::vector<std::uint64_t> sources(primes.begin(), primes.end() - 3), targets(primes.end() - 3, primes.end());
    std::vector<Words> results;
    for (const Isa isa : available()) {
      const Basis from(kDegree, sources, isa), to(kDegree, targets, isa);
      auto x = numbers(kDegree, from.product() / 2, 8);
      for (std::size_t c = 0; c < kDegree / 2; ++c) x[c] = from.product() / 2 - (from.product() >> (30 + c % 40));
      Words source = from.residues(x), out(to.size(), AlignedWords(kDegree));
      ScratchPool pool;
      convert(BaseConverter(from.rings(), to.rings()), source, pointers(out), 0, pool);
      results.push_back(std::move(out));
      EXPECT_EQ(results.back(), results.front()) << isa_name(isa) << ", " << k << " sources";
    }
  }
}

TEST(BaseConverter, refuses_what_does_not_fit) {
  const PrimeRing a(64, ntt_primes(40, 64, 1)[0]), b(128, ntt_primes(41, 128, 1)[0]), c(64, ntt_primes(42, 64, 1)[0]);
  EXPECT_THROW(BaseConverter({}, {&a}), ParameterError);
  EXPECT_THROW(BaseConverter({&a}, {&b}), ParameterError);
  EXPECT_THROW(BaseConverter({&a, &a}, {&c}), ParameterError);
  EXPECT_THROW(BaseConverter(std::vector<const PrimeRing*>(33, &a), {&c}), ParameterError);
  EXPECT_THROW(ModDown({&a, &c}, {&a}), ParameterError);
  ScratchPool pool;
  EXPECT_THROW(ModDown({&a}, {&c}).apply(nullptr, nullptr, nullptr, pool, 2), ParameterError);
}

TEST(Overflow, is_the_same_on_every_instruction_set) {
  std::mt19937_64 random(5);
  for (const int bits : {24, 45, 50, 60}) {
    for (const std::size_t count : {std::size_t{2}, std::size_t{3}, std::size_t{32}}) {
      constexpr std::size_t kN = 512;
      Words y(count, AlignedWords(kN));
      std::vector<const std::uint64_t*> rows;
      std::vector<double> inverse;
      for (auto& words : y) {
        const std::uint64_t q = (std::uint64_t{1} << bits) - random() % (std::uint64_t{1} << (bits - 2));
        for (std::size_t c = 0; c < kN; ++c) words[c] = c < 8 ? q - 1 : c < 16 ? q / 2 : random() % q;
        inverse.push_back(1.0 / static_cast<double>(q));
        rows.push_back(words.data());
      }
      AlignedWords expected(kN), out(kN);
      overflow_scalar(rows.data(), inverse.data(), count, kN, expected.data());
      for (std::size_t c = 0; c < kN; ++c) ASSERT_LE(expected[c], count);
      for (int isa = 0; isa <= static_cast<int>(best_isa()); ++isa) {
        overflow_kernel(static_cast<Isa>(isa))(rows.data(), inverse.data(), count, kN, out.data());
        ASSERT_EQ(out, expected) << isa_name(static_cast<Isa>(isa)) << " " << bits << " bits, " << count;
      }
    }
  }
}

// The whole ring against a schoolbook product of big integers: X^N = -1, residues of the integer result.
TEST(RnsRing, products_agree_with_schoolbook) {
  for (const std::size_t degree : {std::size_t{8}, std::size_t{32}, std::size_t{128}}) {
    std::vector<std::uint64_t> primes;
    for (const int bits : {30, 49, 50, 60}) {
      for (const std::uint64_t p : ntt_primes(bits, degree, 2)) primes.push_back(p);
    }
    for (const Isa isa : available()) {
      const Basis basis(degree, primes, isa);
      const auto a = numbers(degree, basis.product() / 2, 6), b = numbers(degree, basis.product() / 2, 7);
      std::vector<mpz_class> product(degree, 0);
      for (std::size_t i = 0; i < degree; ++i) {
        for (std::size_t j = 0; j < degree; ++j) {
          const mpz_class term = a[i] * b[j];
          product[(i + j) % degree] += i + j < degree ? term : mpz_class(-term);
        }
      }
      Words x = basis.residues(a), y = basis.residues(b);
      basis.forward(x);
      basis.forward(y);
      for (std::size_t i = 0; i < basis.size(); ++i) {
        basis[i].mul(x[i].data(), x[i].data(), y[i].data());
        basis[i].inverse(x[i].data());
      }
      ASSERT_EQ(x, basis.residues(product)) << "degree " << degree;
    }
  }
}

}  // namespace
}  // namespace obscura::ring
