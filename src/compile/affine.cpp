#include "compile/affine.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"

namespace obscura::compile {
namespace {

using nn::Shape;

std::uint32_t index_of(const Shape& s, std::size_t c, std::size_t y, std::size_t x) {
  return static_cast<std::uint32_t>((c * s.height + y) * s.width + x);
}

/// Calls visit(kernel_y, kernel_x, y, x) for the taps of one output position that fall inside the image.
template <typename Visit>
void for_taps(const Shape& in, const std::array<std::size_t, 2>& kernel, const std::array<std::size_t, 2>& stride,
              const std::array<std::size_t, 2>& dilation, const std::array<std::size_t, 4>& padding, std::size_t oy,
              std::size_t ox, Visit&& visit) {
  for (std::size_t ky = 0; ky < kernel[0]; ++ky) {
    const std::size_t y = oy * stride[0] + ky * dilation[0];
    if (y < padding[0] || y - padding[0] >= in.height) continue;
    for (std::size_t kx = 0; kx < kernel[1]; ++kx) {
      const std::size_t x = ox * stride[1] + kx * dilation[1];
      if (x < padding[1] || x - padding[1] >= in.width) continue;
      visit(ky, kx, y - padding[0], x - padding[1]);
    }
  }
}

AffineMap of_conv(const nn::Conv2d& conv, const Shape& in, const Shape& out) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(out.size()), std::vector<double>(out.size(), 0)};
  const std::size_t group_in = in.channels / conv.groups, group_out = out.channels / conv.groups;
  const std::size_t taps = conv.kernel[0] * conv.kernel[1];
  for (std::size_t o = 0; o < out.channels; ++o) {
    const std::size_t first = o / group_out * group_in;
    for (std::size_t oy = 0; oy < out.height; ++oy) {
      for (std::size_t ox = 0; ox < out.width; ++ox) {
        const std::uint32_t row = index_of(out, o, oy, ox);
        if (!conv.bias.empty()) map.bias[row] = conv.bias[o];
        for (std::size_t i = 0; i < group_in; ++i) {
          for_taps(in, conv.kernel, conv.stride, conv.dilation, conv.padding, oy, ox,
                   [&](std::size_t ky, std::size_t kx, std::size_t y, std::size_t x) {
                     const float w = conv.weights[(o * group_in + i) * taps + ky * conv.kernel[1] + kx];
                     if (w != 0) map.rows[row].push_back({index_of(in, first + i, y, x), w});
                   });
        }
      }
    }
  }
  return map;
}

AffineMap of_pool(const nn::AvgPool& pool, const Shape& in, const Shape& out) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(out.size()), std::vector<double>(out.size(), 0)};
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t oy = 0; oy < out.height; ++oy) {
      for (std::size_t ox = 0; ox < out.width; ++ox) {
        auto& row = map.rows[index_of(out, c, oy, ox)];
        for_taps(in, pool.kernel, pool.stride, {1, 1}, pool.padding, oy, ox,
                 [&](std::size_t, std::size_t, std::size_t y, std::size_t x) {
                   row.push_back({index_of(in, c, y, x), 1});
                 });
        const auto area = pool.count_include_pad ? pool.kernel[0] * pool.kernel[1] : row.size();
        const double share = 1.0 / static_cast<double>(std::max<std::size_t>(area, 1));
        row.change_values([share](double) { return share; });
      }
    }
  }
  return map;
}

AffineMap of_batch_norm(const nn::BatchNorm& norm, const Shape& in) {
  AffineMap map{in.size(), std::vector<AffineMap::Row>(in.size()), std::vector<double>(in.size(), 0)};
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t c = i / (in.height * in.width);
    map.rows[i].push_back({static_cast<std::uint32_t>(i), norm.scale[c]});
    map.bias[i] = norm.shift[c];
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
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t y = 0; y < out.height; ++y) {
      for (std::size_t x = 0; x < out.width; ++x) {
        const auto from_y = nn::pad_source(pad.mode, y, pad.padding[0], in.height);
        const auto from_x = nn::pad_source(pad.mode, x, pad.padding[1], in.width);
        const std::uint32_t row = index_of(out, c, y, x);
        if (from_y && from_x) {
          map.rows[row].push_back({index_of(in, c, *from_y, *from_x), 1});
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
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int32_t source = rearrange.source[r];
    if (source == nn::Rearrange::kFill) {
      map.bias[r] = rearrange.fill;
    } else {
      map.rows[r].push_back({static_cast<std::uint32_t>(source), 1});
    }
  }
  return map;
}

}  // namespace

