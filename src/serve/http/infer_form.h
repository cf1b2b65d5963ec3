#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "serve/http/reply.h"
#include "serve/http/request.h"
#include "serve/service.h"

/// Inference requests and replies over HTTP, in the three forms of KServe v2 and its binary tensor extension:
///
///   JSON     inputs carry `data`; of type BYTES strings in base64, with parameters.content_type "base64", because
///   files
///            of Obscura are not UTF-8. Replies likewise
///   binary   the header field Inference-Header-Content-Length says how many bytes of the body are JSON; behind them
///            stand tensors that have parameters.binary_data_size instead of `data`, each element of BYTES behind its
///            length (u32, little-endian). Outputs are binary where parameters.binary_data_output of the request or
///            parameters.binary_data of the output says so
///   raw      Inference-Header-Content-Length is 0: the whole body is the one element of the one input. The reply is
///            binary, or, to who says "Accept: application/octet-stream", raw as well
namespace obscura::serve {

inline constexpr const char* kJsonBytes = "Inference-Header-Content-Length";
/// Of what is not binary in a body with binary tensors, no more is read.
inline constexpr std::size_t kMaxInferJson = std::size_t{1} << 20;

/// How the reply is to be written.
struct InferForm {
  enum class Kind { json, binary, raw } kind = Kind::json;  ///< `binary`: where an output does not say otherwise
  std::map<std::string, bool> binary_outputs;               ///< of those that do
};

struct InferCall {
  InferRequest request;
  InferForm form;
};

/// The value of Inference-Header-Content-Length. Nothing: there is none. Throws Failure, bad_request.
std::optional<std::size_t> json_bytes(const Headers& headers);

/// Of a request to /v2/models/`model`/versions/`version`/infer. Throws Failure: bad_request for what is not one of the
/// three forms, too_large for JSON that is, unsupported for sequences and classification.
InferCall parse_infer(const Headers& headers, std::string model, std::string version, Bytes body);

Reply write_infer(InferReply reply, const InferForm& form);

}  // namespace obscura::serve
