// Parameters, keys and ciphertexts.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "ckks/wire_key_file.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "secret/sealed.h"
#include "secret/sealed_file.h"
#include "secret/wire.h"

namespace obscura::fuzz {
namespace {

using ckks::Context;
using ckks::ContextPtr;

constexpr unsigned kErrors = kFormat | kMismatch | kParameter;
/// Residues of 7 bits and more become words of 64.
constexpr MemoryBound kMemory{32, std::size_t{1} << 15};

ContextPtr tiny() {
  return Context::create(tiny_parameters());
}

/// A reader of one kind of ciphertexts, by the functions that write and read it.
template <class Write, class Read, class... Samples>
Reader sealed(std::string name, Write write, Read read, const ContextPtr& context, const Samples&... samples) {
  return {std::move(name),
          {write(*context, samples)...},
          [=](ByteSpan in) -> std::optional<Bytes> { return write(*context, read(*context, in, "input")); },
          kErrors,
          Seal::envelope,
          kMemory,
          2048};
}

/// Where keys are made from their own parameters; written again where those are the tiny ones.
template <class Read, class Write>
std::function<std::optional<Bytes>(ByteSpan)> rewriting(Read read, Write write) {
  return [=, context = tiny()](ByteSpan in) -> std::optional<Bytes> {
    const auto file = read(in, "input");
    if (file.parameters != context->parameters()) return nothing();
    return write(*context, file);
  };
}

}  // namespace

Reader parameters_reader() {
  ckks::Parameters more = ckks::make_parameters(10, {60, 25, 40, 51}, {58, 50}, 2);
  more.insecure = true;
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return ckks::write_parameters(ckks::read_parameters(in, "input"));
  };
  return {"parameters",
          {ckks::write_parameters(tiny_parameters()), ckks::write_parameters(more)},
          rewrite,
          kErrors,
          Seal::envelope,
          kMemory,
          1200};
}

Reader public_key_reader() {
  Random random(1);
  const Bytes seed = ckks::write_public_key(*tiny(), drawn_public_key(*tiny(), random));
  return {"public_key",
          {seed},
          rewriting(ckks::read_public_key,
                    [](const Context& context, const auto& file) { return ckks::write_public_key(context, file.key); }),
          kErrors,
          Seal::envelope,
          kMemory,
          2048};
}

Reader evaluation_keys_reader() {
  Random random(2);
  const Bytes seed = ckks::write_evaluation_keys(*tiny(), drawn_keys(*tiny(), random));
  const auto rewrite = rewriting(ckks::read_evaluation_keys, [](const Context& context, const auto& file) {
    return ckks::write_evaluation_keys(context, file.keys);
  });
  return {"evaluation_keys", {seed}, rewrite, kErrors, Seal::envelope, kMemory, 4096};
}

Reader expanded_keys_reader() {
  Random random(3);
  const auto context = tiny();
  const Bytes seed = ckks::write_evaluation_keys(*context, drawn_keys(*context, random));
  // What one way of reading takes, the other takes as well.
  const auto rewrite = [context](ByteSpan in) -> std::optional<Bytes> {
    bool whole = false;
    try {
      whole = ckks::read_evaluation_keys(in, "input").parameters == context->parameters();
    } catch (const Error&) {
    }
    bool streamed = false;
    try {
      ckks::read_expanded_keys(*context, source_of(in), "input");
      streamed = true;
    } catch (const FormatError&) {
    } catch (const MismatchError&) {
    } catch (const ParameterError&) {
    }
    if (whole != streamed) throw Fault("expanded_keys: one reader takes it, the other does not");
    if (!streamed) throw FormatError("input is refused");
    return nothing();
  };
  return {"expanded_keys", {seed}, rewrite, kErrors, Seal::envelope, {64, std::size_t{1} << 17}, 4096};
}

