#include "compile/affine.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"

namespace obscura::compile {
namespace {

std::uint32_t index_of(const Shape& s, std::size_t c, std::size_t y, std::size_t x) {
  return static_cast<std::uint32_t>((c * s.height + y) * s.width + x);
}

/// Rows of windows over an image: one is made for each way in which a window meets the borders, and all others are
/// that one moved along.
class WindowRows {
 public:
  /// Of windows of this kind; what a window at output position (oy, ox) reads begins, borders aside, at
  /// oy stride[0] rows and ox stride[1] columns of the image.
  WindowRows(const Shape& in, const std::array<std::size_t, 2>& kernel, const std::array<std::size_t, 2>& stride,
             const std::array<std::size_t, 2>& dilation, const std::array<std::size_t, 4>& padding)
      : in_(in), kernel_(kernel), stride_(stride), dilation_(dilation), padding_(padding) {}

  /// Calls visit(tap, y, x) for the taps of one window that fall inside the image.
  template <typename Visit>
  void for_taps(std::size_t oy, std::size_t ox, Visit&& visit) const {
    const Span rows = span(0, oy, in_.height), columns = span(1, ox, in_.width);
    for (std::size_t ky = rows.first; ky < rows.last; ++ky) {
      for (std::size_t kx = columns.first; kx < columns.last; ++kx) {
        visit(ky * kernel_[1] + kx, oy * stride_[0] + ky * dilation_[0] - padding_[0],
              ox * stride_[1] + kx * dilation_[1] - padding_[1]);
      }
    }
  }

  /// The row of the window; make() where none of its kind is known. `origin`: columns that all of it is moved by.
  template <typename Make>
  AffineMap::Row at(std::size_t oy, std::size_t ox, std::size_t origin, Make&& make) {
    const Span rows = span(0, oy, in_.height), columns = span(1, ox, in_.width);
    const auto here = static_cast<std::int64_t>(origin + oy * stride_[0] * in_.width + ox * stride_[1]);
    const auto [it, fresh] = known_.try_emplace({rows.first, rows.last, columns.first, columns.last});
    if (fresh) it->second = {make(), here};
    return it->second.row.moved_along(here - it->second.origin);
  }

  void forget() { known_.clear(); }

 private:
  /// Taps [first, last) of an axis are inside.
  struct Span {
    std::size_t first = 0, last = 0;
  };
  struct Known {
    AffineMap::Row row;
    std::int64_t origin = 0;
  };

  Span span(std::size_t axis, std::size_t o, std::size_t side) const {
    Span s;
    const auto place = [&](std::size_t k) { return o * stride_[axis] + k * dilation_[axis]; };
    while (s.first < kernel_[axis] && place(s.first) < padding_[axis]) ++s.first;
    s.last = s.first;
    while (s.last < kernel_[axis] && place(s.last) - padding_[axis] < side) ++s.last;
    return s;
  }

  const Shape& in_;
  std::array<std::size_t, 2> kernel_, stride_, dilation_;
  std::array<std::size_t, 4> padding_;
  std::map<std::array<std::size_t, 4>, Known> known_;
};

AffineMap of_conv(const nn::Conv2d& conv, const Shape& in, const Shape& out) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(out.size()), std::vector<double>(out.size(), 0)};
  const std::size_t group_in = in.channels / conv.groups, group_out = out.channels / conv.groups;
  const std::size_t taps = conv.kernel[0] * conv.kernel[1];
  WindowRows windows(in, conv.kernel, conv.stride, conv.dilation, conv.padding);
  for (std::size_t o = 0; o < out.channels; ++o) {
    const std::size_t first = o / group_out * group_in;
    windows.forget();  // the weights are others
    for (std::size_t oy = 0; oy < out.height; ++oy) {
      for (std::size_t ox = 0; ox < out.width; ++ox) {
        const std::uint32_t row = index_of(out, o, oy, ox);
        if (!conv.bias.empty()) map.bias[row] = conv.bias[o];
        map.rows[row] = windows.at(oy, ox, 0, [&] {
          AffineMap::Row made;
          for (std::size_t i = 0; i < group_in; ++i) {
            windows.for_taps(oy, ox, [&](std::size_t tap, std::size_t y, std::size_t x) {
              const float w = conv.weights[(o * group_in + i) * taps + tap];
              if (w != 0) made.push_back({index_of(in, first + i, y, x), w});
            });
          }
          return made;
        });
      }
    }
  }
  return map;
}

