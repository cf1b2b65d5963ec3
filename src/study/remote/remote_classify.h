#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/notes.h"
#include "study/decryption.h"
#include "study/images/picture_fit.h"
#include "study/remote/remote_query.h"

namespace obscura::study {

struct RemoteClassifyRequest {
  std::vector<std::filesystem::path> images;  ///< files, or folders of them
  std::filesystem::path keys;                 ///< a folder for the keys of all models
  std::string model;                          ///< empty: the only one
  PictureFit fit;
  std::size_t threads = 0;
  ckks::Sealing sealing;  ///< of the secret keys in that folder
};

struct RemoteClassification {
  remote::ModelFacts model;
  std::filesystem::path keys;  ///< the folder of this model's
  bool keys_made = false;
  std::size_t queries = 0;
  Decryption decryption;  ///< of all queries, one behind the other
  RemoteCost cost;
};

/// Classifies pictures at a server that does not see them. Throws UsageError where there are several models and none is
/// named, and for one that there is not, with the names of those that there are; and as ask_model and reading pictures
/// do.
RemoteClassification classify_remotely(remote::Remote& remote, const RemoteClassifyRequest& request, const Notes& note);

/// The object that docs/cli.md describes, with `top` classes an image.
nlohmann::ordered_json remote_classification_json(const RemoteClassification& done, const std::string& server,
                                                  std::size_t top);

}  // namespace obscura::study
