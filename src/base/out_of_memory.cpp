#include "base/out_of_memory.h"

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

namespace obscura {

bool is_out_of_memory(const std::exception& error) noexcept {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  // The last: a library's thread for whose stack there is no room.
  constexpr std::array<std::string_view, 4> kWords = {"Insufficient memory", "can't allocate memory",
                                                      "not enough memory", "pthread_create has failed"};
  const std::string_view text = error.what();
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return text.find(words) != std::string_view::npos; });
}

}  // namespace obscura
