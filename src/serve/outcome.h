#pragma once

#include <functional>
#include <utility>
#include <variant>

#include "serve/failure.h"

namespace obscura::serve {

/// What a request ends in: a result, or why there is none.
template <typename T>
class Outcome {
 public:
  Outcome(T value) : held_(std::move(value)) {}
  Outcome(Failure failure) : held_(std::move(failure)) {}

  bool ok() const { return held_.index() == 0; }
  T& value() { return std::get<0>(held_); }
  const T& value() const { return std::get<0>(held_); }
  const Failure& failure() const { return std::get<1>(held_); }

 private:
  std::variant<T, Failure> held_;
};

/// Hears an outcome: exactly once, on any thread. It must not block for long.
template <typename T>
using Done = std::function<void(Outcome<T>)>;

}  // namespace obscura::serve
