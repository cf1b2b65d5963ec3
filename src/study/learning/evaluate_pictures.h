#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/notes.h"
#include "report/scores.h"
#include "study/shield_key.h"

/// Networks that read pictures in the open, tested on plain and on protected ones, side by side.
namespace obscura::study {

struct PictureEvaluation {
  std::filesystem::path network;  ///< a .safetensors file of `train --network`
  std::filesystem::path plain;    ///< one trained on plain pictures, to compare with; empty: none
  KeyOptions key;                 ///< no file: plain pictures only
  bool per_image = false;
  bool colour = false;     ///< grey images become three equal channels
  std::size_t resize = 0;  ///< pixels a side; 0: as they are
  std::string dataset;
  std::filesystem::path data;
  std::size_t limit = 0;
  std::size_t threads = 1;
  Notes note;
};

/// One network on one kind of pictures.
struct PictureRow {
  std::string network;   ///< "network" or "plain network"
  std::string pictures;  ///< "plain", "protected", ...
  double accuracy = 0;
  report::Interval interval;
  double seconds = 0;
  std::string note;  ///< why there is no accuracy; empty: there is
};

struct PictureComparison {
  std::vector<PictureRow> rows;
  std::size_t images = 0;
  std::string selection;
  std::string majority_class;
  double majority_share = 0;  ///< what naming it always would get right
  std::string promise;        ///< of the shield; empty: none
};

/// Throws UsageError for options without their key, MismatchError for a key or classes of another network, and as
/// reading does.
PictureComparison evaluate_pictures(const PictureEvaluation& evaluation);

/// The object that docs/cli.md describes.
nlohmann::ordered_json comparison_json(const PictureEvaluation& evaluation, const PictureComparison& found);

}  // namespace obscura::study
