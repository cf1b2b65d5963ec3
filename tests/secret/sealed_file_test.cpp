#include "secret/sealed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "secret/sealing.h"
#include "support/temporary.h"

namespace obscura::ckks {
namespace {

using ::testing::AllOf;
using testing::always;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::kCheap;
using testing::message_of;
using ::testing::Not;
using testing::sealed_with;
namespace fs = std::filesystem;

const std::string kWord = "five words by dice";
constexpr std::size_t kMost = 4096;

Bytes bytes_of_length(std::size_t length) {
  std::mt19937_64 random(length);
  Bytes out(length);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

class SealedFiles : public ::testing::Test {
 protected:
  void save(const std::string& word) const { save_secret(file_, Secret::shield_key, plain_, sealed_with(word)); }
  WipedVector<std::uint8_t> load(const std::string& word) const {
    return load_secret(file_, Secret::shield_key, always(word), kMost);
  }
  void reseal(const PassphraseSource& now, const Sealing& next) const {
    reseal_secret(file_, Secret::shield_key, now, next, kMost);
  }

  const Bytes plain_ = bytes_of_length(100);
  const TemporaryFolder folder_;
  const fs::path file_ = folder_ / "key.json";
};

TEST_F(SealedFiles, ComeBackOfEveryLengthAndKind) {
  for (const Secret content : {Secret::search_record, Secret::shield_key}) {
    for (const std::size_t length : {0, 1, 15, 16, 17, 63, 64, 65, 1000, 100'000}) {
      const Bytes plain = bytes_of_length(length);
      const Bytes file = write_sealed_file(seal(content, plain, Passphrase(kWord), kCheap));
      const auto read = read_sealed_file(file, "x");
      EXPECT_EQ(read.content, content);
      EXPECT_EQ(read.cost, kCheap);
      EXPECT_EQ(write_sealed_file(read), file);
      EXPECT_THAT(unseal(read, Passphrase(kWord), "x"), ElementsAreArray(plain));
    }
  }
}

TEST_F(SealedFiles, TwiceIsNeverTheSame) {
  const auto a = seal(Secret::shield_key, plain_, Passphrase(kWord), kCheap);
  const auto b = seal(Secret::shield_key, plain_, Passphrase(kWord), kCheap);
  EXPECT_NE(a.salt, b.salt);
  EXPECT_NE(a.nonce, b.nonce);
  EXPECT_NE(a.box, b.box);
}

/// As docs/wire-format.md says it, from nothing but libsodium.
TEST_F(SealedFiles, OpenByHand) {
  const Bytes file = write_sealed_file(seal(Secret::shield_key, plain_, Passphrase(kWord), kCheap));
  constexpr std::size_t kBox = 8 + 2 + 2 + 1 + 4 + 4 + 16 + 24;
  ASSERT_EQ(file.size(), kBox + plain_.size() + 16);
  EXPECT_EQ(std::string(file.begin(), file.begin() + 8), "OBSEALED");
  EXPECT_THAT(std::vector(file.begin() + 8, file.begin() + 21),
              ElementsAreArray({1, 0, 2, 0, 1, 1, 0, 0, 0, 8, 0, 0, 0}));
  const auto *const salt = file.data() + 21, *const nonce = salt + 16;
  std::array<unsigned char, 32> key{};
  ASSERT_EQ(crypto_pwhash_argon2id(key.data(), key.size(), kWord.data(), kWord.size(), salt, 1, 8 * 1024,
                                   crypto_pwhash_argon2id_ALG_ARGON2ID13),
            0);
  Bytes plain(plain_.size());
  ASSERT_EQ(crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, file.data() + kBox,
                                                       file.size() - kBox, file.data(), kBox, nonce, key.data()),
            0);
  EXPECT_EQ(plain, plain_);
}

/// Of every byte every bit: what the reader takes does not open, and no kind of secret passes for the other.
TEST_F(SealedFiles, NoBitCanBeAltered) {
  const Bytes file = write_sealed_file(seal(Secret::search_record, plain_, Passphrase(kWord), kCheap));
  std::size_t opened = 0;
  for (std::size_t at = 0; at < 8 * file.size(); ++at) {
    Bytes altered = file;
    altered[at / 8] ^= static_cast<std::uint8_t>(1U << (at % 8));
    try {
      const auto read = read_sealed_file(altered, "x");
      if (read.cost != kCheap) continue;  // it is authenticated, too, but a try may cost seconds
      unseal(read, Passphrase(kWord), "x");
      ADD_FAILURE() << "bit " << at;
    } catch (const FormatError&) {
    } catch (const MismatchError&) {
      ++opened;  // it was the box that said no
    }
  }
  EXPECT_GE(opened, 8 * (16 + 24 + plain_.size() + 16));
}

TEST_F(SealedFiles, AnotherCostDoesNotOpen) {
  auto read = seal(Secret::search_record, plain_, Passphrase(kWord), kCheap);
  for (const SealCost& cost : {SealCost{2, 8}, SealCost{1, 9}, SealCost{1, 16}}) {
    read.cost = cost;
    EXPECT_THROW(unseal(read, Passphrase(kWord), "x"), MismatchError);
  }
}

TEST_F(SealedFiles, PartsOfFilesAreRefused) {
  const Bytes file = write_sealed_file(seal(Secret::shield_key, plain_, Passphrase(kWord), kCheap));
  for (std::size_t length = 0; length < file.size(); ++length) {
    const Bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    try {
      unseal(read_sealed_file(part, "x"), Passphrase(kWord), "x");
      ADD_FAILURE() << length << " bytes";
    } catch (const FormatError&) {
      EXPECT_LT(length, 61U + 16);
    } catch (const MismatchError&) {
      EXPECT_GE(length, 61U + 16);
    }
  }
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_THROW(unseal(read_sealed_file(longer, "x"), Passphrase(kWord), "x"), MismatchError);
}

TEST_F(SealedFiles, NobodyPaysMoreThanIsReasonable) {
  const Bytes file = write_sealed_file(seal(Secret::shield_key, plain_, Passphrase(kWord), kCheap));
  for (const SealCost& cost : {SealCost{0, 8}, SealCost{11, 8}, SealCost{1, 7}, SealCost{1, (1U << 20) + 1},
                               SealCost{0xFFFFFFFF, 0xFFFFFFFF}}) {
    EXPECT_THROW(seal(Secret::shield_key, plain_, Passphrase(kWord), cost), ParameterError);
    Bytes altered = file;
    for (std::size_t i = 0; i < 4; ++i) {
      altered[13 + i] = static_cast<std::uint8_t>(cost.passes >> (8 * i));
      altered[17 + i] = static_cast<std::uint8_t>(cost.memory_kib >> (8 * i));
    }
    EXPECT_THAT(message_of<FormatError>([&] { read_sealed_file(altered, "key.json"); }),
                HasSubstr("expected 1 passes over 8 KiB to 10 passes over 1048576 KiB"));
  }
}

TEST_F(SealedFiles, BothKindsOfFilesAreLoaded) {
  save(kWord);
  EXPECT_TRUE(is_sealed_file(file_));
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_THAT(load(kWord), ElementsAreArray(plain_));
  EXPECT_EQ(message_of<MismatchError>([&] { load_secret(file_, Secret::shield_key, {}, kMost); }),
            file_.string() + " is sealed with a passphrase, and none was given");
  EXPECT_THAT(message_of<MismatchError>([&] { load("not the right one"); }),
              AllOf(HasSubstr(file_.string() + " does not open"), Not(HasSubstr("not the right one"))));
  EXPECT_THAT(message_of<FormatError>([&] { load_secret(file_, Secret::search_record, always(kWord), kMost); }),
              HasSubstr("holds the key of a shield, sealed, expected the record of a search"));
  save_secret(file_, Secret::shield_key, plain_, {});
  EXPECT_FALSE(is_sealed_file(file_));
  // Nobody is asked where nothing is sealed.
  const auto asked = [](const std::string&, PassphraseUse) -> Passphrase { throw Error("asked"); };
  EXPECT_THAT(load_secret(file_, Secret::shield_key, asked, kMost), ElementsAreArray(plain_));
  EXPECT_THROW(load_secret(folder_ / "none", Secret::shield_key, {}, kMost), IoError);
}

TEST_F(SealedFiles, TheLargestThatIsTakenIsTheSameSealedOrNot) {
  for (const bool sealed : {false, true}) {
    const Sealing sealing = sealed ? sealed_with(kWord) : Sealing{};
    save_secret(file_, Secret::shield_key, bytes_of_length(kMost), sealing);
    EXPECT_EQ(load(kWord).size(), kMost);
    save_secret(file_, Secret::shield_key, bytes_of_length(kMost + 1000), sealing);
    EXPECT_THROW(load(kWord), IoError);
  }
}

TEST_F(SealedFiles, AnotherPassphraseForTheSameSecret) {
  save_secret(file_, Secret::shield_key, plain_, {});
  reseal({}, sealed_with("the first one"));
  reseal(always("the first one"), sealed_with("the second one"));
  EXPECT_THROW(load("the first one"), MismatchError);
  EXPECT_THAT(load("the second one"), ElementsAreArray(plain_));
  reseal(always("the second one"), {});
  EXPECT_EQ(read_file(file_), plain_);
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"key.json"});
}

TEST_F(SealedFiles, WhatFailsChangesNothing) {
  save(kWord);
  const Bytes before = read_file(file_);
  EXPECT_THROW(reseal(always("the wrong one"), sealed_with("another one")), MismatchError);
  EXPECT_THROW(reseal(always(kWord), sealed_with("short")), UsageError);
  EXPECT_THROW(reseal(always(kWord), {{}, true, kCheap}), UsageError);
  EXPECT_THROW(reseal({}, {}), MismatchError);
  EXPECT_THROW(reseal_secret(file_, Secret::search_record, always(kWord), {}, kMost), FormatError);
  EXPECT_THROW(reseal_secret(folder_ / "none", Secret::shield_key, {}, {}, kMost), IoError);
  EXPECT_EQ(read_file(file_), before);
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"key.json"});
}

/// A disk that is full after some bytes.
TEST_F(SealedFiles, AnInterruptedWriteLeavesTheOldFile) {
  save(kWord);
  const Bytes before = read_file(file_);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t room : {0, 1, 60, 100}) {
    const rlimit small{room, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    EXPECT_THROW(reseal(always(kWord), sealed_with("another one")), IoError) << room;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(file_), before);
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"key.json"});
}

TEST_F(SealedFiles, LinksAreFollowed) {
  fs::create_directory(folder_ / "stick");
  save_secret(folder_ / "stick" / "real.json", Secret::shield_key, plain_, {});
  fs::create_symlink("stick/real.json", file_);
  reseal({}, sealed_with(kWord));
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_TRUE(is_sealed_file(folder_ / "stick" / "real.json"));
}

}  // namespace
}  // namespace obscura::ckks
