#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/image.h"
#include "study/images/picture_fit.h"
#include "study/search/records.h"

namespace obscura::study {

/// What the server is shown of a search.
enum class SearchMode {
  plain,          ///< the vector
  blind_features  ///< an encryption of the vector that the client made of its picture
};
enum class FetchMode {
  plain,  ///< which images are wanted
  priv    ///< nothing: see search/fetch_shape.h
};

/// "plain", "blind-features"; "plain", "private". The inverses throw UsageError.
std::string to_string(SearchMode mode);
std::string to_string(FetchMode mode);
SearchMode parse_search_mode(const std::string& text);
FetchMode parse_fetch_mode(const std::string& text);

struct SearchRequest {
  std::filesystem::path gallery, picture, network;
  std::string mode = "blind-features";
  std::string fetch = "private";
  std::size_t top = 5;
  PictureFit fit;
  std::size_t threads = 0;
};

struct SearchHit {
  std::size_t place = 0;   ///< in the gallery
  double distance = 0;     ///< 1 - the cosine of the vectors
  std::string class_name;  ///< empty: it has none
  FoundImage image;
};

struct SearchBytes {
  std::size_t query = 0, reply = 0, keys = 0;  ///< keys: once
  std::size_t hint = 0, fetch = 0;             ///< hint: once; fetch: up and down
};

struct SearchSeconds {
  double prepare = 0;  ///< the gallery read and made ready, keys and hint made: once
  double client = 0, server = 0;
  double total() const { return client + server; }
};

struct SearchResult {
  SearchMode mode = SearchMode::blind_features;
  FetchMode fetch = FetchMode::priv;
  std::string gallery;  ///< id
  std::int64_t gallery_version = 0;
  std::size_t images = 0;
  std::vector<SearchHit> hits;          ///< the nearest first
  std::vector<std::string> server_saw;  ///< a line each
  SearchBytes bytes;
  SearchSeconds seconds;
  std::vector<std::string> notes;  ///< what was done to the picture
  image::Image query;              ///< a thumbnail
};

/// Both sides of one search in this process, with nothing passing between them but what is counted: the client's keys,
/// query and fetches, the server's replies. Throws MismatchError where the network is not the gallery's, UsageError for
/// more than the gallery has, or wishes that cannot be; and as reading pictures, networks and galleries does.
SearchResult search_gallery(const SearchRequest& request, const Notes& note);

/// The picture, and beside it what was found, enlarged.
image::Image search_sheet(const SearchResult& result);

/// The object that docs/cli.md describes.
nlohmann::ordered_json search_json(const SearchResult& result, const std::string& command);

}  // namespace obscura::study
