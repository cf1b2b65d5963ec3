#pragma once

#include <string>

#include "base/error.h"

namespace obscura::search {

/// "read", or what a reader complains of, with its kind before it.
std::string problem(const auto& work) {
  try {
    work();
  } catch (const FormatError& e) {
    return std::string("format: ") + e.what();
  } catch (const MismatchError& e) {
    return std::string("mismatch: ") + e.what();
  }
  return "read";
}

}  // namespace obscura::search