Reader secret_key_reader() {
  const ckks::SecretKey key(tiny(), ring::Seed{7});
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    return ckks::write_secret_key(ckks::read_secret_key(in, "input"));
  };
  // A key makes its ring: tables of a degree of 2^17 come from a file of 32 KB.
  return {"secret_key",   {ckks::write_secret_key(key)}, rewrite, kErrors,
          Seal::envelope, {4096, std::size_t{1} << 20},  512};
}

Reader sealed_secret_key_reader() {
  const ckks::SecretKey key(tiny(), ring::Seed{8});
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto sealed = ckks::read_sealed_secret_key(in, "input");
    // A try at a passphrase costs what the file says.
    if (sealed.cost.memory_kib == ckks::kLeastCost.memory_kib && sealed.cost.passes == ckks::kLeastCost.passes) {
      ckks::unseal(sealed, ckks::Passphrase("words of a fuzzer"), "input");
    }
    return ckks::write_sealed_secret_key(sealed);
  };
  const auto sealed = ckks::seal(key, ckks::Passphrase("words of a fuzzer"), ckks::kLeastCost);
  return {"sealed_secret_key",
          {ckks::write_sealed_secret_key(sealed)},
          rewrite,
          kErrors,
          Seal::envelope,
          {4096, std::size_t{1} << 20},
          1024};
}

Reader sealed_key_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto sealed = ckks::read_sealed_file(in, "input");
    // A try at a passphrase costs what the file says.
    if (sealed.cost == ckks::kLeastCost) ckks::unseal(sealed, ckks::Passphrase("words of a fuzzer"), "input");
    return ckks::write_sealed_file(sealed);
  };
  // All of it is authenticated: there is no checksum to mend, and what was altered does not open.
  std::vector<Bytes> seeds;
  for (const auto content : {ckks::Secret::search_record, ckks::Secret::shield_key}) {
    const Bytes plain = bytes_of("a secret of a fuzzer");
    seeds.push_back(
        ckks::write_sealed_file(ckks::seal(content, plain, ckks::Passphrase("words of a fuzzer"), ckks::kLeastCost)));
  }
  return {"sealed_key", seeds, rewrite, kFormat | kMismatch, Seal::none, {8, std::size_t{1} << 17}, 1024};
}

Reader ciphertext_reader() {
  Random random(4);
  const auto context = tiny();
  return sealed("ciphertext", ckks::write_ciphertext, ckks::read_ciphertext, context,
                drawn_ciphertext(*context, 2, 2, random), drawn_ciphertext(*context, 3, 1, random));
}

Reader seeded_ciphertext_reader() {
  Random random(5);
  const auto context = tiny();
  return sealed("seeded_ciphertext", ckks::write_seeded_ciphertext, ckks::read_seeded_ciphertext, context,
                drawn_seeded(*context, 2, random));
}

Reader compact_ciphertext_reader() {
  Random random(6);
  const auto context = tiny();
  return sealed("compact_ciphertext", ckks::write_compact_ciphertext, ckks::read_compact_ciphertext, context,
                drawn_compact(*context, 4, 5, random));
}

Reader ciphertext_batch_reader() {
  Random random(8);
  const auto context = tiny();
  const std::vector batch{drawn_ciphertext(*context, 2, 1, random), drawn_ciphertext(*context, 3, 1, random)};
  return sealed("ciphertext_batch", ckks::write_ciphertexts, ckks::read_ciphertexts, context, batch);
}

Reader seeded_batch_reader() {
  Random random(9);
  const auto context = tiny();
  const std::vector batch{drawn_seeded(*context, 1, random), drawn_seeded(*context, 1, random)};
  return sealed("seeded_batch", ckks::write_seeded_ciphertexts, ckks::read_seeded_ciphertexts, context, batch);
}

Reader compact_batch_reader() {
  Random random(10);
  const auto context = tiny();
  const std::vector batch{drawn_compact(*context, 1, 7, random), drawn_compact(*context, 2, 7, random)};
  return sealed("compact_batch", ckks::write_compact_ciphertexts, ckks::read_compact_ciphertexts, context, batch);
}

}  // namespace obscura::fuzz
