#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/file_stream.h"
#include "base/parallel.h"
#include "ckks/wire.h"

/// Files of evaluation keys (ckks/wire.h) that are never whole in memory: they take hundreds of megabytes, of which a
/// few keys are worked on at a time.
namespace obscura::ckks {

/// What evaluation keys say of themselves in their first kKeyIdWithin bytes.
struct EvaluationKeysHead {
  Parameters parameters;
  KeyId key{};
};

/// Unverified: what the whole file has to be read for. Throws FormatError if they are not the start of evaluation keys.
EvaluationKeysHead peek_evaluation_keys(ByteSpan start, std::string_view what = "evaluation keys");

/// Reads the file and expands every key as it comes. Throws as read_evaluation_keys and the constructor of
/// EvaluationKeys, and what the source throws.
EvaluationKeys read_expanded_keys(const Context& context, const ByteSource& source,
                                  std::string_view what = "evaluation keys", ThreadPool* pool = nullptr);

/// Where the parts of a key stand in its bytes.
struct KeyLayout {
  /// Throws ParameterError for limbs that the parameters do not have.
  KeyLayout(const Parameters& parameters, std::size_t limbs);
  std::size_t row(std::size_t digit, std::size_t row) const { return begin[row] + digit * digit_bytes; }
  std::size_t bytes() const { return begin.front() + digits * digit_bytes; }

  std::vector<std::uint64_t> primes;  ///< of the rows
  std::size_t digits = 0;
  std::vector<std::size_t> begin;  ///< of the rows of digit 0
  std::size_t digit_bytes = 0;
};

/// Which keys there are, in the order of the file: element 0 is the relinearisation key.
struct KeyName {
  std::uint64_t element = 0;
  std::size_t limbs = 0;
};
std::vector<KeyName> names_of(const KeyRequest& request);

/// Fills the bytes of a key; called from several threads at once.
using MakeKeyBytes = std::function<void(const KeyName& name, const KeyLayout& layout, std::span<std::uint8_t> bytes)>;

/// The file of the wanted keys, which `make` makes a few at a time. Throws what the sink and `make` throw, and
/// ParameterError for limbs that the context does not have.
void write_made_keys(const Context& context, const KeyId& key, const KeyRequest& request, const MakeKeyBytes& make,
                     const ByteSink& sink, ThreadPool* pool = nullptr);

}  // namespace obscura::ckks
