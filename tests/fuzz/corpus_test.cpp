// Every harness over its seeds and some thousand changes of them, the same in every run.
#include <gtest/gtest.h>
#include <sodium.h>

#include <string>

#include "fuzz/memory_meter.h"
#include "fuzz/mutate.h"
#include "fuzz/readers.h"

namespace obscura::fuzz {
namespace {

std::string hex(ByteSpan bytes) {
  std::string text(2 * bytes.size(), '0');
  sodium_bin2hex(text.data(), text.size() + 1, bytes.data(), bytes.size());
  return text;
}

/// Whether it was accepted. A fault is shown with the input, so that it can be tried alone.
bool accepts(const Reader& reader, ByteSpan input) {
  try {
    return run(reader, input) == Outcome::accepted;
  } catch (const Fault& fault) {
    ADD_FAILURE() << fault.what() << "\ninput: " << hex(input);
  }
  return false;
}

class Corpus : public ::testing::TestWithParam<NamedReader> {};

TEST_P(Corpus, SeedsAreReadAndChangesOfThemKeepThePromises) {
  const Reader reader = GetParam().make();
  ASSERT_EQ(reader.name, GetParam().name);
  ASSERT_FALSE(reader.seeds.empty());
  std::size_t accepted = 0;
  for (const Bytes& seed : reader.seeds) {
    ASSERT_LE(seed.size(), reader.most_bytes);
    accepted += accepts(reader, seed) ? 1 : 0;
  }
  EXPECT_GT(accepted, 0u) << "no seed is what the reader takes";

  Random random(1234);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < reader.tries && !HasFailure(); ++i) {
    Bytes input = reader.seeds[i % reader.seeds.size()];
    // Now and then several changes, one over the other.
    for (std::size_t n = 1 + (random() % 4 == 0 ? random() % 4 : 0); n > 0; --n) {
      change_sealed(
          reader.seal, input, [&](Bytes& bytes) { change_bytes(bytes, random); }, random);
    }
    refused += accepts(reader, input) ? 0 : 1;
  }
  EXPECT_GT(refused, 0u) << "nothing was refused: is it a reader at all?";
  accepts(reader, {});
}

INSTANTIATE_TEST_SUITE_P(Readers, Corpus, ::testing::ValuesIn(all_readers()),
                         [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace obscura::fuzz
