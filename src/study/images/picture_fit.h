#pragma once

#include <string>

#include "image/image.h"

/// How pictures are made what a network takes, for the verbs that read pictures for one.
namespace obscura::study {

struct PictureFit {
  std::string fit;      ///< empty: nobody chose, and squashing is said
  bool invert = false;  ///< light and dark change places

  image::Fit chosen() const { return fit.empty() ? image::Fit::stretch : image::parse_fit(fit); }
};

}  // namespace obscura::study
