#include "message/chunked.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace obscura::message {
namespace {

constexpr std::array kPolicies{Policy::whole, Policy::all, Policy::features, Policy::hidden};

}  // namespace

std::string to_string(Policy policy) {
  switch (policy) {
    case Policy::whole:
      return "whole";
    case Policy::all:
      return "all";
    case Policy::features:
      return "features";
    case Policy::hidden:
      break;
  }
  return "hidden";
}

Policy parse_policy(const std::string& text) {
  for (const Policy policy : kPolicies) {
    if (to_string(policy) == text) return policy;
  }
  throw UsageError("a policy is whole, all, features or hidden, not '" + text + "'");
}

std::string policy_text(const Chunked& chunked) {
  switch (chunked.policy) {
    case Policy::whole:
      return "policy whole: all chunks of a picture together";
    case Policy::all:
      return "policy all: every chunk, group by group";
    case Policy::features:
      return fmt::format("policy features: chunks whose {} gradient is above {:g}", to_string(chunked.score),
                         chunked.threshold);
    case Policy::hidden:
      break;
  }
  return fmt::format(
      "policy hidden: the {} chunks of the largest gradients, of every picture as many, which are looked "
      "at alone",
      chunked.cut.kept);
}

std::string disclosure(Policy policy) {
  if (policy != Policy::features) return {};
  return "policy features shows the server every chunk whose gradients are small, and which chunks those are: on the "
         "steel pictures of NEU-CLS that tells the class of half of them (docs/chunks.md); policy hidden shows nothing";
}

std::vector<std::int32_t> ChunkChoice::indices() const {
  std::vector<std::int32_t> signs(encrypted.size() + plain.size());
  for (const std::size_t k : encrypted) signs[k] = static_cast<std::int32_t>(k) + 1;
  for (const std::size_t k : plain) signs[k] = -static_cast<std::int32_t>(k) - 1;
  return signs;
}

ChunkChoice choose_chunks(const Chunked& chunked, std::span<const float> picture, const Preprocessing& how) {
  ChunkChoice choice;
  if (chunked.policy != Policy::features) {
    choice.encrypted = chosen_chunks(chunked.cut, picture, how);
    return choice;
  }
  const auto scores = chunk_scores(chunked.cut, pixels_of(picture, how), chunked.score);
  for (std::size_t k = 0; k < scores.size(); ++k) {
    (scores[k] > chunked.threshold ? choice.encrypted : choice.plain).push_back(k);
  }
  return choice;
}

ChunkChoice choice_of(const Chunking& cut, std::span<const std::int32_t> indices) {
  if (indices.size() != cut.count()) {
    throw FormatError("names " + std::to_string(indices.size()) + " chunks, expected " + std::to_string(cut.count()));
  }
  ChunkChoice choice;
  for (std::size_t k = 0; k < indices.size(); ++k) {
    const auto number = static_cast<std::int32_t>(k) + 1;
    if (indices[k] != number && indices[k] != -number) {
      throw FormatError("has chunk " + std::to_string(indices[k]) + " in place " + std::to_string(number) +
                        ", expected that number or its negative");
    }
    (indices[k] > 0 ? choice.encrypted : choice.plain).push_back(k);
  }
  return choice;
}

}  // namespace obscura::message
