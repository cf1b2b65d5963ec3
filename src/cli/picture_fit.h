#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/options.h"
#include "image/image.h"

/// How pictures are made what a network takes, for the verbs that read pictures for one.
namespace obscura::cli {

struct PictureFit {
  std::string fit;      ///< empty: nobody chose, and squashing is said
  bool invert = false;  ///< light and dark change places

  image::Fit chosen() const { return fit.empty() ? image::Fit::stretch : image::parse_fit(fit); }
};

inline void add_fit(CLI::App& verb, PictureFit& options) {
  verb.add_option(
          "--fit", options.fit,
          "Where a picture's proportions are not the network's: stretch squashes it (default, with a note), crop "
          "takes its middle, letterbox puts black bars beside it")
      ->check(CLI::IsMember({"stretch", "crop", "letterbox"}))
      ->group(kRun);
  verb.add_flag("--invert", options.invert,
                "Turn light and dark around: for dark strokes on paper and a network that learned light ones on black")
      ->group(kRun);
}

}  // namespace obscura::cli
