#pragma once

#include <unistd.h>

#include <utility>

namespace obscura::serve {

/// A file descriptor that is closed when it goes; -1: none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  /// Whose it is from then on.
  int release() { return std::exchange(number_, -1); }
  void reset() { *this = Descriptor(); }

 private:
  int number_ = -1;
};

}  // namespace obscura::serve
