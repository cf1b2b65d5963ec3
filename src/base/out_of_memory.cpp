#include "base/out_of_memory.h"

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

namespace obscura {

bool is_out_of_memory(const std::exception& error) noexcept {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  constexpr std::array<std::string_view, 3> kWords = {"Insufficient memory", "can't allocate memory",
                                                      "not enough memory"};
  const std::string_view text = error.what();
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return text.find(words) != std::string_view::npos; });
}

}  // namespace obscura
