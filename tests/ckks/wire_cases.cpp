#include "ckks/wire_cases.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "ring/primes.h"

namespace obscura::ckks::wire_test {
namespace {

constexpr std::size_t kHeader = 52;
constexpr std::size_t kTrailer = 32;

ring::Seed random_bytes(Random& random) {
  ring::Seed seed;
  for (auto& byte : seed) byte = static_cast<std::uint8_t>(random());
  return seed;
}

KeyId random_id(Random& random) {
  KeyId id;
  for (auto& byte : id) byte = static_cast<std::uint8_t>(random());
  return id;
}

std::vector<std::uint64_t> first(const std::vector<std::uint64_t>& primes, std::size_t count) {
  return {primes.begin(), primes.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

/// Half of all changes hit the first bytes of header and payload, where the counts are.
std::size_t position(const Bytes& file, Random& random) {
  return random() % 2 ? below(random, file.size()) : below(random, std::min<std::size_t>(file.size(), 160));
}

void flip(Bytes& file, Random& random) {
  const std::size_t count = 1 + below(random, 4);
  for (std::size_t i = 0; i < count; ++i) file[position(file, random)] ^= static_cast<std::uint8_t>(1u << random() % 8);
}

void overwrite(Bytes& file, Random& random) {
  constexpr std::array<std::uint64_t, 8> kValues{0, 1, 0x7f, 0xff, 0xffff, 0xffffffff, ~std::uint64_t{0}, 1ull << 63};
  const std::uint64_t value = random() % 4 ? kValues[below(random, kValues.size())] : random();
  const std::size_t at = position(file, random), size = std::size_t{1} << random() % 4;
  for (std::size_t i = 0; i < size && at + i < file.size(); ++i) {
    file[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

void resize(Bytes& file, Random& random) {
  switch (random() % 3) {
    case 0:
      file.resize(below(random, file.size()));
      break;
    case 1:
      for (std::size_t n = 1 + below(random, 40); n > 0; --n) file.push_back(static_cast<std::uint8_t>(random()));
      break;
    default: {
      const auto at = static_cast<std::ptrdiff_t>(position(file, random));
      const auto size = static_cast<std::ptrdiff_t>(below(random, 48));
      file.erase(file.begin() + at, file.begin() + std::min(at + size, std::ssize(file)));
    }
  }
}

Bytes mutated(Bytes file, Random& random) {
  switch (random() % 4) {
    case 0:
    case 1:
      flip(file, random);
      break;
    case 2:
      overwrite(file, random);
      break;
    default:
      resize(file, random);
  }
  return file;
}

}  // namespace

Parameters tiny_parameters() {
  return {4, {97, 193}, {257}, 1, true};
}

Parameters small_parameters() {
  Parameters parameters = make_parameters(10, {60, 25, 40, 51}, {58, 50}, 2);
  parameters.insecure = true;
  return parameters;
}

ring::Polynomial random_residues(std::size_t degree, const std::vector<std::uint64_t>& primes, Random& random) {
  ring::Polynomial poly(degree, primes.size());
  for (std::size_t i = 0; i < primes.size(); ++i) {
    for (std::size_t k = 0; k < degree; ++k) poly.limb(i)[k] = random() % primes[i];
    poly.limb(i)[random() % degree] = primes[i] - 1;
  }
  return poly;
}

Ciphertext random_ciphertext(const Context& context, std::size_t parts, std::size_t limbs, Random& random) {
  Ciphertext c;
  c.context = context.digest();
  c.scale = std::exp2(5) + 1.0 / 3;
  for (std::size_t i = 0; i < parts; ++i) {
    c.parts.push_back(random_residues(context.degree(), first(context.parameters().q, limbs), random));
  }
  return c;
}

SeededCiphertext random_seeded(const Context& context, std::size_t limbs, Random& random) {
  return {context.digest(), random_residues(context.degree(), first(context.parameters().q, limbs), random),
          random_bytes(random), 40.5};
}

CompactCiphertext random_compact(const Context& context, std::size_t gap, int bits, Random& random) {
  CompactCiphertext c{context.digest(), context.degree(), gap, bits, 9.25, {}, {}};
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t i = 0; i < context.degree() / gap; ++i) c.c0.push_back(random() & mask);
  for (std::size_t i = 0; i < context.degree(); ++i) c.c1.push_back(random() & mask);
  return c;
}

PublicKey random_public_key(const Context& context, Random& random) {
  return {context.digest(), random_residues(context.degree(), context.parameters().q, random), random_bytes(random),
          random_id(random)};
}

SeededKeySwitchKey random_key(const Context& context, std::size_t limbs, Random& random) {
  SeededKeySwitchKey key{random_bytes(random), limbs, {}};
  std::vector<std::uint64_t> rows = first(context.parameters().q, limbs);
  rows.insert(rows.end(), context.parameters().p.begin(), context.parameters().p.end());
  for (std::size_t j = 0; j < context.digits(limbs); ++j) {
    key.b.push_back(random_residues(context.degree(), rows, random));
  }
  return key;
}

SeededEvaluationKeys random_keys(const Context& context, Random& random) {
  SeededEvaluationKeys keys{context.digest(), random_key(context, context.max_limbs(), random), {}, random_id(random)};
  keys.galois.emplace(3, random_key(context, 1, random));
  keys.galois.emplace(9, random_key(context, context.max_limbs(), random));
  keys.galois.emplace(2 * context.degree() - 1, random_key(context, 1, random));
  return keys;
}

std::vector<Case> server_cases(const ContextPtr& context) {
  Random random(7);
  const Context& c = *context;
  const std::size_t top = c.max_limbs();
  std::vector<Case> cases;
  const auto add = [&](std::string name, Bytes bytes, std::function<Bytes(ByteSpan)> rewrite) {
    cases.push_back({std::move(name), std::move(bytes), std::move(rewrite)});
  };
  add("parameters", write_parameters(c.parameters()),
      [](ByteSpan in) { return write_parameters(read_parameters(in, kWhat)); });
  const auto ciphertext = [context](ByteSpan in) {
    return write_ciphertext(*context, read_ciphertext(*context, in, kWhat));
  };
  add("ciphertext of two parts", write_ciphertext(c, random_ciphertext(c, 2, top, random)), ciphertext);
  add("ciphertext of three parts", write_ciphertext(c, random_ciphertext(c, 3, 1, random)), ciphertext);
  add("seeded ciphertext", write_seeded_ciphertext(c, random_seeded(c, top, random)), [context](ByteSpan in) {
    return write_seeded_ciphertext(*context, read_seeded_ciphertext(*context, in, kWhat));
  });
  add("compact ciphertext", write_compact_ciphertext(c, random_compact(c, c.degree() / 4, 5, random)),
      [context](ByteSpan in) {
        return write_compact_ciphertext(*context, read_compact_ciphertext(*context, in, kWhat));
      });
  const std::vector<Ciphertext> plain{random_ciphertext(c, 2, 1, random), random_ciphertext(c, 3, 1, random)};
  add("batch", write_ciphertexts(c, plain),
      [context](ByteSpan in) { return write_ciphertexts(*context, read_ciphertexts(*context, in, kWhat)); });
  const std::vector<SeededCiphertext> seeded{random_seeded(c, 1, random), random_seeded(c, 1, random)};
  add("seeded batch", write_seeded_ciphertexts(c, seeded), [context](ByteSpan in) {
    return write_seeded_ciphertexts(*context, read_seeded_ciphertexts(*context, in, kWhat));
  });
  const std::vector<CompactCiphertext> compact{random_compact(c, 1, 7, random), random_compact(c, 2, 7, random)};
  add("compact batch", write_compact_ciphertexts(c, compact), [context](ByteSpan in) {
    return write_compact_ciphertexts(*context, read_compact_ciphertexts(*context, in, kWhat));
  });
  add("public key", write_public_key(c, random_public_key(c, random)), [context](ByteSpan in) {
    const PublicKeyFile file = read_public_key(in, kWhat);
    return file.parameters == context->parameters() ? write_public_key(*context, file.key) : Bytes{};
  });
  add("evaluation keys", write_evaluation_keys(c, random_keys(c, random)), [context](ByteSpan in) {
    const EvaluationKeyFile file = read_evaluation_keys(in, kWhat);
    return file.parameters == context->parameters() ? write_evaluation_keys(*context, file.keys) : Bytes{};
  });
  return cases;
}

void reseal(Bytes& file) {
  if (file.size() < kHeader + kTrailer) return;
  const std::size_t length = file.size() - kHeader - kTrailer;
  for (std::size_t i = 0; i < 8; ++i) file[44 + i] = static_cast<std::uint8_t>(std::uint64_t{length} >> (8 * i));
  crypto_generichash(file.data() + file.size() - kTrailer, kTrailer, file.data(), file.size() - kTrailer, nullptr, 0);
}

void reseal_parameters(Bytes& file) {
  constexpr std::string_view kKey = "obscura parameters";
  constexpr std::size_t kFixed = 21;
  if (file.size() >= kHeader + kTrailer + kFixed) {
    ByteReader counts(ByteSpan(file).subspan(kHeader + 13, 8), "counts");
    const std::uint64_t q = counts.u32(), p = counts.u32();
    const std::uint64_t size = kFixed + 8 * (q + p);
    if (size <= file.size() - kHeader - kTrailer) {
      crypto_generichash(file.data() + 12, 32, file.data() + kHeader, size,
                         reinterpret_cast<const unsigned char*>(kKey.data()), kKey.size());
    }
  }
  reseal(file);
}

Bytes patched(Bytes file, std::size_t payload_at, ByteSpan with) {
  std::ranges::copy(with, file.begin() + static_cast<std::ptrdiff_t>(kHeader + payload_at));
  reseal(file);
  return file;
}

bool expect_survives(const Case& subject, ByteSpan input) {
  std::string message;
  try {
    const Bytes again = subject.rewrite(input);
    EXPECT_TRUE(again.empty() || std::ranges::equal(again, input)) << subject.name << ": a second encoding";
    return true;
  } catch (const FormatError& e) {
    message = e.what();
  } catch (const MismatchError& e) {
    message = e.what();
  } catch (const ParameterError& e) {
    message = e.what();
  } catch (const std::exception& e) {
    ADD_FAILURE() << subject.name << ": wrong type of error: " << e.what();
  }
  EXPECT_EQ(message.substr(0, kWhat.size() + 1), std::string(kWhat) + " ") << subject.name;
  EXPECT_EQ(message.find('\n'), std::string::npos) << subject.name;
  return false;
}

void expect_survives_mutations(const Case& subject, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::size_t sound = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes input = mutated(subject.bytes, random);
    if (i % 3 == 1) reseal(input);
    if (i % 3 == 2) reseal_parameters(input);
    const bool survived = expect_survives(subject, input);
    if (i % 3 == 0 && input != subject.bytes) {
      EXPECT_FALSE(survived) << subject.name << " altered, its checksum not, change " << i << " of seed " << seed;
    }
    sound += survived;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_LT(sound, count);
}

void expect_exact_length(const Case& subject) {
  const auto refused = [&](const Bytes& input) {
    EXPECT_FALSE(expect_survives(subject, input)) << subject.name << " of " << input.size() << " bytes";
  };
  for (std::size_t size = 0; size < subject.bytes.size(); ++size) {
    Bytes input(subject.bytes.begin(), subject.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    refused(input);
    reseal(input);
    refused(input);
  }
  for (const std::size_t more : {1u, 2u, 8u, 100u, 5000u}) {
    Bytes input = subject.bytes;
    input.resize(input.size() + more);
    refused(input);
    reseal(input);
    refused(input);
  }
}

}  // namespace obscura::ckks::wire_test
