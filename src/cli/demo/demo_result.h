#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/demo/demo_input.h"
#include "cli/demo/demo_session.h"
#include "image/board.h"

namespace obscura::cli {

/// One image classified encrypted, beside what the network says of it in the clear.
struct DemoShown {
  DemoDigit digit;
  DemoExchange exchange;
  std::vector<std::pair<std::size_t, double>> top;  ///< the best three classes and their confidences
  std::size_t plain = 0;                            ///< the class of the plain run
  bool agrees() const { return top.front().first == plain; }
  bool right() const { return top.front().first == digit.label; }
};

/// Many images, one a slot.
struct DemoBatch {
  std::size_t images = 0, queries = 0;
  std::size_t right = 0, plain_right = 0, agree = 0;
  double max_logit_error = 0;
  DemoExchange sum;  ///< times and bytes of all queries
};

/// What the layout of a session is and cost.
struct DemoLayout {
  DemoSetup setup;
  ckks::Parameters parameters;
};

struct DemoResult {
  std::string network;
  std::vector<std::string> classes;
  std::size_t threads = 1;
  DemoLayout packed;
  std::vector<DemoShown> shown;
  DemoLayout batched;
  DemoBatch batch;  ///< no images: left out
  std::filesystem::path picture;
};

std::size_t best_class(std::span<const double> logits);
/// Best first.
std::vector<std::pair<std::size_t, double>> best_three(std::span<const double> logits);

/// The bytes that the server saw as a picture of the image's size.
image::Image seen_picture(const DemoShown& shown);

/// For the console: picture and bytes side by side, the answer at their right. Fits 80 columns.
std::string shown_text(const DemoShown& shown, const std::vector<std::string>& classes, Glyphs glyphs);
std::string batch_text(const DemoResult& result);

image::Board board_of(const DemoResult& result);
nlohmann::ordered_json json_of(const DemoResult& result);

}  // namespace obscura::cli
