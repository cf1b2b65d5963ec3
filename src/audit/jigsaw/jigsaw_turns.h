#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

/// Internal to src/audit: whole vectors in the plane and the eight maps of the square.
namespace obscura::audit {

struct Vec {
  int y = 0, x = 0;
  friend bool operator==(const Vec&, const Vec&) = default;
};

inline Vec operator+(const Vec& a, const Vec& b) {
  return {a.y + b.y, a.x + b.x};
}
inline Vec operator-(const Vec& a) {
  return {-a.y, -a.x};
}

struct Turn {
  std::array<int, 4> m = {1, 0, 0, 1};
  int determinant() const { return m[0] * m[3] - m[1] * m[2]; }
  Turn inverse() const { return {{m[0], m[2], m[1], m[3]}}; }
};

inline Vec operator*(const Turn& t, const Vec& v) {
  return {t.m[0] * v.y + t.m[1] * v.x, t.m[2] * v.y + t.m[3] * v.x};
}
inline Turn operator*(const Turn& a, const Turn& b) {
  return {{a.m[0] * b.m[0] + a.m[1] * b.m[2], a.m[0] * b.m[1] + a.m[1] * b.m[3], a.m[2] * b.m[0] + a.m[3] * b.m[2],
           a.m[2] * b.m[1] + a.m[3] * b.m[3]}};
}

/// Of sides in clockwise order: top, right, bottom, left.
inline constexpr std::array<Vec, 4> kOutwards = {{{-1, 0}, {0, 1}, {1, 0}, {0, -1}}};

/// No turn first.
inline std::array<Turn, 8> all_turns() {
  std::array<Turn, 8> out;
  for (std::size_t k = 0; k < 8; ++k) {
    const int a = k & 1 ? -1 : 1, b = k & 2 ? -1 : 1;
    out[k] = k & 4 ? Turn{{0, a, b, 0}} : Turn{{a, 0, 0, b}};
  }
  return out;
}

/// The turn that takes `from` to `to` and mirrors or does not.
inline Turn turn_onto(const Vec& from, const Vec& to, int determinant) {
  for (const Turn& t : all_turns()) {
    if (t * from == to && t.determinant() == determinant) return t;
  }
  return {};
}

/// The side of a piece, before it was turned, that now looks in that direction.
inline std::size_t side_towards(const Turn& turn, const Vec& direction) {
  const Vec own = turn.inverse() * direction;
  return static_cast<std::size_t>(std::find(kOutwards.begin(), kOutwards.end(), own) - kOutwards.begin());
}

/// The smallest box around places.
struct Box {
  Vec low{1 << 20, 1 << 20}, high{-(1 << 20), -(1 << 20)};

  void reach(const Vec& v) {
    low = {std::min(low.y, v.y), std::min(low.x, v.x)};
    high = {std::max(high.y, v.y), std::max(high.x, v.x)};
  }
  std::size_t height() const { return static_cast<std::size_t>(high.y - low.y + 1); }
  std::size_t width() const { return static_cast<std::size_t>(high.x - low.x + 1); }
  /// Row after row; of a place inside.
  std::size_t index(const Vec& v) const {
    return static_cast<std::size_t>(v.y - low.y) * width() + static_cast<std::size_t>(v.x - low.x);
  }
  bool holds(const Vec& v) const { return v.y >= low.y && v.y <= high.y && v.x >= low.x && v.x <= high.x; }
};

}  // namespace obscura::audit
