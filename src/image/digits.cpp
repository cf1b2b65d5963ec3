#include "image/digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.h"
#include "image/digit_strokes.h"
#include "image/random.h"

namespace obscura::image {
namespace {

constexpr std::size_t kSide = 28;
constexpr double kBox = 20;  // the digit's longer side, pen included
constexpr int kPieces = 8;   // straight pieces a curve segment is drawn with

/// A slow bend of the whole digit: a grid of random displacements, interpolated smoothly, so that strokes that meet
/// still meet.
class Bend {
 public:
  Bend(SplitMix& random, double strength) {
    for (auto& row : grid_) {
      for (Point& p : row) p = {strength * random.normal(), strength * random.normal()};
    }
  }
  Point operator()(Point p) const {
    const double gx = std::clamp(p.x, 0.0, 0.999) * (kCells - 1);
    const double gy = std::clamp(p.y, 0.0, 0.999) * (kCells - 1);
    const auto x = static_cast<std::size_t>(gx), y = static_cast<std::size_t>(gy);
    const double fx = ease(gx - static_cast<double>(x)), fy = ease(gy - static_cast<double>(y));
    const Point top = between(grid_[y][x], grid_[y][x + 1], fx);
    const Point bottom = between(grid_[y + 1][x], grid_[y + 1][x + 1], fx);
    const Point shift = between(top, bottom, fy);
    return {p.x + shift.x, p.y + shift.y};
  }

 private:
  static constexpr std::size_t kCells = 4;
  static double ease(double t) { return t * t * (3 - 2 * t); }
  static Point between(Point a, Point b, double t) { return {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)}; }
  std::array<std::array<Point, kCells>, kCells> grid_;
};

/// Catmull-Rom curve through the points; the ends are repeated.
Stroke curve(const Stroke& points) {
  Stroke out;
  const auto point = [&](std::ptrdiff_t i) {
    return points[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(i, 0, std::ssize(points) - 1))];
  };
  for (std::ptrdiff_t i = 0; i + 1 < std::ssize(points); ++i) {
    const Point a = point(i - 1), b = point(i), c = point(i + 1), d = point(i + 2);
    for (int k = 0; k < kPieces; ++k) {
      const double t = static_cast<double>(k) / kPieces;
      const auto mix = [t](double p, double q, double r, double s) {
        return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
      };
      out.push_back({mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y)});
    }
  }
  out.push_back(points.back());
  return out;
}

/// One writing of the digit in its own box: a pattern, bent and with uncertain stroke ends, slanted and turned.
Strokes write(int digit, SplitMix& random) {
  const auto& patterns = digit_strokes(digit);
  const Strokes& pattern = patterns[random.below(patterns.size())];
  const Bend bend(random, 0.035);
  const double slant = random.between(-0.1, 0.35);
  const double angle = random.between(-0.10, 0.10);
  const double narrow = random.between(0.8, 1.15);
  const double c = std::cos(angle), s = std::sin(angle);
  Strokes strokes;
  for (const Stroke& stroke : pattern) {
    Stroke bent;
    for (const Point& p : stroke) {
      const Point q = bend(p);
      const double x = narrow * q.x - slant * q.y;
      bent.push_back({c * x - s * q.y, s * x + c * q.y});
    }
    for (Point* end : {&bent.front(), &bent.back()}) {
      *end = {end->x + 0.012 * random.normal(), end->y + 0.012 * random.normal()};
    }
    strokes.push_back(curve(bent));
  }
  return strokes;
}

/// Scales the strokes so that their longer side, pen included, fills the box, and puts their middle at 0.
void fit(Strokes& strokes, double pen) {
  Point low{1e9, 1e9}, high{-1e9, -1e9};
  for (const Stroke& stroke : strokes) {
    for (const Point& p : stroke) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  const double scale = (kBox - pen) / std::max(high.x - low.x, high.y - low.y);
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) p = {scale * (p.x - (low.x + high.x) / 2), scale * (p.y - (low.y + high.y) / 2)};
  }
}

