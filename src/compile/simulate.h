#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "compile/compile.h"

namespace obscura::compile {

/// A compiled program in the clear, with the errors that encryption will make: weights are perturbed once as their
/// encoding perturbs them, and every image gets the noise of encryption, key switching and rescaling at the program's
/// own scales. Tells how often the encrypted run will agree with the plain one, and which images leave the range of
/// the modulus, before anything is encrypted. Immutable and thread-safe.
class Simulator {
 public:
  /// Copies the maps of a program that has not been made ready to run yet.
  explicit Simulator(const Program& program, std::uint64_t seed = 1);

  struct Result {
    std::vector<double> logits;
    /// The first stage with a value that the modulus cannot hold at its level and scale: the encrypted answer is noise.
    /// -1: none.
    int overflow = -1;
  };
  /// One preprocessed image, or picture in chunks; the noise follows from the seed and `image`, a number.
  Result run(const std::vector<float>& pixels, std::uint64_t image) const;

 private:
  struct StageErrors {
    double after_map = 0;  ///< standard deviations in units of the value
    double after_activation = 0;
    double map_limit = 0;  ///< largest value before the activation that fits
    double activation_limit = 0;
  };
  void measure(const Program& program);

  using Values = std::vector<std::vector<double>>;
  /// Stages [first, last) behind values that are there.
  void advance(Values& values, std::size_t first, std::size_t last, std::mt19937_64& random, Result& result) const;
  /// What merged chunks are to the stages that read them.
  std::vector<double> merge(const std::vector<float>& picture, std::mt19937_64& random, Result& result) const;

  std::vector<Stage> stages_;
  std::vector<StageErrors> errors_;
  std::optional<program::Merge> merge_;
  std::optional<program::Arrangement> arrangement_;
  message::ClientSpec client_;
  double fresh_ = 0, reply_ = 0;
  double left_ = 0;  ///< see left_error()
  std::uint64_t seed_;
};

}  // namespace obscura::compile
