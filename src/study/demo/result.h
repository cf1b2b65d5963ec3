#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "image/board.h"
#include "study/demo/input.h"
#include "study/demo/session.h"

namespace obscura::study {

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

  /// One more query: `labels` of its images, and `plain`, the logits of the network on them in the clear.
  void add(const DemoExchange& exchange, std::span<const std::int64_t> labels, std::span<const float> plain);
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

/// A part of the whole, 0 of nothing; images a second, 0 in no time.
double share_of(std::size_t part, std::size_t whole);
double rate_of(std::size_t images, double seconds);

image::Board board_of(const DemoResult& result);
nlohmann::ordered_json json_of(const DemoResult& result);

}  // namespace obscura::study
