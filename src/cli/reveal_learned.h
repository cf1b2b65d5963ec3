#pragma once

#include <cstddef>
#include <filesystem>

namespace obscura::cli {

/// `reveal --learned`: what a network's adaptation makes of protected pictures, without any key.
struct LearnedReveal {
  std::filesystem::path network;
  std::filesystem::path plain;  ///< the originals, where somebody has them to judge by
  std::filesystem::path in;
  std::filesystem::path out;
  bool json = false;
  bool force = false;
};

void reveal_learned(const LearnedReveal& a);

}  // namespace obscura::cli
