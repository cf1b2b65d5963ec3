#include "ring/packed_stream.h"

#include <cstring>

#include "ring/kernel_testing.h"

namespace obscura::ring::testing {
namespace {

/// Words in blocks of 8 as a packed stream of the ring.
std::vector<std::uint8_t> packed(const PrimeRing& ring, const AlignedWords& words) {
  const std::size_t bytes = stream_word_bytes(ring);
  // Where words stay words they are read with aligned loads, which vector's memory need not allow.
  std::vector<std::uint8_t> stream(words.size() * bytes + kStreamSlack + 64);
  for (std::size_t i = 0; i < words.size(); i += 8) {
    write_stream_block(words.data() + i, bytes, stream.data() + i * bytes);
  }
  return stream;
}

TEST(PackedStream, BlocksHoldTheLowBytes) {
  const std::uint64_t residues[8] = {0, 1, 0xABCDEF012345, 3, 4, 5, 6, 0xFFFFFFFFFFFF};
  for (const std::size_t bytes : {6, 7, 8}) {
    std::vector<std::uint8_t> block(8 * bytes);
    write_stream_block(residues, bytes, block.data());
    for (std::size_t i = 0; i < 8; ++i) {
      std::uint64_t value = 0;
      std::memcpy(&value, block.data() + i * bytes, bytes);
      EXPECT_EQ(value, residues[i]);
    }
  }
}

TEST(PackedStream, AWordHasRoomForEveryResidue) {
  for_each_ring(128, [](const PrimeRing& fast, const PrimeRing& plain) {
    for (const PrimeRing* ring : {&fast, &plain}) {
      EXPECT_GE(8 * stream_word_bytes(*ring), static_cast<std::size_t>(ring->modulus().bits()));
    }
    EXPECT_EQ(stream_word_bytes(plain), 8U);
  });
}

TEST(PackedStream, ProductsEqualThoseOfWords) {
  for_each_ring(256, [](const PrimeRing& fast, const PrimeRing& plain) {
    if (stream_word_bytes(fast) == 8) return;  // the words' own kernels, tested with the others
    const std::size_t n = fast.degree();
    for (const std::size_t count : {1, 3, 14}) {
      const auto a = random_arrays(count, n, fast.value(), 1), b = random_arrays(count, n, fast.value(), 2);
      const std::size_t key_digits = count + 1;
      const AlignedWords key = random_words(2 * n * key_digits, fast.value(), 3);
      const AlignedWords plaintexts = random_words(n * count, fast.value(), 4);
      AlignedWords r0(n), r1(n), s0(n), s1(n);
      key_product(fast, r0.data(), r1.data(), pointers(a).data(), count, packed(fast, key).data(), key_digits);
      plain.key_product(s0.data(), s1.data(), pointers(a).data(), count, key.data(), key_digits);
      EXPECT_EQ(r0, s0) << count;
      EXPECT_EQ(r1, s1) << count;
      plaintext_product(fast, n, r0.data(), r1.data(), pointers(a).data(), pointers(b).data(),
                        packed(fast, plaintexts).data(), count);
      plain.plaintext_product(n, s0.data(), s1.data(), pointers(a).data(), pointers(b).data(), plaintexts.data(),
                              count);
      EXPECT_EQ(r0, s0) << count;
      EXPECT_EQ(r1, s1) << count;
    }
  });
}

}  // namespace
}  // namespace obscura::ring::testing
