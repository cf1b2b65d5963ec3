#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>

#include "compile/compile.h"

/// Options that several verbs have, so that they are called and explained alike.
namespace obscura::cli {

inline constexpr const char* kFiles = "Files";
inline constexpr const char* kOutput = "Output";
inline constexpr const char* kRun = "Run";
inline constexpr const char* kMirroredHelp =
    "Show the network the mirror image (left and right exchanged) beside the picture and take the mean of both "
    "answers: better classes where left and right mean nothing (photos, not digits), for a fuller ciphertext or more "
    "of them";

/// A whole number from 0 on: CLI11 itself would wrap a negative one around.
inline CLI::Validator whole_number() {
  const auto check = [](const std::string& word) {
    const bool digits = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    return digits ? std::string() : "'" + word + "' is not a whole number from 0 on";
  };
  return {check, "", "whole number"};
}

inline void add_json(CLI::App& verb, bool& json) {
  verb.add_flag("--json", json, "Print one JSON object (keys in docs/cli.md)")->group(kOutput);
}

inline CLI::Option* add_network(CLI::App& verb, std::string& network) {
  return verb.add_option("--network", network, "The network, an ONNX file")->required()->group(kFiles);
}

inline CLI::Option* add_mode(CLI::App& verb, std::string& mode) {
  return verb
      .add_option("--mode", mode,
                  "packed: one image a query, lowest latency; batched: thousands of images a query, highest throughput")
      ->check(CLI::IsMember({"packed", "batched"}))
      ->group(kRun);
}

/// `images` becomes 0 for "auto".
inline CLI::Option* add_images_per_ciphertext(CLI::App& verb, std::size_t& images) {
  const auto check = [](const std::string& word) {
    const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos && word != "0";
    return number || word == "auto" ? std::string() : "'" + word + "' is neither auto nor a number from 1 on";
  };
  return verb
      .add_option_function<std::string>(
          "--images-per-ciphertext",
          [&images](const std::string& word) { images = word == "auto" ? 0 : std::stoul(word.substr(0, 9)); },
          "packed: images side by side in the slots of a query, a power of two; auto: as many as make the most images "
          "a second")
      ->check(CLI::Validator(check, "", "auto or a number"))
      ->default_str("1")
      ->group(kRun);
}

inline void add_threads(CLI::App& verb, std::size_t& threads) {
  verb.add_option("--threads", threads, "Threads; 0: as many as the machine has")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group(kRun);
}

inline void add_force(CLI::App& verb, bool& force) {
  verb.add_flag("--force", force, "Replace a file of another kind where an output goes; never an input or a secret key")
      ->group(kOutput);
}

/// The word of --mode, checked by its option.
inline message::Mode mode_of(const std::string& word) {
  return word == "batched" ? message::Mode::batched : message::Mode::packed;
}

}  // namespace obscura::cli
