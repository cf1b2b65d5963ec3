#pragma once

#include <string>

#include "ckks/wire.h"
#include "secret/secret_key.h"

namespace obscura::owner {

/// A hash of a client spec's file that only who has the secret key can make, as 64 hex digits: BLAKE2b keyed by what
/// follows from that key. A client spec says which slot is which class and how much noise is noise: who can alter it
/// makes another class of an honest answer, and can mend its checksum, but not this.
std::string client_tag(const ckks::SecretKey& key, ckks::ByteSpan client_file);

}  // namespace obscura::owner
