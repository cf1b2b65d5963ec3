// The harnesses themselves: what they must notice, and that seals are mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "fuzz/envelope.h"
#include "fuzz/memory_meter.h"
#include "fuzz/mutate.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "fuzz/tamper.h"

namespace obscura::fuzz {
namespace {

using ::testing::HasSubstr;

Reader reader_of(std::function<std::optional<Bytes>(ByteSpan)> rewrite) {
  return {"toy", {{1}}, std::move(rewrite), kFormat, Seal::none, {4, 1024}};
}

std::string fault_of(const Reader& reader) {
  try {
    run(reader, Bytes{1, 2, 3});
  } catch (const Fault& fault) {
    return fault.what();
  }
  return "none";
}

TEST(Harness, NoticesBrokenPromises) {
  const auto throws = [](auto error) { return reader_of([error](ByteSpan) -> std::optional<Bytes> { throw error; }); };
  EXPECT_EQ(fault_of(throws(FormatError("input is none"))), "none");
  EXPECT_THAT(fault_of(throws(MismatchError("other"))), HasSubstr("not documented"));
  EXPECT_THAT(fault_of(throws(Error("some error"))), HasSubstr("not documented"));
  EXPECT_THAT(fault_of(throws(FormatError("two\nlines"))), HasSubstr("not one line"));
  EXPECT_THAT(fault_of(throws(FormatError(""))), HasSubstr("not one line"));
  EXPECT_THAT(fault_of(throws(std::out_of_range("at"))), HasSubstr("no error of ours"));
  EXPECT_THAT(fault_of(reader_of([](ByteSpan) -> std::optional<Bytes> { return Bytes{1}; })),
              HasSubstr("second encoding"));
  EXPECT_EQ(fault_of(reader_of([](ByteSpan in) -> std::optional<Bytes> { return Bytes(in.begin(), in.end()); })),
            "none");
  EXPECT_THAT(fault_of(reader_of([](ByteSpan) -> std::optional<Bytes> {
                const std::vector<Bytes> held(4, Bytes(10'000));
                return held.size() == 4 ? nothing() : Bytes{};
              })),
              HasSubstr("bytes of memory for an input of 3"));
}

TEST(Harness, CountsTheMostThatWasHeldAtOnce) {
  const MemoryMeter meter;
  for (int i = 0; i < 10; ++i) {
    const Bytes held(100'000, static_cast<std::uint8_t>(i));
    ASSERT_EQ(held[7], i);
  }
  EXPECT_GE(meter.peak(), 100'000u);
  EXPECT_LT(meter.peak(), 150'000u);
}

/// Changes that keep the size reach what is behind every seal: they are read, not stopped at a checksum.
TEST(Harness, MendedSealsHold) {
  for (const auto& make : {seeded_batch_reader, query_reader, chunk_query_reader, answer_reader}) {
    const Reader reader = make();
    Random random(5);
    std::size_t accepted = 0;
    constexpr std::size_t kTries = 400;
    for (std::size_t i = 0; i < kTries; ++i) {
      Bytes input = reader.seeds.front();
      const auto flip = [&](Bytes& bytes) { bytes[random() % bytes.size()] ^= 1; };
      change_sealed(reader.seal, input, flip, random);
      accepted += run(reader, input) == Outcome::accepted ? 1 : 0;
    }
    EXPECT_GT(accepted, kTries / 4) << reader.name;
  }
}

TEST(Harness, EnvelopesAreTakenApartAndPutTogether) {
  const Bytes file = parameters_reader().seeds.front();
  ASSERT_TRUE(is_envelope(file));
  Bytes again = file;
  set_payload(again, payload_of(file));
  mend_envelope(again);
  EXPECT_EQ(again, file);
  Bytes other = payload_of(file);
  other.push_back(0);
  set_payload(again, other);
  EXPECT_FALSE(is_envelope(again));
  mend_envelope(again);
  EXPECT_TRUE(is_envelope(again));
}

}  // namespace
}  // namespace obscura::fuzz
