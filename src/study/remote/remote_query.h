#pragma once

#include <cstddef>
#include <span>

#include "base/notes.h"
#include "study/decryption.h"
#include "study/images/query_images.h"
#include "study/remote/model_keys.h"

namespace obscura::study {

/// What went to a server and came back, and how long it took.
struct RemoteCost {
  std::size_t up = 0, down = 0;  ///< bytes, keys included where they were sent
  double local = 0;              ///< seconds here, without making keys
  double server = 0;             ///< seconds of calls: the server's, and the network's
  double keys = 0;               ///< seconds that making keys took, once
};

/// What a server was asked between two moments.
RemoteCost cost_between(const remote::Traffic& before, const remote::Traffic& after, double seconds, double keys);

/// One query: encrypted and recorded in the folder of keys, answered by the server, read and counted here. Evaluation
/// keys are sent where the server does not know them. `images`: as many as a query takes, or fewer. Throws RemoteError,
/// and as encrypting and decrypting do. Answers that fail their checks are in the result, and say so.
Decryption ask_model(remote::Remote& remote, const remote::ModelFacts& model, const ModelKeys& keys,
                     std::span<const QueryImage> images, ThreadPool& pool, const Notes& note,
                     ckks::Bytes* sent = nullptr);

}  // namespace obscura::study
