#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/notes.h"
#include "search/distances.h"
#include "search/gallery.h"
#include "study/images/picture_fit.h"
#include "study/search/gallery_measures.h"

namespace obscura::study {

/// Which gallery is measured by which queries, and how it is asked.
struct GalleryEvaluationRequest {
  std::filesystem::path gallery;
  std::string network;  ///< that it was indexed with: an ONNX file
  std::string dataset;  ///< its test pictures are the queries
  std::filesystem::path data;
  std::string mode = "plain";  ///< blind or blind-features
  std::string distance;        ///< hamming, cosine or unequal; empty: what suits the vectors
  std::size_t limit = 0;       ///< queries; 0: all
  std::optional<std::uint64_t> seed;
  PictureFit fit;
  std::size_t threads = 0;
  Notes note;
  bool progress = false;
};

struct GalleryEvaluation {
  std::string network, dataset, mode, selection;
  std::size_t limit = 0, threads = 0;
  search::Distance distance = search::Distance::cosine;
  search::GalleryForm form;
  search::GalleryState state;
  GalleryMeasures measures;
  struct Bytes {
    std::size_t query = 0, reply = 0, keys = 0;  ///< the largest; keys: once
  } bytes;
  struct Seconds {
    double client = 0, server = 0, total = 0;  ///< medians over the queries
    double prepare = 0;                        ///< once: the gallery encoded, keys made
  } seconds;
};

/// Asks the gallery for every test picture of a data set, and measures the rankings. Throws UsageError for wishes that
/// cannot be, MismatchError where network or classes are not the gallery's; and as reading pictures, networks and
/// galleries does.
GalleryEvaluation evaluate_gallery(const GalleryEvaluationRequest& request);

/// The object that docs/cli.md describes; and for people.
nlohmann::ordered_json evaluation_json(const GalleryEvaluation& evaluation);
std::string evaluation_text(const GalleryEvaluation& evaluation);

}  // namespace obscura::study
