#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace obscura::study {

/// Which class of a network every class of a data set is.
struct ClassMatch {
  std::vector<std::size_t> of;  ///< [class of the set]; kNoClass: none, for one without images
  std::vector<std::string> notes;
  static constexpr std::size_t kNoClass = static_cast<std::size_t>(-1);
};

/// By name: the same; else the same but for case, separators (space, '_', '-', '/') and leading zeros, if only one
/// fits. Names that are numbers, of which no network's class is called so, are indices. A network without names takes
/// numbers as indices, else position if the number of classes is the same. Whatever is not plain equality is noted.
/// `images[c]` images are of class c: a class without any needs no match. Throws MismatchError that names what does not
/// match, and what to do.
ClassMatch match_classes(const std::string& set, const std::vector<std::string>& classes,
                         const std::vector<std::size_t>& images, const std::vector<std::string>& network,
                         std::size_t outputs);

}  // namespace obscura::study
