#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audit/randomness/bits.h"
#include "base/notes.h"
#include "secret/passphrase.h"

/// Where `audit randomness` gets bits from.
namespace obscura::study {

/// Bytes that are in memory already, as if they were a file.
struct NamedBytes {
  std::string name;
  std::shared_ptr<const std::vector<std::uint8_t>> bytes;
};

/// As on the command line; zeros and empty words were not given. One of files, memory, network and shield.
struct BitSourceOptions {
  std::vector<std::filesystem::path> files;
  std::vector<NamedBytes> memory;
  std::string network;
  std::string shield;
  std::filesystem::path key;  ///< of a shield; default: one drawn from the seed
  ckks::Sealing sealing;      ///< opens that, if it is sealed
  std::string arithmetic;     ///< of a shield: real or modular
  std::vector<std::string> streams = {"c0", "c0-ntt", "c1", "c1-ntt"};  ///< of a network
  std::string dataset;  ///< default: samples for a network; cifar-10 for a shield if it is here, else samples
  std::filesystem::path data;
  std::size_t images = 0;  ///< that are protected, at the most; 0: as many as it takes
  std::uint64_t seed = 1;  ///< of a shield's key
};

/// A stream of bits.
struct BitSource {
  std::string name;
  std::string how;  ///< how its bits come to be, for people
  /// Appends some more; false, having appended none, where the stream ends. One thread at a time.
  std::function<bool(randomness::BitSequence&)> more;
};

/// The words of BitSourceOptions::streams: parts of ciphertexts, and the controls encoded, encoded-ntt and pictures.
std::vector<std::string> stream_names();

/// The bytes of a file, most significant bit first. Throws IoError.
BitSource file_source(const std::filesystem::path& file);

/// The same of bytes in memory.
BitSource bytes_source(const NamedBytes& bytes);

/// A network's: a stream of queries each, made as its owner makes them, of test pictures by turn, under a key of their
/// own. Residues become bits by randomness::append_residue. Throws UsageError for a stream that there is not, and what
/// reading and compiling networks and reading data sets throw.
std::vector<BitSource> query_sources(const BitSourceOptions& options, const Notes& note);

/// Pictures that a shield protected, sample after sample: bytes, or real samples as the 32 bits of their floats. Ends
/// with the data set. Throws UsageError for a shield that there is not, and what reading keys and data sets throws.
BitSource shield_source(const BitSourceOptions& options, const Notes& note);

/// All that the options name. Throws UsageError unless they name one kind.
std::vector<BitSource> bit_sources(const BitSourceOptions& options, const Notes& note);

}  // namespace obscura::study
