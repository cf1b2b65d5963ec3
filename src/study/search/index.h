#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/notes.h"
#include "search/gallery.h"

namespace obscura::study {

struct IndexRequest {
  std::string dataset;  ///< a name, or a folder of pictures: its training pictures are indexed
  std::filesystem::path data;
  std::filesystem::path network;
  std::string vectors;  ///< classes or output (study/search/vectors.h); empty: what suits the network
  std::string fit;      ///< how pictures are made to fit the network (image::Fit); empty: stretched, and said
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
/// time: a run that was stopped is gone on with by the same request. Throws MismatchError where the folder has a
/// gallery of something else, or of other pictures than the first of the set; and as reading pictures and networks
/// does.
Indexed index_gallery(const IndexRequest& request, const Notes& note, bool progress);

/// The object that docs/cli.md describes.
nlohmann::ordered_json indexed_json(const Indexed& indexed, const std::string& command);

}  // namespace obscura::study