AffineMap identity_map(std::size_t size) {
  AffineMap map{size, std::vector<AffineMap::Row>(size), std::vector<double>(size, 0)};
  for (std::size_t i = 0; i < size; ++i) map.rows[i].push_back({static_cast<std::uint32_t>(i), 1});
  return map;
}

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

std::vector<double> AffineMap::apply(const std::vector<double>& x) const {
  std::vector<double> y = bias;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const Entry& e : rows[r]) y[r] += e.value * x[e.column];
  }
  return y;
}

double AffineMap::largest() const {
  double most = 0;
  const Row* before = nullptr;
  for (const Row& row : rows) {
    const bool known = before != nullptr && row.shares(*before);
    before = &row;
    if (known) continue;
    for (const Entry& e : row) most = std::max(most, std::abs(e.value));
  }
  return most;
}

std::size_t AffineMap::entries() const {
  std::size_t count = 0;
  for (const auto& row : rows) count += row.size();
  return count;
}

AffineMap affine_of(const nn::Node& node, const Shape& in) {
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) return of_conv(*conv, in, node.shape);
  if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) return of_pool(*pool, in, node.shape);
  if (const auto* norm = std::get_if<nn::BatchNorm>(&node.layer)) return of_batch_norm(*norm, in);
  if (const auto* linear = std::get_if<nn::Linear>(&node.layer)) return of_linear(*linear, in.size());
  if (const auto* pad = std::get_if<nn::Pad>(&node.layer)) return of_pad(*pad, in, node.shape);
  if (const auto* moved = std::get_if<nn::Rearrange>(&node.layer)) return of_rearrange(*moved, in);
  if (std::holds_alternative<nn::Flatten>(node.layer)) return identity_map(in.size());
  throw UnsupportedError("layer " + node.name + " (" + layer_name(node.layer) + ") is not linear");
}

AffineMap compose(const AffineMap& second, const AffineMap& first) {
  AffineMap map{first.columns, {}, second.apply(first.bias)};
  map.rows.resize(second.rows.size());
  std::vector<double> sum(first.columns, 0);
  std::vector<std::uint32_t> touched;
  std::vector<char> seen(first.columns, 0);
  for (std::size_t r = 0; r < second.rows.size(); ++r) {
    touched.clear();
    for (const auto& e : second.rows[r]) {
      for (const auto& f : first.rows[e.column]) {
        if (!seen[f.column]) seen[f.column] = 1, touched.push_back(f.column);
        sum[f.column] += e.value * f.value;
      }
    }
    std::sort(touched.begin(), touched.end());
    for (const std::uint32_t c : touched) {
      if (sum[c] != 0) map.rows[r].push_back({c, sum[c]});
      sum[c] = 0;
      seen[c] = 0;
    }
  }
  return map;
}

AffineMap sum_of(const AffineMap& a, const AffineMap& b) {
  AffineMap map{a.columns, std::vector<AffineMap::Row>(a.rows.size()), a.bias};
  for (std::size_t r = 0; r < a.rows.size(); ++r) {
    map.bias[r] += b.bias[r];
    auto x = a.rows[r].begin(), y = b.rows[r].begin();
    while (x != a.rows[r].end() || y != b.rows[r].end()) {
      const bool take_x = x != a.rows[r].end() && (y == b.rows[r].end() || (*x).column <= (*y).column);
      const bool take_y = y != b.rows[r].end() && (x == a.rows[r].end() || (*y).column <= (*x).column);
      AffineMap::Entry entry{take_x ? (*x).column : (*y).column, (take_x ? (*x).value : 0) + (take_y ? (*y).value : 0)};
      if (entry.value != 0) map.rows[r].push_back(entry);
      if (take_x) ++x;
      if (take_y) ++y;
    }
  }
  return map;
}

}  // namespace obscura::compile