double distance_squared(Point p, Point a, Point b) {
  const double ux = b.x - a.x, uy = b.y - a.y;
  const double length = ux * ux + uy * uy;
  const double t = length > 0 ? std::clamp(((p.x - a.x) * ux + (p.y - a.y) * uy) / length, 0.0, 1.0) : 0;
  const double dx = p.x - a.x - t * ux, dy = p.y - a.y - t * uy;
  return dx * dx + dy * dy;
}

using Canvas = std::array<double, kSide * kSide>;

/// Squared distance of every pixel's middle to the nearest stroke, as far as it matters to a pen of `reach`.
Canvas distances(const Strokes& strokes, Point origin, double reach) {
  Canvas canvas;
  canvas.fill(1e9);
  const auto clip = [](double v) { return static_cast<std::size_t>(std::clamp(v, 0.0, double{kSide})); };
  for (const Stroke& stroke : strokes) {
    for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
      const Point a{stroke[i].x + origin.x, stroke[i].y + origin.y};
      const Point b{stroke[i + 1].x + origin.x, stroke[i + 1].y + origin.y};
      for (std::size_t y = clip(std::min(a.y, b.y) - reach); y < clip(std::max(a.y, b.y) + reach + 1); ++y) {
        for (std::size_t x = clip(std::min(a.x, b.x) - reach); x < clip(std::max(a.x, b.x) + reach + 1); ++x) {
          double& best = canvas[y * kSide + x];
          best = std::min(best, distance_squared({static_cast<double>(x), static_cast<double>(y)}, a, b));
        }
      }
    }
  }
  return canvas;
}

/// Ink from 0 to 1: full inside the pen, falling off over `soft` pixels at its edge.
Canvas ink(const Strokes& strokes, Point origin, double pen, double soft) {
  Canvas canvas = distances(strokes, origin, pen / 2 + soft);
  for (double& v : canvas) {
    const double t = std::clamp((pen / 2 + soft / 2 - std::sqrt(v)) / soft, 0.0, 1.0);
    v = t * t * (3 - 2 * t);
  }
  return canvas;
}

Point centre_of_mass(const Canvas& canvas) {
  double mass = 0, x = 0, y = 0;
  for (std::size_t i = 0; i < canvas.size(); ++i) {
    mass += canvas[i];
    x += canvas[i] * static_cast<double>(i % kSide);
    y += canvas[i] * static_cast<double>(i / kSide);
  }
  return {x / mass, y / mass};
}

}  // namespace

Image draw_digit(int digit, std::uint64_t seed) {
  if (digit < 0 || digit > 9) throw ParameterError("a digit is 0 to 9, not " + std::to_string(digit));
  SplitMix random(seed, static_cast<std::uint64_t>(digit));
  const double pen = random.between(1.9, 3.3);
  const double soft = random.between(1.2, 1.8);
  Strokes strokes = write(digit, random);
  fit(strokes, pen);
  // MNIST's centre of mass lies at pixel (14, 14); the first drawing only tells where this one's lies.
  const Point middle{kSide / 2.0, kSide / 2.0};
  const Point mass = centre_of_mass(ink(strokes, middle, pen, soft));
  const Canvas canvas = ink(strokes, {2 * middle.x - mass.x, 2 * middle.y - mass.y}, pen, soft);
  Image image(1, kSide, kSide);
  std::transform(canvas.begin(), canvas.end(), image.pixels.begin(),
                 [](double v) { return static_cast<std::uint8_t>(std::lround(255 * v)); });
  return image;
}

Dataset draw_digit_set(std::size_t count, std::uint64_t seed) {
  Dataset set;
  set.name = "samples";
  for (int d = 0; d < 10; ++d) set.classes.push_back(std::to_string(d));
  set.count = count;
  set.by_turn = true;
  set.channels = 1;
  set.height = set.width = kSide;
  set.images.reserve(count * kSide * kSide);
  for (std::size_t n = 0; n < count; ++n) {
    const Image image = draw_digit(static_cast<int>(n % 10), seed + n / 10);
    set.images.insert(set.images.end(), image.pixels.begin(), image.pixels.end());
    set.labels.push_back(static_cast<std::int64_t>(n % 10));
  }
  return set;
}

}  // namespace obscura::image
