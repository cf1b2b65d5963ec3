#include "ring/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "base/memory.h"
#include "ring/chacha.h"
#include "ring/primes.h"
#include "ring/sampling.h"

namespace obscura::ring {
namespace {

// Bytes 0, 1, ..., 31.
Seed counting_seed() {
  Seed seed;
  std::iota(seed.begin(), seed.end(), std::uint8_t{0});
  return seed;
}

/// A number's bytes, then zeros.
Seed seed_of(std::uint64_t number) {
  Seed seed{};
  for (std::size_t i = 0; i < 8; ++i) seed[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return seed;
}

/// The least prime = 1 mod 2N over a number: for moduli in the middle of their bits.
std::uint64_t prime_above(std::uint64_t number, std::size_t degree) {
  std::uint64_t p = number / (2 * degree) * (2 * degree) + 1;
  do p += 2 * degree;
  while (!is_prime(p));
  return p;
}

std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::uint8_t> stream_bytes(const Seed& seed, std::uint64_t stream, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  RandomStream(seed, stream).fill(bytes);
  return bytes;
}

std::vector<Isa> available() {
  std::vector<Isa> all;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::ifma}) {
    if (isa <= best_isa()) all.push_back(isa);
  }
  return all;
}

// sum (observed - expected)^2 / expected
double chi_square(const std::vector<double>& observed, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) sum += std::pow(observed[i] - expected[i], 2) / expected[i];
  return sum;
}

TEST(RandomStream, known_answers) {
  // ChaCha20 with key, nonce and counter zero: RFC 8439, appendix A.1, test vector 1.
  EXPECT_EQ(stream_bytes(Seed{}, 0, 64), from_hex("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
                                                  "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"));
  // By an independent program.
  EXPECT_EQ(stream_bytes(counting_seed(), 7, 16), from_hex("480f443fe9dbb832560a751a4ff29af7"));
  EXPECT_EQ(stream_bytes(counting_seed(), 0x0123456789abcdef, 8), from_hex("2ef441c1f0220993"));
}

TEST(RandomStream, next_u64_reads_little_endian) {
  RandomStream stream(counting_seed(), 7);
  EXPECT_EQ(stream.next_u64(), 0x32b8dbe93f440f48u);
  stream.next_u64();
  EXPECT_EQ(stream.next_u64(), 0xb69a76db9f997f14u);
}

TEST(RandomStream, pieces_of_any_size_are_the_same_stream) {
  constexpr std::size_t kTotal = 20000;
  const auto whole = stream_bytes(counting_seed(), 3, kTotal);
  std::mt19937_64 random(1);
  for (const std::size_t largest : {1u, 7u, 64u, 65u, 200u, 5000u}) {
    RandomStream stream(counting_seed(), 3);
    std::vector<std::uint8_t> pieces(kTotal);
    for (std::size_t at = 0; at < kTotal;) {
      const std::size_t n = std::min(kTotal - at, static_cast<std::size_t>(random() % (largest + 1)));
      stream.fill({pieces.data() + at, n});
      at += n;
    }
    ASSERT_EQ(pieces, whole) << largest;
  }
}

TEST(RandomStream, differs_by_seed_and_number) {
  std::set<std::uint64_t> all;
  for (std::uint64_t stream = 0; stream < 50; ++stream) {
    all.insert(RandomStream(counting_seed(), stream).next_u64());
    all.insert(RandomStream(counting_seed(), stream << 32).next_u64());
    all.insert(RandomStream(seed_of(stream), 0).next_u64());
  }
  EXPECT_EQ(all.size(), 149u);  // stream 0 twice
}

TEST(Seeds, are_all_different) {
  std::set<Seed> all;
  for (int i = 0; i < 300; ++i) all.insert(random_seed());
  EXPECT_EQ(all.size(), 300u);
}

TEST(Chacha, is_the_same_on_every_instruction_set) {
  const Seed key = seed_of(4);
  std::mt19937_64 random(2);
  for (const Isa isa : available()) {
    for (std::size_t blocks = 0; blocks < 70; ++blocks) {
      // Counters whose low word overflows inside the batch, and any other.
      const std::uint64_t counter = blocks % 2 == 0 ? random() : (random() << 32) - 1 - random() % (blocks + 1);
      const std::uint64_t nonce = random();
      std::vector<std::uint8_t> expected(64 * blocks + 64, 0xAA), out = expected;
      chacha20_sodium(key, nonce, counter, expected.data(), blocks);
      chacha20_kernel(isa)(key, nonce, counter, out.data(), blocks);
      ASSERT_EQ(out, expected) << isa_name(isa) << ", " << blocks << " blocks from " << counter;
    }
  }
}

// sample_uniform's definition, one draw at a time. Returns how many draws that took.
std::size_t reference_uniform(const PrimeRing& ring, std::uint64_t stream, AlignedWords& out) {
  RandomStream bytes(counting_seed(), stream);
  const int bits = ring.modulus().bits();
  std::vector<std::uint8_t> group(static_cast<std::size_t>((bits + 7) / 8));
  std::size_t draws = 0;
  for (std::size_t done = 0; done < ring.degree(); ++draws) {
    bytes.fill(group);
    std::uint64_t x = 0;
    for (std::size_t i = group.size(); i-- > 0;) x = x << 8 | group[i];
    x &= (std::uint64_t{1} << bits) - 1;
    if (x < ring.value()) out[done++] = x;
  }
  return draws;
}

