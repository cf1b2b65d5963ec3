#pragma once

#include <functional>
#include <string>
#include <utility>

namespace obscura {

/// Where lines go that people should know of and that are no errors. What computes says them here; who started it
/// decides whether they are printed. By default nobody listens. As thread-safe as the function that it was made of.
class Notes {
 public:
  Notes() = default;
  explicit Notes(std::function<void(const std::string& line)> hear) : hear_(std::move(hear)) {}

  void operator()(const std::string& line) const {
    if (hear_) hear_(line);
  }

 private:
  std::function<void(const std::string& line)> hear_;
};

}  // namespace obscura
