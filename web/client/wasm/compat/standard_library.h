#pragma once
#pragma GCC system_header

// What libc++ 13, emscripten's in Debian 12, lacks of C++20 and the floors below use: included before everything else
// (-include) where they are compiled for WebAssembly. Each behaves as the standard's, as far as it is here; what is not
// here does not compile. Goes when the compiler's library has them.
#include <version>
#if !defined(__cpp_lib_ranges)
#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace std::ranges {

struct same {
  template <typename T>
  constexpr T&& operator()(T&& value) const noexcept {
    return std::forward<T>(value);
  }
};

/// A predicate of one element, behind its projection.
template <typename Predicate, typename Projection>
constexpr auto projected(Predicate& predicate, Projection& projection) {
  return [&](auto&& value) -> bool {
    return std::invoke(predicate, std::invoke(projection, std::forward<decltype(value)>(value)));
  };
}
template <typename Relation, typename Projection>
constexpr auto projected_pair(Relation& relation, Projection& projection) {
  return [&](auto&& a, auto&& b) -> bool {
    return std::invoke(relation, std::invoke(projection, std::forward<decltype(a)>(a)),
                       std::invoke(projection, std::forward<decltype(b)>(b)));
  };
}

template <typename In, typename Out>
struct in_out_result {
  In in;
  Out out;
};

template <typename Range, typename Out>
constexpr auto copy(Range&& range, Out out) {
  const auto end = std::end(range);
  return in_out_result<decltype(std::begin(range)), Out>{end, std::copy(std::begin(range), end, out)};
}
template <typename Range, typename Out>
constexpr auto move(Range&& range, Out out) {
  const auto end = std::end(range);
  return in_out_result<decltype(std::begin(range)), Out>{end, std::move(std::begin(range), end, out)};
}
template <typename Range, typename T>
constexpr void fill(Range&& range, const T& value) {
  std::fill(std::begin(range), std::end(range), value);
}
template <typename Range, typename Out, typename F>
constexpr void transform(Range&& range, Out out, F f) {
  std::transform(std::begin(range), std::end(range), out, [&](auto&& v) { return std::invoke(f, v); });
}
template <typename A, typename B>
constexpr bool equal(A&& a, B&& b) {
  return std::equal(std::begin(a), std::end(a), std::begin(b), std::end(b));
}

template <typename Range, typename P, typename Proj = same>
constexpr bool all_of(Range&& range, P p, Proj proj = {}) {
  return std::all_of(std::begin(range), std::end(range), projected(p, proj));
}
template <typename Range, typename P, typename Proj = same>
constexpr bool any_of(Range&& range, P p, Proj proj = {}) {
  return std::any_of(std::begin(range), std::end(range), projected(p, proj));
}
template <typename Range, typename P, typename Proj = same>
constexpr bool none_of(Range&& range, P p, Proj proj = {}) {
  return std::none_of(std::begin(range), std::end(range), projected(p, proj));
}
template <typename Range, typename P, typename Proj = same>
constexpr auto count_if(Range&& range, P p, Proj proj = {}) {
  return std::count_if(std::begin(range), std::end(range), projected(p, proj));
}
template <typename Range, typename P, typename Proj = same>
constexpr auto find_if(Range&& range, P p, Proj proj = {}) {
  return std::find_if(std::begin(range), std::end(range), projected(p, proj));
}
template <typename Range, typename T, typename Proj = same>
constexpr auto find(Range&& range, const T& value, Proj proj = {}) {
  const auto is = [&](auto&& v) { return v == value; };
  return std::find_if(std::begin(range), std::end(range), projected(is, proj));
}
template <typename Range, typename T>
constexpr auto count(Range&& range, const T& value) {
  return std::count(std::begin(range), std::end(range), value);
}
template <typename Range, typename R = std::equal_to<>, typename Proj = same>
constexpr auto adjacent_find(Range&& range, R relation = {}, Proj proj = {}) {
  return std::adjacent_find(std::begin(range), std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename R = std::less<>, typename Proj = same>
constexpr auto max_element(Range&& range, R relation = {}, Proj proj = {}) {
  return std::max_element(std::begin(range), std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename R = std::less<>, typename Proj = same>
constexpr auto min_element(Range&& range, R relation = {}, Proj proj = {}) {
  return std::min_element(std::begin(range), std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename R = std::less<>, typename Proj = same>
constexpr void sort(Range&& range, R relation = {}, Proj proj = {}) {
  std::sort(std::begin(range), std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename R = std::less<>, typename Proj = same>
constexpr void stable_sort(Range&& range, R relation = {}, Proj proj = {}) {
  std::stable_sort(std::begin(range), std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename Iterator, typename R = std::less<>, typename Proj = same>
constexpr void partial_sort(Range&& range, Iterator middle, R relation = {}, Proj proj = {}) {
  std::partial_sort(std::begin(range), middle, std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename Iterator, typename R = std::less<>, typename Proj = same>
constexpr void nth_element(Range&& range, Iterator nth, R relation = {}, Proj proj = {}) {
  std::nth_element(std::begin(range), nth, std::end(range), projected_pair(relation, proj));
}
template <typename Range, typename T, typename R = std::less<>, typename Proj = same>
constexpr auto lower_bound(Range&& range, const T& value, R relation = {}, Proj proj = {}) {
  return std::lower_bound(std::begin(range), std::end(range), value, [&](auto&& element, const T& wanted) {
    return std::invoke(relation, std::invoke(proj, element), wanted);
  });
}
template <typename Range>
constexpr void reverse(Range&& range) {
  std::reverse(std::begin(range), std::end(range));
}

}  // namespace std::ranges
#endif

#if !defined(__cpp_lib_bit_cast)
namespace std {
template <typename To, typename From>
constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}
}  // namespace std
#endif
