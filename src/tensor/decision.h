#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace obscura {

/// What a network's file does to its logits at the very end. It is left out of the encrypted program, for whoever
/// decrypts the logits can apply it.
enum class Head {
  none,         ///< nothing: logits
  softmax,      ///< one class of several
  log_softmax,  ///< the same in logarithms
  sigmoid       ///< a yes or no for every output
};

/// Classes that an output of that many logits tells apart: a single logit is a yes or no.
std::size_t class_count(std::size_t outputs);

/// True if the classes do not exclude each other: a sigmoid over several outputs.
bool is_multi_label(std::size_t outputs, Head head);

/// Probabilities of the classes. One logit z: {1 - p, p} with p = 1 / (1 + e^-z). Several under a sigmoid: that of each
/// by itself, which need not sum to 1. Else softmax. Finite for any finite logits; empty for none.
std::vector<double> class_probabilities(std::span<const double> logits, Head head);

/// The most probable class: the largest logit (the first of equal ones), or for one logit class 1 where it is above 0.
std::size_t predicted_class(std::span<const double> logits);
std::size_t predicted_class(std::span<const float> logits);

/// What to call the classes of that many outputs, given the names that a network states (maybe none): numbers where it
/// states none. One output: two names are those of class 0 and 1; one name N makes "not N" and "N".
std::vector<std::string> class_labels(const std::vector<std::string>& names, std::size_t outputs);

}  // namespace obscura
