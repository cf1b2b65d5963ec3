#include "study/search/search_record.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "search/fetch_shape.h"
#include "secret/sealed_file.h"

namespace obscura::study {

void write_record_file(const std::filesystem::path& file, const SearchRecord& record, const ckks::Sealing& sealing) {
  ByteWriter w;
  w.bytes().reserve(record.fetch.size() + 1024);  // what outgrew its memory would leave a copy behind
  const ckks::WipeAtEnd of_payload(w.bytes());
  w.text(record.gallery.id);
  w.u64(static_cast<std::uint64_t>(record.gallery.version));
  w.raw(record.question);
  w.u32(static_cast<std::uint32_t>(record.places.size()));
  for (std::size_t i = 0; i < record.places.size(); ++i) {
    w.u64(record.places[i]);
    w.f64(record.distances[i]);
  }
  w.u32(static_cast<std::uint32_t>(record.fetch.size()));
  w.raw(record.fetch);
  auto bytes = ckks::seal_envelope(ckks::Kind::search_record, {}, w.bytes());
  const ckks::WipeAtEnd of_file(bytes);
  ckks::save_secret(file, ckks::Secret::search_record, bytes, sealing);
}

SearchRecord read_record_file(const std::filesystem::path& file, const ckks::PassphraseSource& passphrase) {
  const auto bytes = ckks::load_secret(file, ckks::Secret::search_record, passphrase, kMostRecordBytes);
  const auto envelope = ckks::open_envelope(bytes, ckks::Kind::search_record, file.string());
  ByteReader r(envelope.payload, file.string());
  SearchRecord record;
  record.gallery.id = r.text(64);
  record.gallery.version = static_cast<std::int64_t>(r.u64());
  std::ranges::copy(r.raw(record.question.size()), record.question.begin());
  const std::size_t places = r.u32();
  if (places > search::kFetchCount) r.fail("has more places than are fetched at a time");
  for (std::size_t i = 0; i < places; ++i) {
    record.places.push_back(r.u64());
    record.distances.push_back(r.f64());
    if (!std::isfinite(record.distances.back())) r.fail("has a distance that is no number");
  }
  const auto fetch = r.raw(r.u32());
  record.fetch.assign(fetch.begin(), fetch.end());
  r.finish();
  return record;
}

}  // namespace obscura::study
