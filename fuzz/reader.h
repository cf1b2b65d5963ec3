#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Harnesses for what reads bytes of others. A harness is a Reader: libFuzzer runs it millions of times (main.cpp), and
/// the tests of tests/fuzz over its seeds and some thousand fixed changes of them.
namespace obscura::fuzz {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;
using Random = std::mt19937_64;

/// A promise of a reader that was broken: an undocumented error, a second encoding, too much memory.
struct Fault : std::logic_error {
  using std::logic_error::logic_error;
};

/// Thrown by harnesses of readers that refuse without an Error of their own (they return nothing).
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The errors that a reader documents, as a set.
enum Errors : unsigned {
  kFormat = 1,
  kMismatch = 2,
  kParameter = 4,
  kUnsupported = 8,
  kUsage = 16,
  kIo = 32,
  kFailure = 64  ///< of the service and its client: their own types, which harnesses turn into Refused
};

/// How inputs are sealed: what a mutator has to mend so that changes reach what is behind the seal.
enum class Seal {
  none,
  envelope,  ///< ckks/wire.h: length and checksum, of files within files, too, digests of parameters, ids of queries
  program,   ///< an envelope around compressed bytes, which carry a client spec
  shield,    ///< shield/container.h: a checksum at the end
  png,       ///< chunks with checksums
  selection  ///< a checksum of 16 bytes at the end
};

/// No input makes a reader hold more than `factor` bytes for each of its own, and `base` more.
struct MemoryBound {
  double factor = 64;
  std::size_t base = std::size_t{1} << 16;
};

struct Reader {
  std::string name;  ///< lower case, with underscores
  std::vector<Bytes> seeds;
  /// Reads; gives what the writer makes of what was read, or nothing where there is no writer or no one encoding.
  /// Throws what the reader throws.
  std::function<std::optional<Bytes>(ByteSpan)> rewrite;
  unsigned errors = kFormat;  ///< Errors that it documents
  Seal seal = Seal::none;
  MemoryBound memory = {};
  std::size_t most_bytes = 4096;  ///< of inputs that are tried
  std::size_t tries = 2000;       ///< changes of seeds that tests/fuzz tries: fewer of what is slow
};

enum class Outcome { refused, accepted };

/// Tries one input. Throws Fault if a promise is broken; other exceptions than obscura::Error are one.
Outcome run(const Reader& reader, ByteSpan input);

inline std::optional<Bytes> nothing() {
  return std::nullopt;
}

}  // namespace obscura::fuzz
