#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/image.h"
#include "search/distances.h"
#include "search/records.h"
#include "secret/passphrase.h"
#include "study/images/picture_fit.h"

namespace obscura::study {

/// What the server is shown of a search.
enum class SearchMode {
  plain,           ///< the vector
  trusted,         ///< the picture: it is encrypted under the server's own key (trusted.h)
  blind,           ///< an encryption of the picture, on which it runs the network (blind.h)
  blind_features,  ///< an encryption of the vector that the client made of its picture
};
enum class FetchMode {
  plain,  ///< which images are wanted
  priv    ///< nothing: see search/fetch_shape.h
};

/// "plain", "trusted", "blind", "blind-features"; "plain", "private". The inverses throw UsageError.
std::string to_string(SearchMode mode);
std::string to_string(FetchMode mode);
SearchMode parse_search_mode(const std::string& text);
FetchMode parse_fetch_mode(const std::string& text);

struct SearchRequest {
  std::filesystem::path gallery, picture, network;
  std::optional<image::Image> pixels;  ///< in the place of that file, which is a name for people then
  std::string mode = "blind-features";
  std::string fetch;                ///< empty: private, but of mode trusted, whose server sends what it found
  std::filesystem::path encrypted;  ///< the gallery as its owner encrypted it, for mode blind-features; empty: none
  std::filesystem::path secret;     ///< of that owner
  std::size_t top = 5;
  PictureFit fit;
  std::size_t threads = 0;
  ckks::PassphraseSource passphrase;  ///< where that owner's key is sealed
};

/// One of the twelve steps of the RCNN_CKKS protocol (Figure 2 of the paper), and who can read the picture, or what was
/// found, when it is done.
struct TrustedStep {
  std::string side;  ///< "client" or "server"
  std::string what;
  std::string readable;
  double seconds = 0;
};

struct SearchHit {
  std::size_t place = 0;  ///< in the gallery
  double distance = 0;
  std::string class_name;  ///< empty: it has none
  search::FoundImage image;
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
  bool encrypted = false;  ///< the gallery, too; pictures are its owner's own, and are not fetched
  std::string gallery;     ///< id
  std::int64_t gallery_version = 0;
  std::size_t images = 0;
  search::Distance distance = search::Distance::cosine;
  std::vector<SearchHit> hits;          ///< the nearest first
  std::vector<std::string> server_saw;  ///< a line each
  std::vector<TrustedStep> steps;       ///< of mode trusted
  image::Image server_view;             ///< what the server has of the picture, drawn
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
