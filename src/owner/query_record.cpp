#include "owner/query_record.h"

#include <algorithm>

#include "base/bytes.h"

namespace obscura::owner {
namespace {

constexpr std::size_t kLongestText = 4096;

}  // namespace

ckks::Bytes write_query_record(const QueryRecord& record) {
  ByteWriter w;
  w.raw(record.key);
  w.raw(record.ticket.id);
  w.u32(static_cast<std::uint32_t>(record.ticket.images));
  w.u32(static_cast<std::uint32_t>(record.images.size()));
  for (const auto& image : record.images) {
    w.text(image.name.substr(0, kLongestText));
    w.text(image.warning.substr(0, kLongestText));
  }
  return ckks::seal_envelope(ckks::Kind::query_record, {}, w.bytes());
}

QueryRecord read_query_record(ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = ckks::open_envelope(bytes, ckks::Kind::query_record, what);
  ByteReader r(envelope.payload, std::string(what));
  if (envelope.digest != ckks::Digest{}) r.fail("names parameters, and a record has none");
  QueryRecord record;
  std::ranges::copy(r.raw(record.key.size()), record.key.begin());
  std::ranges::copy(r.raw(record.ticket.id.size()), record.ticket.id.begin());
  record.ticket.images = r.u32();
  const std::size_t count = r.u32();
  if (record.ticket.images == 0 || (count != 0 && count != record.ticket.images)) {
    r.fail("names " + std::to_string(count) + " images of " + std::to_string(record.ticket.images));
  }
  if (count > r.left() / 8) r.fail("is truncated");
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = r.text(kLongestText);
    record.images.push_back({std::move(name), r.text(kLongestText)});
  }
  r.finish();
  return record;
}

void add_warnings(const QueryRecord& record, std::vector<Reading>& readings) {
  for (std::size_t i = 0; i < record.images.size() && i < readings.size(); ++i) {
    if (readings[i].trust != Trust::sound || record.images[i].warning.empty()) continue;
    readings[i].trust = Trust::doubtful;
    readings[i].reason = record.images[i].warning;
  }
}

}  // namespace obscura::owner