TEST(SampleUniform, follows_its_definition) {
  for (int bits = 18; bits <= 59; ++bits) {
    for (const std::size_t degree : {std::size_t{8}, std::size_t{64}, std::size_t{4096}}) {
      // Just below a power of two nearly every draw is taken, just above every second is rejected.
      const std::uint64_t power = std::uint64_t{1} << bits;
      std::uint64_t above = power + 1;
      while (!is_prime(above)) above += 2 * degree;
      for (const std::uint64_t q : {ntt_primes(bits, degree, 1)[0], above}) {
        const PrimeRing ring(degree, q);
        AlignedWords expected(degree), out(degree);
        const std::size_t draws = reference_uniform(ring, 11, expected);
        sample_uniform(ring, counting_seed(), 11, out.data());
        ASSERT_EQ(out, expected) << q << ", degree " << degree;
        if (q == above && degree == 4096 && q - power < power / 16) {
          EXPECT_GT(draws, degree * 18 / 10) << "half of the draws are rejected";
        }
      }
    }
  }
}

TEST(SampleUniform, known_answers) {
  // By an independent program: first three residues, the last, and the sum modulo 2^64; degree 1024, stream 5.
  struct Known {
    std::uint64_t q, first, second, third, last, sum;
  };
  const Known all[] = {
      {67127297, 35192911, 62998869, 37547743, 20418006, 33316731990},
      {8589987841, 5538119759, 3099312457, 4817677466, 6109048071, 4448938963657},
      {35184372060161, 10261920022607, 13859804462017, 16351739060007, 2096654311247, 18105970249259781},
      {576460752303439873, 296699410375397767, 215651477730426116, 246399200499336655, 106296979027665654,
       14687801873114841107u},
  };
  for (const Known& known : all) {
    const PrimeRing ring(1024, known.q);
    AlignedWords x(1024);
    sample_uniform(ring, counting_seed(), 5, x.data());
    EXPECT_EQ(x[0], known.first);
    EXPECT_EQ(x[1], known.second);
    EXPECT_EQ(x[2], known.third);
    EXPECT_EQ(x[1023], known.last);
    EXPECT_EQ(std::accumulate(x.data(), x.data() + 1024, std::uint64_t{0}), known.sum) << known.q;
  }
}

TEST(SampleUniform, is_uniform) {
  constexpr std::size_t kDegree = 1 << 16, kBins = 256;
  for (const std::uint64_t q : {ntt_primes(26, kDegree, 1)[0], prime_above(3ull << 47, kDegree)}) {
    const PrimeRing ring(kDegree, q);
    AlignedWords x(kDegree);
    sample_uniform(ring, counting_seed(), 21, x.data());
    std::vector<double> bins(kBins, 0), expected(kBins, double{kDegree} / kBins);
    for (std::size_t i = 0; i < kDegree; ++i) {
      ASSERT_LT(x[i], q);
      ++bins[static_cast<std::size_t>(u128{x[i]} * kBins / q)];
    }
    // 255 degrees of freedom: mean 255, deviation 22.6; the seed is fixed.
    EXPECT_NEAR(chi_square(bins, expected), 255, 5 * 22.6) << q;
  }
}

TEST(SampleTernary, follows_its_definition) {
  const std::int8_t expected[] = {0, 1, -1, -1, 0, 1, 0, 1, -1, 1, 0, 0, 0, 1, 0, -1};  // by an independent program
  std::array<std::int8_t, 16> out;
  RandomStream stream(counting_seed(), 10);
  sample_ternary(16, stream, out.data());
  EXPECT_TRUE(std::equal(out.begin(), out.end(), expected));
}

TEST(SampleTernary, is_uniform) {
  constexpr std::size_t kDegree = 1 << 16;
  std::vector<std::int8_t> x(kDegree);
  RandomStream stream(counting_seed(), 30);
  sample_ternary(kDegree, stream, x.data());
  // Singles and adjacent pairs: 2 and 8 degrees of freedom.
  std::vector<double> singles(3, 0), pairs(9, 0);
  for (std::size_t i = 0; i < kDegree; i += 2) {
    ASSERT_LE(std::abs(x[i]), 1);
    ASSERT_LE(std::abs(x[i + 1]), 1);
    ++singles[static_cast<std::size_t>(x[i] + 1)];
    ++pairs[static_cast<std::size_t>(3 * x[i] + x[i + 1] + 4)];
  }
  EXPECT_LT(chi_square(singles, std::vector<double>(3, kDegree / 6.0)), 25);
  EXPECT_LT(chi_square(pairs, std::vector<double>(9, kDegree / 18.0)), 45);
}

