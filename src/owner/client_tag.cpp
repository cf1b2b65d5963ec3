#include "owner/client_tag.h"

#include <string_view>

#include "message/messages.h"

namespace obscura::owner {

std::string client_tag(const ckks::SecretKey& key, ckks::ByteSpan client_file) {
  // Longer than any other purpose of a derived seed, which are hashes.
  constexpr std::string_view kPurpose = "client spec of a folder of keys, as keygen wrote it: ";
  ckks::Bytes purpose(kPurpose.begin(), kPurpose.end());
  purpose.insert(purpose.end(), client_file.begin(), client_file.end());
  return message::hex_of(key.derived_seed(purpose));
}

}  // namespace obscura::owner
