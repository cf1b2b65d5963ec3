// Where bits of `audit randomness` come from, and what is said of them.
#include "study/audit/randomness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "study/audit/randomness_report.h"
#include "support/temporary.h"

namespace obscura::study {
namespace {

using randomness::BitSequence;
using testing::HasSubstr;
using testing::Not;

const std::string kModel = OBSCURA_SOURCE_DIR "/models/tenseal-mnist.onnx";

/// Short sequences: what needs a million bits does not apply.
RandomnessOptions quick() {
  RandomnessOptions o;
  o.bits = 50'000;
  o.sequences = 60;
  o.threads = 1;
  return o;
}

BitSequence all_of(const BitSource& source, std::size_t most) {
  BitSequence bits;
  while (bits.size() < most && source.more(bits)) {
  }
  return bits;
}

std::vector<std::uint8_t> random_bytes(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<std::uint8_t> bytes(count);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(BitSource, FileIsItsBytes) {
  const TemporaryFolder folder;
  const auto bytes = random_bytes(300'001);
  write_file(folder / "bytes", bytes);
  EXPECT_EQ(all_of(file_source(folder / "bytes"), SIZE_MAX), BitSequence::from_bytes(bytes, 0, 8 * bytes.size()));
  EXPECT_THROW(file_source(folder / "none"), IoError);
}

TEST(BitSource, OneKindAtATime) {
  EXPECT_THROW(bit_sources({}, Notes()), UsageError);
  BitSourceOptions both;
  both.files = {"x"};
  both.shield = "hill";
  EXPECT_THROW(bit_sources(both, Notes()), UsageError);
}

TEST(BitSource, UnknownStreamsAndShieldsAreRefused) {
  BitSourceOptions o;
  o.network = kModel;
  o.streams = {"c2"};
  try {
    bit_sources(o, Notes());
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("no stream 'c2'"));
    EXPECT_THAT(e.what(), HasSubstr("c1-ntt"));
  }
  BitSourceOptions shield;
  shield.shield = "rot13";
  EXPECT_THROW(bit_sources(shield, Notes()), UsageError);
}

TEST(BitSource, EveryQueryIsEncryptedAnewAndOthersEnd) {
  BitSourceOptions o;
  o.network = kModel;
  o.streams = stream_names();
  o.images = 2;
  const auto sources = bit_sources(o, Notes());
  ASSERT_EQ(sources.size(), 7U);
  for (const auto& source : sources) {
    const auto bits = all_of(source, SIZE_MAX);  // ends behind two pictures
    EXPECT_GT(bits.size(), 0U) << source.name;
    const bool pictures = source.name == "pictures";
    EXPECT_EQ(pictures, bits.size() == 2 * 28 * 28 * 8) << source.name;
  }
}

TEST(RandomnessAudit, CiphertextsLookRandomAndControlsDoNot) {
  RandomnessOptions o = quick();
  o.source.network = kModel;
  o.source.streams = {"c0", "c0-ntt", "c1", "encoded", "encoded-ntt", "pictures"};
  o.source.images = 300;
  const auto audit = audit_randomness(o, Notes(), false);
  for (const auto& source : audit.sources) {
    const bool control = source.how.find("CONTROL") != std::string::npos;
    // One in a thousand perfect generators is called otherwise: three of them, at the worst.
    EXPECT_EQ(source.verdict.looks_random(), !control) << source.name << ": " << verdict_text(source);
    EXPECT_TRUE(control || source.p.size() == 60) << source.name;
  }
}

TEST(RandomnessAudit, HillOutputDoesNotLookRandom) {
  RandomnessOptions o = quick();
  o.source.shield = "hill";
  o.source.dataset = "samples";
  const auto audit = audit_randomness(o, Notes(), false);
  EXPECT_FALSE(audit.sources[0].verdict.looks_random());
  EXPECT_THAT(audit.sources[0].how, HasSubstr("modular"));
}

TEST(RandomnessAudit, ResultsDoNotDependOnThreads) {
  const TemporaryFolder folder;
  write_file(folder / "bytes", random_bytes(100'000));
  RandomnessOptions o = quick();
  o.source.files = {folder / "bytes"};
  o.sequences = 0;
  const auto one = audit_randomness(o, Notes(), false);
  o.threads = 3;
  const auto three = audit_randomness(o, Notes(), false);
  ASSERT_EQ(one.sources[0].p.size(), 16U);  // 800,000 bits
  EXPECT_EQ(one.sources[0].p, three.sources[0].p);
  EXPECT_TRUE(one.sources[0].verdict.looks_random());
}

TEST(RandomnessAudit, ShortSequencesInLargeNumbersAreSaidToBe) {
  const TemporaryFolder folder;
  write_file(folder / "bytes", random_bytes(2000));
  RandomnessOptions o = quick();
  o.source.files = {folder / "bytes"};
  o.bits = 100;
  o.only = {"frequency"};
  o.sequences = 1;
  EXPECT_THAT(verdict_text(audit_randomness(o, Notes(), false).sources[0]), Not(HasSubstr("too short")));
  o.sequences = 100;
  EXPECT_THAT(verdict_text(audit_randomness(o, Notes(), false).sources[0]), HasSubstr("too short for so many"));
}

TEST(RandomnessAudit, TooFewBitsAreSaid) {
  const TemporaryFolder folder;
  write_file(folder / "bytes", random_bytes(100));
  RandomnessOptions o = quick();
  o.source.files = {folder / "bytes"};
  try {
    audit_randomness(o, Notes(), false);
    FAIL();
  } catch (const ParameterError& e) {
    EXPECT_THAT(e.what(), HasSubstr("has 800 bits, and a sequence has 50,000"));
  }
  write_file(folder / "bytes", std::vector<std::uint8_t>());
  EXPECT_THROW(audit_randomness(o, Notes(), false), Error);
}

TEST(RandomnessAudit, JsonHasAPValueAVariantAndSequence) {
  const TemporaryFolder folder;
  write_file(folder / "bytes", random_bytes(20'000));
  RandomnessOptions o = quick();
  o.source.files = {folder / "bytes"};
  o.only = {"serial", "frequency", "random-excursions", "serial"};
  const auto audit = audit_randomness(o, Notes(), false);
  const auto json = randomness_json(audit, "command");
  ASSERT_EQ(json.at("results").size(), 3U * (2 + 1 + 8));
  ASSERT_EQ(json.at("verdicts").size(), 11U);
  const auto& first = json.at("results").at(0);
  EXPECT_EQ(first.at("test"), "serial");
  EXPECT_EQ(first.at("variant"), "1");
  EXPECT_EQ(first.at("sequence"), 0);
  EXPECT_EQ(first.at("p"), *audit.sources[0].p[0][0]);
  for (const auto& one : json.at("results")) {
    EXPECT_EQ(one.at("p").is_null(), one.at("test") == "random-excursions");
    EXPECT_EQ(one.contains("reason"), one.at("p").is_null());
  }
  EXPECT_EQ(json.at("verdicts").at(10).at("verdict"), "n/a");
  EXPECT_EQ(json.at("verdicts").at(0).at("verdict"), "too few");
  EXPECT_EQ(json.at("sources").at(0).at("looks_random"), true);
}

TEST(RandomnessAudit, PageSaysWhatPassingMeans) {
  const TemporaryFolder folder;
  write_file(folder / "bytes", random_bytes(20'000));
  RandomnessOptions o = quick();
  o.source.files = {folder / "bytes"};
  const std::string page = report::to_html(randomness_document(audit_randomness(o, Notes(), false), "command"));
  EXPECT_THAT(page, HasSubstr("necessary and proves nothing"));
  EXPECT_THAT(page, HasSubstr("Binary matrix rank"));
  EXPECT_THAT(page, HasSubstr("needs 1,000,000 bits"));
}

}  // namespace
}  // namespace obscura::study
