#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

/// What JavaScript asks of this module: one function, ob_call (exports.cpp), takes the number of a call, the number of
/// the object that it is of, and bytes; and leaves bytes behind, or an error. module.js are the other
/// side, and have the same numbers.
namespace obscura::web {

enum class Call : std::uint32_t {
  version = 1,
  hash = 2,
  memory = 3,
  free = 4,
  create_owner = 10,
  open_owner = 11,
  network = 12,
  evaluation_keys = 13,
  encrypt = 14,
  encrypt_values = 15,
  read = 16,
  decryptions = 17,
  files = 18,
  query_of = 19,
  record = 20,
  records = 21,
  remember = 22,
  seal_key = 30,
  unseal_key = 31,
  describe_keys = 32,
  create_fetcher = 40,
  gallery_facts = 41,
  set_hint = 42,
  ask = 43,
  read_fetched = 44,
  nearest = 45,
};

/// Kinds of errors; 0 is none.
enum class Fault : std::uint32_t {
  none = 0,
  format = 1,
  mismatch = 2,
  unsupported = 3,
  parameter = 4,
  usage = 5,
  memory = 6,
  cancelled = 7,
  internal = 8,
};

/// Does one; throws what the floors throw. `object`: of those that create_owner and others gave.
void do_call(Call call, std::uint32_t object, ByteReader& in, ByteWriter& out);

/// Those of owners (the first ones make them, or take files: object 0), and those of private fetching.
void do_owner_call(Call call, std::uint32_t object, ByteReader& in, ByteWriter& out);
void do_fetch_call(Call call, std::uint32_t object, ByteReader& in, ByteWriter& out);

}  // namespace obscura::web
