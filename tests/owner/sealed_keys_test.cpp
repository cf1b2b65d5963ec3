// Folders of keys under a passphrase, inside and at the public face; and what an owner leaves in memory of pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <atomic>
#include <optional>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "message/client_wire.h"
#include "obscura/owner.h"
#include "owner/key_folder.h"
#include "secret/freed_memory.h"
#include "secret/wire.h"
#include "support/temporary.h"

namespace obscura::owner {
namespace {

using freed_memory::Needle;
namespace fs = std::filesystem;

constexpr const char *kFirst = "the first passphrase", *kSecond = "the second passphrase";

ckks::PassphraseSource always(const std::string& word) {
  return [word](const std::string& /*what*/, ckks::PassphraseUse /*use*/) { return ckks::Passphrase(word); };
}

ckks::Sealing sealed_with(const std::string& word) {
  return {always(word), true, {1, 8}};
}

class SealedFolders : public ::testing::Test {
 protected:
  fs::path keys() const { return folder_ / "keys"; }
  fs::path secret() const { return keys() / "secret.key"; }

  const TemporaryFolder folder_;
  const program::Program program_ = compile::compile(networks::dense(51, {1, 6, 6}, 8, 5));
};

TEST_F(SealedFolders, OpenWithTheirPassphraseOnly) {
  const Owner owner(program_.client);
  KeyFolder(keys()).put(owner, false, nullptr, sealed_with(kFirst));
  EXPECT_TRUE(ckks::is_sealed_secret_key(secret()));
  EXPECT_EQ(KeyFolder(keys()).open(always(kFirst)).key().id(), owner.key().id());
  EXPECT_THROW(KeyFolder(keys()).open(), MismatchError);
  EXPECT_THROW(KeyFolder(keys()).open(always(kSecond)), MismatchError);
}

TEST_F(SealedFolders, KeysThatOthersCanReadAreNotSealedSilently) {
  KeyFolder(keys()).put(Owner(program_.client), false);
  fs::permissions(secret(), fs::perms(0644));
  EXPECT_THROW(change_passphrase(secret(), {}, sealed_with(kFirst)), IoError);
}

/// Whoever replaces the keys and whoever changes the passphrase wait for each other: what is there at the end is one
/// set.
TEST_F(SealedFolders, NewKeysAreNotUndoneByANewPassphrase) {
  const KeyFolder folder(keys());
  folder.put(Owner(program_.client), false, nullptr, sealed_with(kFirst));
  std::atomic<bool> done = false;
  std::thread changing([&] {
    while (!done) change_passphrase(secret(), always(kFirst), sealed_with(kFirst));
  });
  for (int i = 0; i < 5; ++i) {
    const Owner next(program_.client);
    EXPECT_NO_THROW(folder.put(next, true, nullptr, sealed_with(kFirst)));
    EXPECT_EQ(folder.open(always(kFirst)).key().id(), next.key().id());
  }
  done = true;
  changing.join();
}

TEST_F(SealedFolders, ThePublicFaceSealsToo) {
  const auto spec = message::write_client_spec(program_.client);
  obscura::Owner owner(spec);
  EXPECT_THROW(owner.save(keys(), ""), MismatchError);
  EXPECT_THROW(owner.save(keys(), "short"), UsageError);
  EXPECT_FALSE(fs::exists(secret()));
  owner.save(keys(), kFirst);
  EXPECT_TRUE(ckks::is_sealed_secret_key(secret()));
  EXPECT_THROW(obscura::Owner::open(keys()), MismatchError);
  EXPECT_EQ(obscura::Owner::open(keys(), kFirst).id(), owner.id());
  EXPECT_THROW(obscura::Owner::change_passphrase(keys(), kSecond, kSecond), MismatchError);
  obscura::Owner::change_passphrase(keys(), kFirst, kSecond);
  EXPECT_EQ(obscura::Owner::open(keys(), std::string_view(kSecond), 1).id(), owner.id());
  obscura::Owner::change_passphrase(keys(), kSecond, "");
  EXPECT_EQ(obscura::Owner::open(keys()).id(), owner.id());
  // A passphrase that is not needed is no harm.
  EXPECT_EQ(obscura::Owner::open(keys(), kFirst).id(), owner.id());
}

TEST_F(SealedFolders, NothingIsLeftOfPictures) {
  if (!freed_memory::can_watch()) GTEST_SKIP() << "a sanitizer has the allocator";
  std::vector<Needle> needles;
  std::optional<freed_memory::Watch> watch;
  {
    const Owner owner(program_.client);
    std::mt19937_64 random(0x9e3779b97f4a7c15);
    std::uniform_real_distribution<float> uniform(0, 1);
    std::vector<std::vector<float>> pictures(1, std::vector<float>(36));
    const ckks::WipeAtEnd wiped(pictures);
    for (float& v : pictures.front()) v = uniform(random);
    ckks::WipedVector<double> values(pictures.front().begin(), pictures.front().end());
    needles.push_back(Needle::of(pictures.front().data(), 12));
    needles.push_back(Needle::of(values.data(), 6));
    needles.push_back(Needle::of(owner.key().coefficients().data(), 64));
    watch.emplace(needles);
    owner.encrypt(pictures);
  }
  EXPECT_GT(watch->freed(), 0u);
  EXPECT_EQ(watch->found(), 0u);
  EXPECT_EQ(freed_memory::count_in_process(needles), 0u);
}

}  // namespace
}  // namespace obscura::owner
