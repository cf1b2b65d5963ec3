#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "study/evaluate/prepare.h"

namespace obscura::study {

/// How often a picture is encrypted by a policy; the fastest counts, because whatever else a machine does only adds.
inline constexpr std::size_t kEncryptionRepeats = 3;

/// What encrypting one preprocessed picture takes by each policy, on one thread: finding out which chunks are to be
/// encrypted, encoding, encrypting, and writing the query. The policies take turns, picture by picture, so that a busy
/// machine slows all of them. {images, chunks, repeats, policies: [{policy, side_by_side, seconds: [...], encrypted:
/// [...], ciphertexts: [...], bytes: [...]}]}, a number a picture: seconds, chunks encrypted, ciphertexts, bytes.
/// `prepared`: by prepare_plain, of a network of chunks without a policy of its own. Throws as compile::compile.
nlohmann::ordered_json encryption_times_json(const Prepared& prepared);

}  // namespace obscura::study
