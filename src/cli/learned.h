#pragma once

#include <filesystem>

#include "study/learning/evaluate_pictures.h"
#include "study/shield_key.h"

/// What verbs do with networks for pictures. In the part of the program that has no LibTorch each of these goes on in
/// the one that has (cli/tiers.h).
namespace obscura::cli {

/// How results are given.
struct Printing {
  std::filesystem::path out;  ///< empty: into no file
  bool json = false;
  bool force = false;
};

/// `evaluate` of a .safetensors file.
void evaluate_pictures(const study::PictureEvaluation& evaluation, const Printing& printing);

/// `protect --model`: the network that is written is `printing.out`. Says who must not hold both.
void protect_model(const std::filesystem::path& model, const study::KeyOptions& key, const std::filesystem::path& data,
                   const Printing& printing);

/// `reveal --learned`.
struct RevealArguments {
  std::filesystem::path network, plain, in;
};
void reveal_learned(const RevealArguments& reveal, const Printing& printing);

}  // namespace obscura::cli
