// What an owner does with secrets, for Valgrind to watch (check.sh): constant_time keygen|files|encrypt|picture|
// public_encrypt|decrypt|compact|branching|indexing|even. Exit code 3: the check itself is broken.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "ckks/compact.h"
#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "ckks/public_encryptor.h"
#include "constant_time/controls.h"
#include "constant_time/secrets.h"
#include "secret/compact.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/wire.h"

namespace obscura::constant_time {
namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "constant_time: %s\n", what);
  std::exit(3);
}

/// Of every width that has kernels of its own: up to 50 bits, up to 52, and more.
ckks::ContextPtr context() {
  ckks::Parameters parameters = ckks::make_parameters(8, {60, 30, 40, 51}, {58, 50}, 2);
  parameters.insecure = true;
  return ckks::Context::create(parameters);
}

void require_secret(const void* data, std::size_t bytes, const char* what) {
  require(!under_valgrind() || depends_on_secret(data, bytes), what);
}

void require_public(const void* data, std::size_t bytes, const char* what) {
  require(!depends_on_secret(data, bytes), what);
}

std::size_t bytes_of(const ring::Polynomial& poly) {
  return poly.limbs() * poly.degree() * sizeof(std::uint64_t);
}

/// Public: it goes to the server. That it is secret before shows that the plan of draws is the right one.
void publish(const ring::Polynomial& poly, const ring::Seed& seed) {
  require_secret(poly.limb(0), bytes_of(poly), "what is published does not depend on a secret");
  require_public(seed.data(), seed.size(), "a public seed depends on a secret");
  declassify(poly.limb(0), bytes_of(poly));
}

/// From a secret seed. Its id is public: files and messages name it.
ckks::SecretKey secret_key(const ckks::ContextPtr& context) {
  plan_draws("s");
  ckks::SecretKey key(context);
  check_plan_is_done();
  const auto& c = key.coefficients();
  require_secret(c.data(), c.size(), "the secret key does not depend on its seed");
  require_secret(key.q_limb(0), context->degree() * sizeof(std::uint64_t), "the secret key's NTT form is public");
  declassify(key.id().data(), key.id().size());
  return key;
}

ckks::KeyRequest request(const ckks::Context& context) {
  ckks::KeyRequest keys;
  keys.rotation(1, context.max_limbs(), context.degree());
  keys.relinearisation(context.max_limbs());
  return keys;
}

void keygen() {
  const auto ctx = context();
  const ckks::SecretKey key = secret_key(ctx);
  plan_draws("ps");
  const ckks::PublicKey open = ckks::make_public_key(key);
  publish(open.b, open.seed);
  plan_draws("spsp");
  const auto made = ckks::make_evaluation_keys(key, request(*ctx));
  check_plan_is_done();
  for (const auto& b : made.relin->b) publish(b, made.relin->seed);
  for (const auto& b : made.galois.begin()->second.b) publish(b, made.galois.begin()->second.seed);
}

/// Of a secret key, and evaluation keys as they are made.
void files() {
  const auto ctx = context();
  const ckks::SecretKey key = secret_key(ctx);
  const ckks::Bytes bytes = ckks::write_secret_key(key);
  require_secret(bytes.data(), bytes.size(), "the file of a secret key is public");
  plan_draws("spsp");
  std::size_t written = 0;
  ckks::write_evaluation_keys(key, request(*ctx), [&](ckks::ByteSpan piece) { written += piece.size(); });
  check_plan_is_done();
  require(written > 0, "no evaluation keys were written");
}

void encrypt_under(const ckks::SecretKey& key, std::vector<double>& values, bool values_are_secret) {
  const auto& ctx = key.context();
  const ckks::Encoder encoder(ctx);
  const ckks::SecretEncryptor encryptor(key);
  // Scales below and above those at which doubles hold a coefficient and its noise exactly.
  for (const double scale : {0x1p30, 0x1p58}) {
    if (values_are_secret) mark_secret(values.data(), values.size() * sizeof(double));
    plan_draws("sp");
    const auto made = encryptor.encrypt(encoder, values, scale, ctx->max_limbs());
    check_plan_is_done();
    publish(made.c0, made.seed);
    declassify(values.data(), values.size() * sizeof(double));
  }
  if (values_are_secret) mark_secret(values.data(), values.size() * sizeof(double));
  plan_draws("sp");
  const auto periodic = encryptor.encrypt_periodic(encoder, std::span(values).first(16), 0x1p30, 1);
  publish(periodic.c0, periodic.seed);
  if (values_are_secret) return;  // a plaintext is encoded apart
  const auto plaintext = encoder.encode(values, 0x1p30, ring::RnsBasis{2, 0});
  plan_draws("sp");
  const auto encoded = encryptor.encrypt(plaintext);
  publish(encoded.c0, encoded.seed);
}