AffineMap of_pool(const nn::AvgPool& pool, const Shape& in, const Shape& out) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(out.size()), std::vector<double>(out.size(), 0)};
  WindowRows windows(in, pool.kernel, pool.stride, {1, 1}, pool.padding);
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t oy = 0; oy < out.height; ++oy) {
      for (std::size_t ox = 0; ox < out.width; ++ox) {
        map.rows[index_of(out, c, oy, ox)] = windows.at(oy, ox, c * in.height * in.width, [&] {
          AffineMap::Row made;
          windows.for_taps(oy, ox, [&](std::size_t, std::size_t y, std::size_t x) {
            made.push_back({index_of(in, c, y, x), 1});
          });
          const auto area = pool.count_include_pad ? pool.kernel[0] * pool.kernel[1] : made.size();
          const double share = 1.0 / static_cast<double>(std::max<std::size_t>(area, 1));
          made.change_values([share](double) { return share; });
          return made;
        });
      }
    }
  }
  return map;
}

AffineMap of_batch_norm(const nn::BatchNorm& norm, const Shape& in) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(in.size()), std::vector<double>(in.size(), 0)};
  const std::size_t plane = in.height * in.width;
  for (std::size_t c = 0; c < in.channels; ++c) {
    const AffineMap::Row scaled{{0, norm.scale[c]}};
    for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) {
      map.rows[i] = scaled.moved_along(static_cast<std::int64_t>(i));
      map.bias[i] = norm.shift[c];
    }
  }
  return map;
}

AffineMap of_linear(const nn::Linear& linear, std::size_t columns) {
  AffineMap map{columns, std::vector<AffineMap::Row>(linear.out_features), std::vector<double>(linear.out_features, 0)};
  for (std::size_t o = 0; o < linear.out_features; ++o) {
    if (!linear.bias.empty()) map.bias[o] = linear.bias[o];
    for (std::size_t i = 0; i < columns; ++i) {
      const float w = linear.weights[o * columns + i];
      if (w != 0) map.rows[o].push_back({static_cast<std::uint32_t>(i), w});
    }
  }
  return map;
}

AffineMap of_pad(const nn::Pad& pad, const Shape& in, const Shape& out) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(out.size()), std::vector<double>(out.size(), 0)};
  const AffineMap::Row one{{0, 1}};
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t y = 0; y < out.height; ++y) {
      for (std::size_t x = 0; x < out.width; ++x) {
        const auto from_y = nn::pad_source(pad.mode, y, pad.padding[0], in.height);
        const auto from_x = nn::pad_source(pad.mode, x, pad.padding[1], in.width);
        const std::uint32_t row = index_of(out, c, y, x);
        if (from_y && from_x) {
          map.rows[row] = one.moved_along(index_of(in, c, *from_y, *from_x));
        } else {
          map.bias[row] = pad.value;
        }
      }
    }
  }
  return map;
}

AffineMap of_rearrange(const nn::Rearrange& rearrange, const Shape& in) {
  const std::size_t rows = rearrange.source.size();
  AffineMap map{in.size(), std::vector<AffineMap::Row>(rows), std::vector<double>(rows, 0)};
  const AffineMap::Row one{{0, 1}};
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int32_t source = rearrange.source[r];
    if (source == nn::Rearrange::kFill) {
      map.bias[r] = rearrange.fill;
    } else {
      map.rows[r] = one.moved_along(source);
    }
  }
  return map;
}

}  // namespace

std::array<std::size_t, 2> grid_stride(const nn::Rearrange& rearrange, const Shape& in) {
  const Shape& out = rearrange.output;
  const std::array<std::size_t, 2> stride{in.height / out.height, in.width / out.width};
  if (stride[0] * out.height != in.height || stride[1] * out.width != in.width) return {1, 1};
  for (std::size_t i = 0; i < rearrange.source.size(); ++i) {
    if (rearrange.source[i] == nn::Rearrange::kFill) continue;
    const auto from = static_cast<std::size_t>(rearrange.source[i]);
    const bool row = from / in.width % in.height / stride[0] == i / out.width % out.height;
    if (!row || from % in.width / stride[1] != i % out.width) return {1, 1};
  }
  return stride;
}

AffineMap affine_of(const nn::Node& node, const Shape& in) {
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) return of_conv(*conv, in, node.shape);
  if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) return of_pool(*pool, in, node.shape);
  if (const auto* norm = std::get_if<nn::BatchNorm>(&node.layer)) return of_batch_norm(*norm, in);
  if (const auto* linear = std::get_if<nn::Linear>(&node.layer)) return of_linear(*linear, in.size());
  if (const auto* pad = std::get_if<nn::Pad>(&node.layer)) return of_pad(*pad, in, node.shape);
  if (const auto* moved = std::get_if<nn::Rearrange>(&node.layer)) return of_rearrange(*moved, in);
  if (std::holds_alternative<nn::Flatten>(node.layer)) return program::identity_map(in.size());
  throw UnsupportedError("layer " + node.name + " (" + layer_name(node.layer) + ") is not linear");
}

}  // namespace obscura::compile
