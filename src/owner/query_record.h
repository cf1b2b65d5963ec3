#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ckks/wire.h"
#include "message/messages.h"
#include "owner/reading.h"

namespace obscura::owner {

/// What an owner keeps of a query to read its answer: which key, which images, and what was already to be said of them.
struct QueryRecord {
  ckks::KeyId key{};
  message::Ticket ticket;
  struct Image {
    std::string name;     ///< of the file, as it was given
    std::string warning;  ///< why its answer is doubtful whatever it says; empty: nothing is known
  };
  std::vector<Image> images;  ///< in the order of the query; none, or as many as the ticket says
};

/// As a file (ckks::Kind::query_record):
///
///   payload := key_id:16 query_id:16 images:u32 #images:u32 (name:text warning:text)...
ckks::Bytes write_query_record(const QueryRecord& record);
/// Throws FormatError.
QueryRecord read_query_record(ckks::ByteSpan bytes, std::string_view what = "query record");

/// A query that was doubtful before it went has a doubtful answer. `readings`: of its images, in order.
void add_warnings(const QueryRecord& record, std::vector<Reading>& readings);

}  // namespace obscura::owner
