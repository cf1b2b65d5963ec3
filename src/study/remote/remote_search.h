#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/notes.h"
#include "study/images/picture_fit.h"
#include "study/remote/remote_query.h"
#include "study/search/search.h"

namespace obscura::study {

struct RemoteSearchRequest {
  std::filesystem::path picture;
  std::optional<image::Image> pixels;  ///< in the place of that file, which is a name for people then
  std::filesystem::path keys;  ///< a folder for the keys of all models and galleries, and what is kept of galleries
  std::string gallery;         ///< empty: the only one
  std::string mode;  ///< blind-features, which is the default, blind, or trusted (THE SERVER SEES THE PICTURE)
  std::filesystem::path network;  ///< of mode blind-features; empty: the one that ships, if it is the gallery's
  std::size_t top = 5;
  PictureFit fit;
  std::size_t threads = 0;
  ckks::Sealing sealing;  ///< of the secret keys in that folder
};

struct RemoteSearch {
  std::string gallery;  ///< its name
  SearchResult result;
  RemoteCost cost;
};

/// Finds pictures like one's own in a gallery of a server that learns neither the picture nor what was found, but for
/// mode trusted. Throws
/// UsageError where there are several galleries and none is named, for a mode that this one does not have, or more than
/// it has; MismatchError for another network than the gallery's, and where its version changes meanwhile; RemoteError,
/// and as reading pictures, networks and files of a search does.
RemoteSearch search_remotely(remote::Remote& remote, const RemoteSearchRequest& request, const Notes& note);

/// The object that docs/cli.md describes.
nlohmann::ordered_json remote_search_json(const RemoteSearch& done, const std::string& server,
                                          const std::string& command);

}  // namespace obscura::study