TEST(SampleError, follows_its_definition) {
  const std::int8_t expected[] = {3, 0, -3, -1, 1, -4, 6, 0, -3, -2, 5, -2, 1, -4, 0, 5};  // by an independent program
  std::array<std::int8_t, 16> out;
  RandomStream stream(counting_seed(), 9);
  sample_error(16, stream, out.data());
  EXPECT_TRUE(std::equal(out.begin(), out.end(), expected));
}

TEST(SampleError, is_centred_binomial) {
  constexpr std::size_t kDegree = 1 << 17;
  std::vector<std::int8_t> x(kDegree);
  RandomStream stream(counting_seed(), 31);
  sample_error(kDegree, stream, x.data());
  double sum = 0, squares = 0;
  std::vector<double> bins(23, 0);  // -11 and below, -10 ... 10, 11 and above
  const auto bin = [](std::ptrdiff_t value) {
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(value, -11, 11) + 11);
  };
  for (std::size_t i = 0; i < kDegree; ++i) {
    const double e = x[i];
    ASSERT_LE(std::abs(e), 21);
    sum += e;
    squares += e * e;
    ++bins[bin(x[i])];
  }
  // P(e) = C(42, 21 + e) / 2^42: variance 10.5; the mean of 2^17 has deviation 0.009, their variance 0.041.
  std::vector<double> expected(23, 0);
  double binomial = 1;
  for (int k = 0; k <= 42; ++k) {
    expected[bin(k - 21)] += binomial * kDegree / std::exp2(42);
    binomial = binomial * (42 - k) / (k + 1);
  }
  EXPECT_NEAR(sum / kDegree, 0, 5 * 0.009);
  EXPECT_NEAR(squares / kDegree, 10.5, 5 * 0.041);
  EXPECT_LT(chi_square(bins, expected), 22 + 5 * 6.6);
}

TEST(SampleError, goes_on_where_the_stream_is) {
  RandomStream once(counting_seed(), 32), twice(counting_seed(), 32);
  std::vector<std::int8_t> whole(4096), parts(4096);
  sample_error(4096, once, whole.data());
  sample_error(64, twice, parts.data());
  sample_error(4032, twice, parts.data() + 64);
  EXPECT_EQ(parts, whole);
  EXPECT_EQ(once.next_u64(), twice.next_u64());
}

TEST(ToResidues, lifts_every_small_value) {
  for (const int bits : {20, 49, 60}) {
    const PrimeRing ring(256, ntt_primes(bits, 256, 1)[0]);
    std::vector<std::int8_t> small(256);
    for (int i = 0; i < 256; ++i) small[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
    AlignedWords out(256);
    to_residues(ring, small.data(), out.data());
    for (std::size_t i = 0; i < 256; ++i) ASSERT_EQ(out[i], ring.modulus().reduce_signed(small[i]));
  }
}

TEST(SamplingKernels, are_the_same_on_every_instruction_set) {
  constexpr std::size_t kDraws = 200;
  const auto bytes = stream_bytes(counting_seed(), 40, 8 * kDraws + 64);
  const SamplingKernels& scalar = sampling_kernels(Isa::scalar);
  std::mt19937_64 random(3);
  for (const Isa isa : available()) {
    const SamplingKernels& kernels = sampling_kernels(isa);
    for (int bits = 3; bits <= 60; ++bits) {
      const std::size_t width = static_cast<std::size_t>((bits + 7) / 8);
      const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
      for (const std::uint64_t q : {mask, mask / 2 + 2, mask / 2 + 1 + random() % (mask / 2)}) {
        for (const std::size_t room : {std::size_t{0}, std::size_t{1}, std::size_t{13}, std::size_t{64}, kDraws}) {
          // Nothing behind `room` may be written.
          AlignedWords expected(kDraws + 8), out(kDraws + 8);
          std::fill_n(expected.data(), expected.size(), 99);
          std::fill_n(out.data(), out.size(), 99);
          const std::size_t a = scalar.accept(bytes.data(), kDraws, width, mask, q, expected.data(), room);
          const std::size_t b = kernels.accept(bytes.data(), kDraws, width, mask, q, out.data(), room);
          ASSERT_EQ(a, b) << isa_name(isa) << ", " << q;
          ASSERT_TRUE(std::equal(out.data(), out.data() + a, expected.data())) << isa_name(isa) << ", " << q;
          for (std::size_t i = room; i < kDraws; ++i) ASSERT_EQ(out[i], 99u);
        }
      }
    }
    for (const std::size_t n : {8u, 16u, 200u}) {
      std::vector<std::int8_t> expected(n), out(n);
      scalar.binomial(bytes.data(), n, expected.data());
      kernels.binomial(bytes.data(), n, out.data());
      ASSERT_EQ(out, expected) << isa_name(isa);
      AlignedWords lifted(n), expected_lift(n);
      scalar.lift(expected.data(), n, 1032193, expected_lift.data());
      kernels.lift(expected.data(), n, 1032193, lifted.data());
      ASSERT_EQ(lifted, expected_lift) << isa_name(isa);
    }
  }
}

}  // namespace
}  // namespace obscura::ring
