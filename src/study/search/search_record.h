#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "search/messages.h"
#include "secret/passphrase.h"

namespace obscura::study {

/// What an owner keeps of the last question, for reading its answers: secret, because who has it learns which images
/// were fetched. Its file may be sealed with a passphrase (secret/sealed_file.h); where it is not:
///
///   file    := ckks::Kind::search_record
///   payload := id:32 hex digits version:u64 question:16 #places:u32 (place:u64 distance:f64)... #fetch:u32 fetch
struct SearchRecord {
  search::GalleryVersion gallery;
  search::QuestionId question{};
  std::vector<std::size_t> places;  ///< that were asked for
  std::vector<double> distances;    ///< of those
  std::vector<std::uint8_t> fetch;  ///< search::FetchOwner::secrets; empty: nothing was asked for yet
  friend bool operator==(const SearchRecord&, const SearchRecord&) = default;
};

inline constexpr std::size_t kMostRecordBytes = std::size_t{1} << 20;

/// Readable by the owner only, sealed where `sealing` says so. Throws what ckks::save_secret() and ckks::load_secret()
/// throw; reading FormatError, too.
void write_record_file(const std::filesystem::path& file, const SearchRecord& record, const ckks::Sealing& sealing);
SearchRecord read_record_file(const std::filesystem::path& file, const ckks::PassphraseSource& passphrase);

}  // namespace obscura::study
