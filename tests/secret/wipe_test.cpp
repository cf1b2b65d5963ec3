// That nothing of a secret is left in memory that was given back.
#include <gtest/gtest.h>
#include <sodium.h>

#include <memory>
#include <optional>
#include <random>

#include "ckks/compact.h"
#include "ckks/public_encryptor.h"
#include "ckks/wire_cases.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/freed_memory.h"
#include "secret/sealed.h"
#include "secret/wire.h"
#include "support/temporary.h"

namespace obscura::ckks {
namespace {

using freed_memory::Needle;
using Needles = std::vector<Needle>;

/// Pieces of its coefficients and of its NTT form.
Needles needles_of(const SecretKey& key) {
  Needles needles;
  const auto& c = key.coefficients();
  for (std::size_t at = 0; at + 64 <= c.size(); at += c.size() / 4) needles.push_back(Needle::of(c.data() + at, 64));
  const std::size_t rows = key.context()->max_limbs();
  for (std::size_t row = 0; row < rows; ++row) needles.push_back(Needle::of(key.q_limb(row) + 32 * row, 8));
  return needles;
}

Needles of_values(std::span<const double> values) {
  return {Needle::of(values.data(), 8), Needle::of(values.data() + values.size() / 2, 8)};
}

class Wiping : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!freed_memory::can_watch()) GTEST_SKIP() << "a sanitizer has the allocator";
  }
  /// A context of its own, so that its scratch memory goes, too.
  static ContextPtr context() { return Context::create(wire_test::small_parameters()); }
};

/// What wipes itself before it goes away, so that the test leaves nothing either.
WipedVector<double> picture(std::size_t count) {
  std::mt19937_64 random(0x9e3779b97f4a7c15);  // values that no other test of this program leaves behind
  std::uniform_real_distribution<double> uniform(-1, 1);
  WipedVector<double> values(count);
  for (double& v : values) v = uniform(random);
  return values;
}

TEST_F(Wiping, TheWatchFindsWhatIsLeft) {
  std::vector<std::uint8_t> secret(100);
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(7 * i + 1);
  const Needles needles = {Needle(std::span(secret).subspan(20, 32))};
  EXPECT_EQ(freed_memory::count_in_process(needles), 1u);
  const freed_memory::Watch watch(needles);
  secret.reserve(1000);  // grows out of a block
  EXPECT_EQ(watch.found(), 1u);
  const auto moved = std::make_unique<std::vector<std::uint8_t>>(secret);
  sodium_memzero(secret.data(), secret.size());
  EXPECT_EQ(freed_memory::count_in_process(needles), 1u);
}