/// Under a public key: what hides the plaintext is drawn for each ciphertext, and is all the secret there is.
void public_encrypt() {
  const auto ctx = context();
  const ckks::SecretKey key(ctx, ring::Seed{7});
  plan_draws("pp");
  const ckks::PublicEncryptor encryptor(ctx, ckks::make_public_key(key));
  const std::vector<double> plain(ctx->slots(), 0.25);
  const auto plaintext = ckks::Encoder(ctx).encode(plain, 0x1p30, ring::RnsBasis{ctx->max_limbs(), 0});
  plan_draws("s");
  const auto made = encryptor.encrypt(plaintext);
  check_plan_is_done();
  for (const auto& part : made.parts) require_secret(part.limb(0), bytes_of(part), "a ciphertext hides nothing");
}

std::vector<double> values(const ckks::Context& context) {
  std::vector<double> made(context.slots());
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<double>(i % 17) / 16 - 0.5;
  return made;
}

void encrypt() {
  const auto ctx = context();
  const ckks::SecretKey key = secret_key(ctx);
  auto plain = values(*ctx);
  encrypt_under(key, plain, false);
}

/// The picture is secret as well, and the key is not: so the noise and the picture are followed by themselves.
void picture() {
  const auto ctx = context();
  const ckks::SecretKey key(ctx, ring::Seed{7});
  auto plain = values(*ctx);
  encrypt_under(key, plain, true);
}

void decrypt() {
  const auto ctx = context();
  const ckks::SecretKey key = secret_key(ctx);
  const ckks::Encoder encoder(ctx);
  auto plain = values(*ctx);
  plan_draws("sp");
  const auto fresh = ckks::SecretEncryptor(key).encrypt(encoder, plain, 0x1p30, ctx->max_limbs());
  publish(fresh.c0, fresh.seed);
  const ckks::Ciphertext sent = ckks::expand(*ctx, fresh);
  const ckks::Decryptor decryptor(key);
  const auto opened = decryptor.decrypt_coefficients(sent);
  require_secret(opened.data(), opened.size() * sizeof(double), "what was decrypted does not depend on the key");
}

void compact() {
  const auto ctx = context();
  const ckks::SecretKey key = secret_key(ctx);
  const ckks::Encoder encoder(ctx);
  auto plain = values(*ctx);
  plan_draws("sp");
  const auto fresh = ckks::SecretEncryptor(key).encrypt(encoder, plain, 0x1p40, 1);
  publish(fresh.c0, fresh.seed);
  const ckks::Ciphertext sent = ckks::expand(*ctx, fresh);
  const ckks::Decryptor decryptor(key);
  for (const std::size_t gap : {1, 16}) {  // by transforms, and one by one
    const auto opened = decryptor.open(ckks::compact(*ctx, sent, gap, 30));
    require_secret(opened.real.data(), opened.real.size() * sizeof(double),
                   "what was opened does not depend on the key");
  }
}

void control(unsigned (*function)(std::span<const std::uint8_t>)) {
  std::vector<std::uint8_t> bytes(64, 200);
  mark_secret(bytes.data(), bytes.size());
  unsigned result = function(bytes);
  declassify(&result, sizeof(result));
  std::printf("%u\n", result);
}

int run(const std::string& what) {
  const std::map<std::string, std::function<void()>> all = {
      {"keygen", keygen},
      {"files", files},
      {"encrypt", encrypt},
      {"picture", picture},
      {"public_encrypt", public_encrypt},
      {"decrypt", decrypt},
      {"compact", compact},
      {"branching", [] { control(branching); }},
      {"indexing", [] { control(indexing); }},
      {"even", [] { control(even); }},
  };
  const auto found = all.find(what);
  require(found != all.end(), "no such part");
  found->second();
  std::printf("%s: done%s\n", what.c_str(), under_valgrind() ? "" : ", watched by nobody");
  return 0;
}

}  // namespace
}  // namespace obscura::constant_time

int main(int argc, char** argv) {
  return obscura::constant_time::run(argc == 2 ? argv[1] : "");
}
