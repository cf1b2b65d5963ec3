#include "study/audit/bit_source.h"

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/mapped_file.h"

namespace fs = std::filesystem;

namespace obscura::study {

BitSource file_source(const fs::path& file) {
  constexpr std::size_t kStep = std::size_t{1} << 17;  // bytes
  const auto mapped = std::make_shared<const MappedFile>(file);
  return {file.string(), "the bytes of the file, most significant bit first",
          [mapped, at = std::size_t{0}](randomness::BitSequence& bits) mutable {
            const auto bytes = mapped->bytes();
            const std::size_t end = std::min(bytes.size(), at + kStep);
            for (std::size_t i = at; i < end; ++i) bits.append(bytes[i], 8);
            return std::exchange(at, end) != end;
          }};
}

std::vector<BitSource> bit_sources(const BitSourceOptions& o, const Notes& note) {
  const int kinds =
      (o.files.empty() ? 0 : 1) + (o.network.empty() ? 0 : 1) + (o.shield.empty() && o.key.empty() ? 0 : 1);
  if (kinds != 1) throw UsageError("name what is to be tested: files, or --network, or --shield");
  if (!o.network.empty()) return query_sources(o, note);
  if (o.files.empty()) return {shield_source(o, note)};
  std::vector<BitSource> sources;
  for (const auto& file : o.files) sources.push_back(file_source(file));
  return sources;
}

}  // namespace obscura::study
