#include "study/audit/bit_source.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"

namespace fs = std::filesystem;

namespace obscura::study {

namespace {

/// `bytes` belong to `owner`.
BitSource source_of(std::string name, std::string how, std::span<const std::uint8_t> bytes,
                    std::shared_ptr<const void> owner) {
  constexpr std::size_t kStep = std::size_t{1} << 17;  // bytes
  return {std::move(name), std::move(how),
          [bytes, owner = std::move(owner), at = std::size_t{0}](randomness::BitSequence& bits) mutable {
            const std::size_t end = std::min(bytes.size(), at + kStep);
            for (std::size_t i = at; i < end; ++i) bits.append(bytes[i], 8);
            return std::exchange(at, end) != end;
          }};
}

}  // namespace

BitSource file_source(const fs::path& file) {
  const auto mapped = std::make_shared<const MappedFile>(file);
  return source_of(file.string(), "the bytes of the file, most significant bit first", mapped->bytes(), mapped);
}

BitSource bytes_source(const NamedBytes& given) {
  return source_of(given.name, "its bytes, most significant bit first", *given.bytes, given.bytes);
}

std::vector<BitSource> bit_sources(const BitSourceOptions& o, const Notes& note) {
  const bool bytes = !o.files.empty() || !o.memory.empty();
  const int kinds = (bytes ? 1 : 0) + (o.network.empty() ? 0 : 1) + (o.shield.empty() && o.key.empty() ? 0 : 1);
  if (kinds != 1) throw UsageError("name what is to be tested: files, or --network, or --shield");
  if (!o.network.empty()) return query_sources(o, note);
  if (!bytes) return {shield_source(o, note)};
  std::vector<BitSource> sources;
  for (const auto& file : o.files) sources.push_back(file_source(file));
  for (const auto& one : o.memory) sources.push_back(bytes_source(one));
  return sources;
}

}  // namespace obscura::study