TEST_F(Wiping, VectorsThatGrowMoveAndAreAssignedTo) {
  WipedVector<double> first = picture(64);
  const Needles needles = of_values(first);
  const freed_memory::Watch watch(needles);
  first.reserve(10'000);
  WipedVector<double> second = std::move(first);
  second.shrink_to_fit();
  WipedVector<double> third(second);
  third = picture(3);
  second = WipedVector<double>();
  EXPECT_GE(watch.freed(), 4u);
  EXPECT_EQ(watch.found(), 0u);
  EXPECT_EQ(freed_memory::count_in_process(needles), 0u);
}

TEST_F(Wiping, KeysThatAreMovedAssignedAndDestroyed) {
  Needles needles;
  std::optional<freed_memory::Watch> watch;
  {
    SecretKey key(context());
    needles = needles_of(key);
    EXPECT_EQ(freed_memory::count_in_process(needles), needles.size());
    watch.emplace(needles);
    SecretKey moved(std::move(key));
    SecretKey other(moved.context());
    other = std::move(moved);
    EXPECT_EQ(freed_memory::count_in_process(needles), needles.size());
    other = SecretKey(other.context());
    EXPECT_EQ(freed_memory::count_in_process(needles), 0u);
  }
  EXPECT_EQ(watch->found(), 0u);
}

TEST_F(Wiping, KeysThatWereWrittenSealedAndRead) {
  const TemporaryFolder folder;
  Needles needles;
  std::optional<freed_memory::Watch> watch;
  {
    const SecretKey key(context());
    needles = needles_of(key);
    auto packed = write_secret_key(key);
    needles.push_back(Needle(std::span(packed).subspan(packed.size() - 32 - 64, 64)));
    sodium_memzero(packed.data(), packed.size());
    const std::string word = "correct horse battery staple";
    needles.push_back(Needle::of(word.data(), word.size()));
    watch.emplace(needles);
    const auto known = std::make_shared<const Passphrase>(word);
    const Sealing sealing{[known](const std::string&, PassphraseUse) { return *known; }, true, {1, 64}};
    save_secret_key(folder / "open.key", key);
    save_secret_key(folder / "sealed.key", key, sealing);
    EXPECT_EQ(load_secret_key(folder / "open.key").id(), key.id());
    EXPECT_EQ(load_secret_key(folder / "sealed.key", sealing.passphrase).id(), key.id());
    reseal_secret_key(folder / "open.key", {}, sealing);
    sodium_memzero(const_cast<char*>(word.data()), word.size());
  }
  EXPECT_GT(watch->freed(), 0u);
  EXPECT_EQ(watch->found(), 0u);
  EXPECT_EQ(freed_memory::count_in_process(needles), 0u);
}

/// Everything that is made with a key, of a picture.
void use(const SecretKey& key, std::span<const double> values) {
  const auto& ctx = key.context();
  const Encoder encoder(ctx);
  KeyRequest request;
  request.rotation(1, ctx->max_limbs(), ctx->degree());
  request.relinearisation(ctx->max_limbs());
  make_evaluation_keys(key, request);
  const PublicEncryptor open(ctx, make_public_key(key));
  const SecretEncryptor encryptor(key);
  const Decryptor decryptor(key);
  const auto seeded = encryptor.encrypt(encoder, values, 0x1p40, 1);
  encryptor.encrypt(encoder, values, 0x1p58, ctx->max_limbs());
  encryptor.encrypt_periodic(encoder, values, 0x1p40, 1);
  const auto sent = expand(*ctx, seeded);
  decryptor.decrypt_real(sent);
  for (const std::size_t gap : {1, 64}) decryptor.decrypt(compact(*ctx, sent, gap, 40));
}

TEST_F(Wiping, WhatKeysAndPicturesWereUsedFor) {
  Needles needles;
  std::optional<freed_memory::Watch> watch;
  {
    const SecretKey key(context());
    const auto values = picture(256);  // fewer than slots, so they are copied to be filled up
    needles = needles_of(key);
    for (Needle& needle : of_values(values)) needles.push_back(needle);
    watch.emplace(needles);
    use(key, values);
  }
  EXPECT_GT(watch->freed(), 20u);
  EXPECT_EQ(watch->found(), 0u);
  EXPECT_EQ(freed_memory::count_in_process(needles), 0u);
}

/// Keeps what libsodium's generator gives while it lives, as needles.
class Draws {
 public:
  Draws() {
    static randombytes_implementation kept{&name, &word, nullptr, nullptr, &fill, nullptr};
    seen().clear();
    seen().reserve(64);
    randombytes_set_implementation(&kept);
  }
  Draws(const Draws&) = delete;
  Draws& operator=(const Draws&) = delete;
  ~Draws() { randombytes_set_implementation(&randombytes_sysrandom_implementation); }
  const Needles& all() const { return seen(); }

 private:
  static Needles& seen() {
    static Needles the_needles;
    return the_needles;
  }
  static const char* name() { return "kept"; }
  static std::uint32_t word() { return randombytes_sysrandom_implementation.random(); }
  static void fill(void* out, std::size_t size) {
    randombytes_sysrandom_implementation.buf(out, size);
    if (size == sizeof(ring::Seed)) seen().push_back(Needle::of(static_cast<const std::uint8_t*>(out), size));
  }
};

TEST_F(Wiping, SeedsOfKeysAndOfNoise) {
  Needles secret;
  {
    const Draws draws;
    const SecretKey key(context());
    use(key, picture(256));
    // Of the key; of noise and public by turns: two evaluation keys, a public key (which begins with the public one),
    // three ciphertexts.
    const std::string kinds =
        "s"
        "spsp"
        "ps"
        "spspsp";
    ASSERT_EQ(draws.all().size(), kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (kinds[i] == 's') secret.push_back(draws.all()[i]);
    }
  }
  EXPECT_EQ(freed_memory::count_in_process(secret), 0u);
  // The control: one that somebody keeps.
  const Draws draws;
  const ring::Seed kept = ring::random_seed();
  EXPECT_EQ(freed_memory::count_in_process(draws.all()), 1u);
  EXPECT_NE(kept, ring::Seed{});
}

}  // namespace
}  // namespace obscura::ckks
