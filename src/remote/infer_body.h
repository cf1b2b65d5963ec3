#pragma once

#include <string>

#include "ckks/wire.h"
#include "remote/http.h"

namespace obscura::remote {

/// The Open Inference Protocol's binary form of a query: a JSON head, then the one input, BYTES [1]: its length as four
/// bytes, little-endian, and the file.
struct InferBody {
  std::string json;
  std::uint8_t length[4];
};
/// Throws UsageError for a query of 4 GiB and more.
InferBody infer_body(ckks::ByteSpan query);

/// The file in an answer's body of that form, or in one that is nothing but the file (Inference-Header-Content-Length:
/// 0). Throws RemoteError, code unexpected, for anything else.
ckks::Bytes read_infer_answer(Response response, const std::string& what);

}  // namespace obscura::remote
