#pragma once

#include <span>
#include <string>
#include <vector>

#include "image/image.h"
#include "shield/shield.h"

namespace obscura::audit {

/// A picture for people of what an attack has got: three rows, plain, protected and recovered, one column an image.
struct AttackSheet {
  std::string title;  ///< ASCII; what does not fit is cut off
  std::string footer;
  std::vector<image::Image> plain;
  std::vector<image::Image> seen;
  std::vector<image::Image> recovered;
};

inline constexpr std::size_t kSheetColumns = 12;

/// The first kSheetColumns images. Throws ParameterError unless each row has as many, one or more.
image::Image draw(const AttackSheet& sheet);

/// What a person sees of a protected picture: bytes as they are, real samples spread over 0 to 255.
image::Image seen(const shield::Picture& picture);

}  // namespace obscura::audit
