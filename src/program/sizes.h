#pragma once

#include "program/program.h"

namespace obscura::program {

/// Bytes, predicted: a query and its reply, the evaluation keys as they travel, and what the server keeps.
struct Sizes {
  double query = 0, reply = 0, keys = 0, server = 0;
};
Sizes sizes(const Program& program);

}  // namespace obscura::program
