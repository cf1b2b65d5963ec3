#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/notes.h"
#include "image/dataset.h"
#include "search/gallery.h"
#include "study/search/feature_choice.h"

namespace obscura::study {

struct IndexRequest {
  std::string dataset;             ///< a name, or a folder of pictures: its training pictures are indexed
  std::vector<std::string> names;  ///< of the pictures, in their order; none: "SET train NUMBER"
  std::filesystem::path data;
  std::filesystem::path network;
  std::string vectors;     ///< classes, output or features (study/search/vectors.h); empty: what suits the network
  FeatureWishes features;  ///< which of their numbers, and whether as bits
  std::string fit;         ///< how pictures are made to fit the network (image::Fit); empty: stretched, and said
  std::size_t limit = 0;
  std::filesystem::path out;
};

struct Indexed {
  search::GalleryForm form;
  search::GalleryState state;
  std::size_t added = 0;    ///< by this run
  std::size_t resumed = 0;  ///< that an earlier run had added
  double seconds = 0;
  std::uintmax_t bytes = 0;  ///< of the gallery's file
};

/// Puts pictures with their vectors and thumbnails into a gallery, in the order of the data set, some hundred at a
/// time: a run that was stopped is gone on with by the same request. Where features are selected, or bits have
/// thresholds, the features of all pictures are read first, and what was selected is in the gallery before its first
/// picture: whoever goes on keeps it. Throws MismatchError where the folder has a gallery of something else, or of
/// other pictures than the first of the set; and as reading pictures and networks does.
Indexed index_gallery(const IndexRequest& request, const Notes& note, bool progress);

/// The same of pictures in memory, whatever `request.dataset` and `request.limit` say. Throws UsageError for another
/// number of names than of pictures.
Indexed index_gallery(const IndexRequest& request, const image::Dataset& set, const Notes& note, bool progress);

/// Adds pictures to a gallery that is there, behind what it has or where something was removed: all or none. `set`: its
/// classes are those of the gallery, and its labels too, of which -1 is none. `names`: as of a request. Throws
/// MismatchError where the network or the classes are not the gallery's, or a thumbnail is larger than its own are; and
/// as index_gallery.
Indexed add_pictures(const std::filesystem::path& gallery, const std::filesystem::path& network,
                     const image::Dataset& set, std::span<const std::string> names, const std::string& fit,
                     const Notes& note, bool progress);

struct Removed {
  search::GalleryState state;
  std::size_t removed = 0;
};

/// Takes images out of a gallery, all or none. `places`: whole numbers as typed. Throws UsageError for words that are
/// none, and for a place that is named twice or where nothing is.
Removed remove_images(const std::filesystem::path& gallery, const std::vector<std::string>& places);

/// The objects that docs/cli.md describes.
nlohmann::ordered_json indexed_json(const Indexed& indexed, const std::string& command);
nlohmann::ordered_json removed_json(const Removed& removed, const std::string& command);

}  // namespace obscura::study
