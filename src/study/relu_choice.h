#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"
#include "base/parallel.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "nn/graph.h"

/// What to make of the ReLUs of a network that was not trained for ciphertexts, and what each way costs.
namespace obscura::study {

enum class ReluChoice {
  fitted,     ///< one polynomial a ReLU
  composite,  ///< x (1 + sign x) / 2 with a composite minimax sign
  automatic   ///< both are compiled and compared
};

/// One way, compiled for the user's own network.
struct ReluWay {
  std::string name;          ///< "fitted", "composite" or "quadratic"
  std::string degree;        ///< of the ReLU that takes most: "15", "7 x 15"
  std::size_t levels = 0;    ///< that it takes
  double precision = 0;      ///< bits: log2 of a range over the largest error on it, of the ReLU that has fewest
  std::string refused = {};  ///< why it does not compile; empty: it does, and what follows is known
  int log_degree = 0;
  std::size_t primes = 0;
  double log_qp = 0;
  double seconds = 0;      ///< predicted, of one query on one thread
  double keys = 0;         ///< predicted bytes
  double server = 0;       ///< predicted bytes
  std::size_t agree = 0;   ///< pictures with the class of the original in a simulation of the encrypted run
  double logit_error = 0;  ///< largest difference of a logit there to the original's
};

struct ReluComparison {
  std::vector<ReluWay> ways;  ///< fitted, composite, quadratic
  std::size_t pictures = 0;   ///< that were judged on: none of them is one that ranges were measured on
  std::size_t chosen = 0;     ///< of the ways; the quadratic is never: it is for `convert`
  std::string reason;         ///< for that, a line
  /// The chosen way on other pictures, by which nothing was chosen: how many there were, and how many agree.
  std::size_t fresh = 0, fresh_agree = 0;
};

/// What a way became.
struct ReluCandidate {
  nn::Graph graph;
  compile::FitReport fitted;
  std::optional<program::Program> program;
  program::Magnitudes sizes;  ///< as it was compiled with
};

struct ReluStudy {
  ReluComparison comparison;
  ReluCandidate chosen;
};

/// True if the network has a ReLU (or LeakyReLU, or a sum of some, as ReLU6 is) that a composite can stand for.
bool has_relu(const nn::Graph& graph);

/// Compiles the network three ways and judges each on `unseen` pictures: fitted polynomials, composite signs, and
/// quadratics as `convert` starts from, before it retrains. Of the first two the one with the least predicted seconds
/// is chosen that agrees on 99 % or more, else the one that agrees most. Throws UnsupportedError where neither
/// compiles, with both reasons. The best of several is flattered by the pictures that chose it, so the chosen one is
/// judged once more, on `fresh` ones.
ReluStudy compare_relu(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                       const std::vector<std::vector<float>>& unseen, const std::vector<std::vector<float>>& fresh,
                       const compile::CompileOptions& options, const compile::FitOptions& fitting, ThreadPool& pool,
                       const Notes& note);

/// A table for people, with what was chosen and why.
std::string relu_text(const ReluComparison& comparison);
nlohmann::ordered_json relu_json(const ReluComparison& comparison);

}  // namespace obscura::study
