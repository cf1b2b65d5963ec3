#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "train/recipe.h"

/// What is learnt from, what chooses among epochs, and what a picture counts.
namespace obscura::train {

/// Which of the training pictures are learnt from and which choose the epoch that is kept.
struct HeldBack {
  std::vector<std::int64_t> learn;     ///< in their old order
  std::vector<std::int64_t> validate;  ///< likewise
  std::vector<std::string> notes;      ///< of classes that are too small to give any away
};

/// A share of every class, drawn by the seed alone: `share` of its pictures, but at least three, or a third of them
/// where that is fewer; one of a class of two or three; none of a class of one, which a note names. A share of 0 holds
/// nothing back.
HeldBack hold_back(const std::vector<std::int64_t>& labels, const std::vector<std::string>& classes, double share,
                   std::uint64_t seed);

/// Pictures of each class among those of `index`.
std::vector<std::size_t> class_counts(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& index,
                                      std::size_t classes);

/// What a picture of each class counts in the loss; 1 for a class without pictures.
struct Weighting {
  std::vector<double> weights;     ///< empty: all count alike
  std::vector<std::string> notes;  ///< how unbalanced the classes are, if they are, and what is done
};
Weighting weighting_of(ClassWeights wish, const std::vector<std::size_t>& counts,
                       const std::vector<std::string>& classes);

/// Throws MismatchError that names the classes which only one of them has, or says that their order is another.
/// `what` and `of` name the pictures: "test", "cats".
void check_same_classes(const std::vector<std::string>& training, const std::vector<std::string>& other,
                        const std::string& what, const std::string& of);

}  // namespace obscura::train
