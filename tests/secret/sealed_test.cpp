#include "secret/sealed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "ckks/wire_cases.h"
#include "secret/sealing.h"
#include "secret/wire.h"
#include "support/temporary.h"

namespace obscura::ckks {
namespace {

using namespace wire_test;
using ::testing::AllOf;
using testing::always;
using ::testing::HasSubstr;
using testing::kCheap;
using testing::message_of;
using ::testing::Not;
using testing::sealed_with;
namespace fs = std::filesystem;

constexpr const char* kWord = "five words by dice";

class Sealed : public ::testing::Test {
 protected:
  const ContextPtr context_ = Context::create(tiny_parameters());
  const SecretKey key_{context_};
  const TemporaryFolder folder_;
  const fs::path file_ = folder_ / "secret.key";
};

TEST_F(Sealed, RoundTrip) {
  for (const Parameters& parameters : {tiny_parameters(), small_parameters()}) {
    const SecretKey key(Context::create(parameters));
    const auto sealed = seal(key, Passphrase(kWord), kCheap);
    const auto read = read_sealed_secret_key(write_sealed_secret_key(sealed));
    EXPECT_EQ(read.key, key.id());
    EXPECT_EQ(read.parameters, parameters);
    EXPECT_EQ(read.cost, kCheap);
    const SecretKey again = unseal(read, Passphrase(kWord));
    EXPECT_EQ(again.coefficients(), key.coefficients());
    EXPECT_EQ(again.context()->parameters(), parameters);
  }
}

TEST_F(Sealed, TwiceIsNeverTheSame) {
  const auto a = seal(key_, Passphrase(kWord), kCheap), b = seal(key_, Passphrase(kWord), kCheap);
  EXPECT_NE(a.salt, b.salt);
  EXPECT_NE(a.nonce, b.nonce);
  EXPECT_NE(a.box, b.box);
}

/// As docs/wire-format.md says it, from nothing but libsodium.
TEST_F(Sealed, OpensByHand) {
  const Bytes file = write_sealed_secret_key(seal(key_, Passphrase(kWord), kCheap));
  const std::size_t parameters = 21 + 8 * 3, at = 52 + parameters;
  ASSERT_EQ(file.size(), at + 16 + 1 + 4 + 4 + 16 + 24 + 4 + 16 + 32);
  EXPECT_EQ(file[at + 16], 1);  // scheme
  const auto* const salt = file.data() + at + 25;
  const auto *const nonce = salt + 16, *const box = nonce + 24;
  std::array<unsigned char, 32> key{};
  ASSERT_EQ(crypto_pwhash_argon2id(key.data(), key.size(), kWord, std::string(kWord).size(), salt, 1, 8 * 1024,
                                   crypto_pwhash_argon2id_ALG_ARGON2ID13),
            0);
  std::array<unsigned char, 4> packed{};
  ASSERT_EQ(crypto_aead_xchacha20poly1305_ietf_decrypt(packed.data(), nullptr, nullptr, box, 20, file.data(),
                                                       static_cast<std::size_t>(box - file.data()), nonce, key.data()),
            0);
  for (std::size_t i = 0; i < 16; ++i) {
    const int code = packed[i / 4] >> (2 * (i % 4)) & 3;
    EXPECT_EQ(code == 2 ? -1 : code, key_.coefficients()[i]) << i;
  }
}

TEST_F(Sealed, AnotherPassphraseOpensNothing) {
  const auto sealed = seal(key_, Passphrase(kWord), kCheap);
  for (const std::string& word : {std::string("five words by dicE"), std::string("five words by dice\n"),
                                  std::string("five words by dic"), std::string(1024, 'x')}) {
    const auto said = message_of<MismatchError>([&] { unseal(sealed, Passphrase(word), "secret.key"); });
    EXPECT_EQ(said, "secret.key does not open with this passphrase (or somebody altered it)");
  }
}

/// Whatever stands outside of the box is sealed with it, whoever mends the checksum.
TEST_F(Sealed, NoByteCanBeAltered) {
  const Bytes file = write_sealed_secret_key(seal(key_, Passphrase(kWord), kCheap));
  std::size_t opened = 0;
  for (std::size_t at = 0; at + 32 < file.size(); ++at) {
    Bytes altered = file;
    altered[at] ^= 1;
    reseal(altered);
    if (altered == file) continue;  // the length, which was mended with the checksum
    try {
      unseal(read_sealed_secret_key(altered, kWhat), Passphrase(kWord), kWhat);
      ADD_FAILURE() << "byte " << at;
    } catch (const FormatError&) {
    } catch (const ParameterError&) {
    } catch (const MismatchError&) {
      ++opened;  // it was the box that said no
    }
  }
  EXPECT_GT(opened, 16u + 16 + 24 + 20);
}

TEST_F(Sealed, Hostile) {
  for (const ContextPtr& context : {context_, Context::create(small_parameters())}) {
    const Case subject{"sealed secret key",
                       write_sealed_secret_key(seal(SecretKey(context), Passphrase(kWord), kCheap)),
                       [](ByteSpan in) { return write_sealed_secret_key(read_sealed_secret_key(in, kWhat)); }};
    expect_survives_mutations(subject, context == context_ ? 12'000 : 300, 302);
    if (context == context_) expect_exact_length(subject);
  }
}

TEST_F(Sealed, NobodyPaysMoreThanIsReasonable) {
  const auto sealed = seal(key_, Passphrase(kWord), kCheap);
  for (const SealCost& cost : {SealCost{0, 8}, SealCost{11, 8}, SealCost{1, 7}, SealCost{1, (1U << 20) + 1},
                               SealCost{0xFFFFFFFF, 0xFFFFFFFF}}) {
    EXPECT_THROW(seal(key_, Passphrase(kWord), cost), ParameterError);
    Bytes file = write_sealed_secret_key(sealed);
    const std::size_t at = 21 + 8 * 3 + 17;
    for (std::size_t i = 0; i < 4; ++i) {
      file[52 + at + i] = static_cast<std::uint8_t>(cost.passes >> (8 * i));
      file[52 + at + 4 + i] = static_cast<std::uint8_t>(cost.memory_kib >> (8 * i));
    }
    reseal(file);
    EXPECT_THAT(message_of<FormatError>([&] { read_sealed_secret_key(file, "secret.key"); }),
                HasSubstr("expected 1 passes over 8 KiB to 10 passes over 1048576 KiB"));
  }
}

TEST_F(Sealed, PassphrasesHaveALength) {
  EXPECT_THROW(Passphrase(""), UsageError);
  EXPECT_THROW(Passphrase(std::string(1025, 'x')), UsageError);
  EXPECT_EQ(Passphrase(std::string(1024, 'x')).text().size(), 1024u);
  EXPECT_THROW(seal(key_, Passphrase("1234567"), kCheap), UsageError);
  EXPECT_NO_THROW(seal(key_, Passphrase("12345678"), kCheap));
}

TEST_F(Sealed, FilesOfBothKindsAreLoaded) {
  save_secret_key(file_, key_, sealed_with(kWord));
  EXPECT_TRUE(is_sealed_secret_key(file_));
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(load_secret_key(file_, always(kWord)).id(), key_.id());
  EXPECT_EQ(message_of<MismatchError>([&] { load_secret_key(file_); }),
            file_.string() + " is sealed with a passphrase, and none was given");
  EXPECT_THAT(message_of<MismatchError>([&] { load_secret_key(file_, always("not the right one")); }),
              AllOf(HasSubstr(file_.string()), Not(HasSubstr("not the right one"))));
  EXPECT_THROW(read_secret_key(read_file(file_)), FormatError);
  save_secret_key(file_, key_);
  EXPECT_FALSE(is_sealed_secret_key(file_));
  // Nobody is asked where nothing is sealed.
  EXPECT_EQ(load_secret_key(file_, [](const std::string&, PassphraseUse) -> Passphrase { throw Error("asked"); }).id(),
            key_.id());
}

TEST_F(Sealed, AnotherPassphraseForTheSameKey) {
  save_secret_key(file_, key_);
  const Bytes plain = read_file(file_);
  reseal_secret_key(file_, {}, sealed_with("the first one"));
  reseal_secret_key(file_, always("the first one"), sealed_with("the second one"));
  EXPECT_THROW(load_secret_key(file_, always("the first one")), MismatchError);
  EXPECT_EQ(load_secret_key(file_, always("the second one")).id(), key_.id());
  reseal_secret_key(file_, always("the second one"), {});
  EXPECT_EQ(read_file(file_), plain);
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"secret.key"});
}

TEST_F(Sealed, WhatFailsChangesNothing) {
  save_secret_key(file_, key_, sealed_with(kWord));
  const Bytes before = read_file(file_);
  EXPECT_THROW(reseal_secret_key(file_, always("the wrong one"), sealed_with("another one")), MismatchError);
  EXPECT_THROW(reseal_secret_key(file_, always(kWord), sealed_with("short")), UsageError);
  EXPECT_THROW(reseal_secret_key(file_, always(kWord), {{}, true, kCheap}), UsageError);
  EXPECT_THROW(reseal_secret_key(file_, {}, {}), MismatchError);
  EXPECT_THROW(reseal_secret_key(folder_ / "none", {}, {}), IoError);
  EXPECT_EQ(read_file(file_), before);
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"secret.key"});
}

TEST_F(Sealed, LinksAreFollowed) {
  fs::create_directory(folder_ / "stick");
  save_secret_key(folder_ / "stick" / "real.key", key_);
  fs::create_symlink("stick/real.key", file_);
  reseal_secret_key(file_, {}, sealed_with(kWord));
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_TRUE(is_sealed_secret_key(folder_ / "stick" / "real.key"));
}

}  // namespace
}  // namespace obscura::ckks
